//! Random trees of directories, files, links and mounts, walked by the code and by a model. The model knows no mounts:
//! its tree is what one sees. It takes a path for a queue of parts, in which a trailing slash is one more part, which
//! means the same as `.` (as POSIX says), and a link puts the parts of its target in front.

use super::decide::Decide;
use std::collections::{BTreeMap, VecDeque};
use vfs::FsError;
use vfs::inode::{InodeId, InodeKind};
use vfs::namespace::{MountId, Mounts, Spot};
use vfs::walk::{
    FollowLast, Last, LinkTarget, MAX_LINKS, Names, Tree, path_of, resolve, resolve_parent, resolve_place,
};

enum Thing {
    /// With the directory it lies in, in its own file system.
    Directory(BTreeMap<String, usize>, usize),
    File,
    Link(String),
    /// Leads straight to the root of this file system.
    Magic(usize),
}

/// Several file systems, all of whose things are numbered together, and where they are mounted.
pub struct World {
    things: Vec<Thing>,
    /// By file system: its root and its mount.
    roots: Vec<(usize, MountId)>,
    mounts: Mounts<usize>,
    /// What one sees in place of a directory on which something is mounted.
    covered: BTreeMap<usize, usize>,
    /// What one sees as the parent of each directory, as far as they can be reached.
    parents: BTreeMap<usize, (usize, String)>,
}

const NAMES: [&str; 6] = ["a", "b", "c", "d", "link", "\u{fc}"];

fn kind(thing: &Thing) -> InodeKind {
    match thing {
        Thing::Directory(..) => InodeKind::Directory,
        Thing::File => InodeKind::File,
        Thing::Link(_) | Thing::Magic(_) => InodeKind::SymbolicLink,
    }
}

impl World {
    /// Any.
    pub fn any(decide: &mut impl Decide) -> Self {
        let mut world = Self {
            things: Vec::new(),
            roots: Vec::new(),
            mounts: Mounts::new(),
            covered: BTreeMap::new(),
            parents: BTreeMap::new(),
        };
        for number in 0..1 + decide.below(4) {
            let root = world.things.len();
            world.things.push(Thing::Directory(BTreeMap::new(), root));
            for _ in 0..decide.below(12) {
                world.grow(root, decide);
            }
            let mount = if number == 0 {
                world.mounts.mount_first(InodeId(root as u64), number).unwrap()
            } else {
                // On any directory of those before, or of what was mounted there already: on what one sees of it.
                let directories: Vec<(usize, usize)> = (0..number)
                    .flat_map(|fs| world.directories_of(fs).into_iter().map(move |thing| (fs, thing)))
                    .collect();
                let (fs, thing) = directories[decide.below(directories.len())];
                let spot = Spot { mount: world.roots[fs].1, inode: InodeId(thing as u64) };
                let spot = world.mounts.enter(spot);
                world.covered.insert(spot.inode.0 as usize, root);
                world.mounts.mount(spot, InodeKind::Directory, InodeId(root as u64), number).unwrap()
            };
            world.roots.push((root, mount));
        }
        world.parents.insert(world.seen(0), (world.seen(0), String::new()));
        world.note_parents(world.seen(0));
        world
    }

    /// One more thing somewhere below a root.
    fn grow(&mut self, root: usize, decide: &mut impl Decide) {
        let directories = self.below(root);
        let directory = directories[decide.below(directories.len())];
        let thing = match decide.below(6) {
            0 | 1 => Thing::Directory(BTreeMap::new(), directory),
            2 => Thing::File,
            3 => Thing::Magic(decide.below(3)),
            _ => Thing::Link(any_path(decide)),
        };
        let number = self.things.len();
        if let Thing::Directory(entries, _) = &mut self.things[directory] {
            let name = NAMES[decide.below(NAMES.len())];
            if !entries.contains_key(name) {
                entries.insert(name.into(), number);
                self.things.push(thing);
            }
        }
    }

    fn entries(&self, directory: usize) -> &BTreeMap<String, usize> {
        match &self.things[directory] {
            Thing::Directory(entries, _) => entries,
            _ => panic!("a directory is needed here"),
        }
    }

    fn below(&self, directory: usize) -> Vec<usize> {
        let mut found = vec![directory];
        for &child in self.entries(directory).values() {
            if matches!(self.things[child], Thing::Directory(..)) {
                found.extend(self.below(child));
            }
        }
        found
    }

    fn directories_of(&self, fs: usize) -> Vec<usize> {
        self.below(self.roots[fs].0)
    }

    /// What one sees where this is.
    fn seen(&self, mut thing: usize) -> usize {
        while let Some(&root) = self.covered.get(&thing) {
            thing = root;
        }
        thing
    }

    fn note_parents(&mut self, directory: usize) {
        let children: Vec<(String, usize)> =
            self.entries(directory).iter().map(|(name, child)| (name.clone(), self.seen(*child))).collect();
        for (name, child) in children {
            if matches!(self.things[child], Thing::Directory(..)) {
                self.parents.insert(child, (directory, name));
                self.note_parents(child);
            }
        }
    }

    /// Where a magic link leads: to that file system's root, if one can see it.
    fn magic(&self, fs: usize) -> usize {
        let root = self.roots[fs % self.roots.len()].0;
        if self.parents.contains_key(&root) { root } else { self.seen(0) }
    }

    /// The spot of a thing that one can see.
    fn spot(&self, thing: usize) -> Spot {
        let fs = self.roots.iter().rposition(|(root, _)| *root <= thing).unwrap();
        Spot { mount: self.roots[fs].1, inode: InodeId(thing as u64) }
    }

    /// What the model says: the last directory, the last part, and what it names.
    fn expect(
        &self,
        start: usize,
        path: &str,
        follow: FollowLast,
    ) -> Result<(usize, Option<usize>), FsError> {
        let mut at = start;
        let mut parts = VecDeque::new();
        self.put(&mut at, &mut parts, path)?;
        let mut links = 0;
        let mut directory = at;
        while let Some(part) = parts.pop_front() {
            let Thing::Directory(entries, _) = &self.things[at] else { return Err(FsError::NotADirectory) };
            directory = at;
            let next = match part.as_str() {
                "" | "." => at,
                ".." => self.parents.get(&at).map_or(at, |parent| parent.0),
                name if name.len() > 255 => return Err(FsError::NameTooLong),
                name => match entries.get(name) {
                    Some(&child) => self.seen(child),
                    None if parts.iter().all(String::is_empty) => return Ok((directory, None)),
                    None => return Err(FsError::NotFound),
                },
            };
            if parts.is_empty() && follow == FollowLast::No {
                return Ok((directory, Some(next)));
            }
            let target = match &self.things[next] {
                Thing::Link(target) => Some(target),
                Thing::Magic(fs) => {
                    at = self.magic(*fs);
                    directory = at;
                    None
                }
                _ => {
                    at = next;
                    continue;
                }
            };
            links += 1;
            if links > MAX_LINKS {
                return Err(FsError::TooManyLinks);
            }
            if let Some(target) = target {
                self.put(&mut at, &mut parts, target)?;
                directory = at;
            }
        }
        Ok((directory, Some(at)))
    }

    /// Puts the parts of a path in front of what is to be walked.
    fn put(&self, at: &mut usize, parts: &mut VecDeque<String>, path: &str) -> Result<(), FsError> {
        if path.is_empty() {
            return Err(FsError::NotFound);
        }
        if path.len() > 4095 {
            return Err(FsError::NameTooLong);
        }
        if path.starts_with('/') {
            *at = self.seen(0);
        }
        if path.ends_with('/') {
            parts.push_front(String::new());
        }
        path.split('/').filter(|part| !part.is_empty()).rev().for_each(|part| parts.push_front(part.into()));
        Ok(())
    }
}

impl Tree for World {
    type Node = Spot;

    fn root(&mut self) -> Result<Spot, FsError> {
        Ok(self.mounts.root().unwrap())
    }

    fn kind(&mut self, node: &Spot) -> Result<InodeKind, FsError> {
        Ok(kind(&self.things[node.inode.0 as usize]))
    }

    fn lookup(&mut self, directory: &Spot, name: &str) -> Result<Spot, FsError> {
        assert!(!matches!(name, "" | "." | "..") && !name.contains('/'), "{name:?} is asked for");
        let child = self.entries(directory.inode.0 as usize).get(name).ok_or(FsError::NotFound)?;
        Ok(self.mounts.enter(Spot { mount: directory.mount, inode: InodeId(*child as u64) }))
    }

    fn parent(&mut self, directory: &Spot) -> Result<Spot, FsError> {
        let below = self.mounts.leave(*directory);
        let Thing::Directory(_, parent) = &self.things[below.inode.0 as usize] else {
            return Err(FsError::NotADirectory);
        };
        Ok(self.mounts.enter(Spot { mount: below.mount, inode: InodeId(*parent as u64) }))
    }

    fn read_link(&mut self, link: &Spot) -> Result<LinkTarget<Spot>, FsError> {
        match &self.things[link.inode.0 as usize] {
            Thing::Link(target) => Ok(LinkTarget::Path(target.clone())),
            Thing::Magic(fs) => Ok(LinkTarget::Node(self.spot(self.magic(*fs)))),
            _ => Err(FsError::InvalidInput("no link")),
        }
    }
}

impl Names for World {
    fn is_same(&self, one: &Spot, other: &Spot) -> bool {
        one == other
    }

    fn name_in(&mut self, parent: &Spot, child: &Spot) -> Result<String, FsError> {
        let below = self.mounts.leave(*child).inode.0 as usize;
        let mut entries = self.entries(parent.inode.0 as usize).iter();
        entries.find(|(_, thing)| **thing == below).map(|(name, _)| name.clone()).ok_or(FsError::NotFound)
    }
}

/// A path that may or may not lead somewhere.
pub fn any_path(decide: &mut impl Decide) -> String {
    if decide.below(60) == 0 {
        return ["", "/", "//", &"x".repeat(256), &"./".repeat(2048), &"./".repeat(2047)][decide.below(6)]
            .into();
    }
    let mut path = String::new();
    if decide.below(3) == 0 {
        path.push('/');
    }
    for number in 0..1 + decide.below(5) {
        if number > 0 {
            path.push_str(if decide.below(8) == 0 { "//" } else { "/" });
        }
        path.push_str(match decide.below(10) {
            0 => ".",
            1 | 2 => "..",
            name => NAMES[name % NAMES.len()],
        });
    }
    if decide.below(5) == 0 {
        path.push('/');
    }
    path
}

/// Walks one path, in all ways there are.
pub fn check(world: &mut World, decide: &mut impl Decide) {
    let path = any_path(decide);
    let starts: Vec<usize> = world.parents.keys().copied().collect();
    let start = starts[decide.below(starts.len())];
    let spot = world.spot(start);
    for follow in [FollowLast::Yes, FollowLast::No] {
        let expected = world.expect(start, &path, follow);
        let expected_node = expected.and_then(|(_, node)| node.ok_or(FsError::NotFound));
        let expected_node = expected_node.map(|node| world.spot(node));
        assert_eq!(resolve(world, &spot, &path, follow), expected_node, "{path} {follow:?}");
        let place = resolve_place(world, &spot, &path, follow);
        match (place, expected) {
            (Ok(place), Ok((_, Some(_)))) => assert_eq!(place.node, expected_node.ok()),
            (Ok(place), Ok((directory, None))) => {
                assert_eq!((place.node, place.directory), (None, world.spot(directory)), "{path}");
                assert!(matches!(place.last, Last::Name(_)));
            }
            (place, expected) => assert_eq!(place.err(), expected.err(), "{path}"),
        }
    }
    // The parent and the last part, taken together again, lead to what the whole path leads to.
    if let Ok(place) = resolve_parent(world, &spot, &path) {
        let mut last = match &place.last {
            Last::Name(name) => name.clone(),
            Last::Dot => ".".into(),
            Last::DotDot => "..".into(),
            Last::Root => "/".into(),
        };
        if place.trailing_slash {
            last.push('/');
        }
        assert_eq!(path.ends_with('/') && place.last != Last::Root, place.trailing_slash);
        let together = resolve(world, &place.directory, &last, FollowLast::Yes);
        let whole = resolve(world, &spot, &path, FollowLast::Yes);
        // Links before the last part are not counted again.
        if whole != Err(FsError::TooManyLinks) {
            assert_eq!(together, whole, "{path}");
        }
    }
    let mut name = String::new();
    let mut at = start;
    while at != world.seen(0) {
        let (parent, part) = &world.parents[&at];
        name = format!("/{part}{name}");
        at = *parent;
    }
    let name = if name.is_empty() { "/".into() } else { name };
    assert_eq!(path_of(world, &spot), Ok(name));
}
