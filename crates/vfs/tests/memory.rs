//! Walks, mounts, pipes and generated files while memory runs out at any allocation: an error, and nothing has changed.

#[allow(dead_code, reason = "no pages here")]
mod scarce;

use scarce::with_allocations;
use vfs::FsError;
use vfs::inode::{FileSystem, InodeId, InodeKind, Time};
use vfs::namespace::{Mounts, Spot};
use vfs::path;
use vfs::pipe::{End, Pipe};
use vfs::procfs::{Owner, ProcFs, ProcessFile, ProcessLink, Source, SystemFile, Text};
use vfs::walk::{FollowLast, Last, LinkTarget, Names, Tree, path_of, resolve_place};

/// Does it with more and more memory until it succeeds; says how often it did not. After each failure `check` looks.
fn until_enough<T, S>(
    state: &mut S,
    mut action: impl FnMut(&mut S) -> Result<T, FsError>,
    check: impl Fn(&mut S),
) -> (T, usize) {
    for count in 0.. {
        match with_allocations(count, || action(state)) {
            Err(FsError::OutOfMemory) => check(state),
            result => return (result.unwrap(), count),
        }
    }
    unreachable!("no memory is ever enough")
}

/// Directories in each other, numbered by their depth, with a link in each to where one comes from.
struct Deep;

impl Tree for Deep {
    type Node = u32;

    fn root(&mut self) -> Result<u32, FsError> {
        Ok(0)
    }

    fn kind(&mut self, node: &u32) -> Result<InodeKind, FsError> {
        Ok(if *node >= 1000 { InodeKind::SymbolicLink } else { InodeKind::Directory })
    }

    fn lookup(&mut self, directory: &u32, name: &str) -> Result<u32, FsError> {
        match name {
            "down" => Ok(directory + 1),
            "link" => Ok(directory + 1000),
            _ => Err(FsError::NotFound),
        }
    }

    fn parent(&mut self, directory: &u32) -> Result<u32, FsError> {
        Ok(directory.saturating_sub(1))
    }

    fn read_link(&mut self, _: &u32) -> Result<LinkTarget<u32>, FsError> {
        path::copy("down/down").map(LinkTarget::Path)
    }
}

impl Names for Deep {
    fn is_same(&self, one: &u32, other: &u32) -> bool {
        one == other
    }

    fn name_in(&mut self, _: &u32, _: &u32) -> Result<String, FsError> {
        path::copy("down")
    }
}

#[test]
fn a_walk() {
    let path = "link/link/../down/link/new";
    let walk = |tree: &mut Deep| resolve_place(tree, &0, path, FollowLast::Yes);
    let (place, failures) = until_enough(&mut Deep, walk, |_| ());
    assert_eq!((place.directory, place.last, place.node), (6, Last::Name("new".into()), None));
    assert!(failures >= 5, "{failures}");
    let (name, failures) = until_enough(&mut Deep, |tree| path_of(tree, &3), |_| ());
    assert_eq!(name, "/down/down/down");
    assert!(failures >= 4, "{failures}");
}

#[test]
fn a_mount() {
    let mut mounts = Mounts::new();
    let first = mounts.mount_first(InodeId(1), "first").unwrap();
    for inode in 10..40 {
        let point = Spot { mount: first, inode: InodeId(inode) };
        let count = mounts.iter().count();
        until_enough(
            &mut mounts,
            |mounts| mounts.mount(point, InodeKind::Directory, InodeId(1), "another"),
            |mounts| {
                assert_eq!(mounts.iter().count(), count);
                assert_eq!(mounts.enter(point), point);
            },
        );
        // Taking out needs none.
        let last = mounts.iter().last().unwrap().id;
        if inode % 3 == 0 {
            assert!(with_allocations(0, || mounts.unmount(last, |_| false)).is_ok());
        }
    }
}

#[test]
fn a_pipe() {
    let mut pipe = Pipe::new();
    with_allocations(0, || {
        pipe.open(End::Read);
        pipe.open(End::Write);
    });
    let mut failures = 0;
    let data = [7; 5000];
    while pipe.len() < 65_536 {
        let before = pipe.len();
        let write = |pipe: &mut Pipe| pipe.write(&data);
        failures += until_enough(&mut pipe, write, |pipe| assert_eq!(pipe.len(), before)).1;
    }
    assert_eq!(failures, 4, "it grows from 8 KiB to 64 KiB");
    let mut buffer = [0; 70_000];
    assert_eq!(with_allocations(0, || pipe.read(&mut buffer)), Ok(65_536));
    assert_eq!(with_allocations(0, || pipe.write(&buffer)), Ok(65_536), "what it has it keeps");
}

struct One;

impl Source for One {
    fn caller(&self) -> Option<(u32, u32)> {
        Some((1, 1))
    }

    fn now(&self) -> Time {
        Time::default()
    }

    fn process(&self, process: u32) -> Option<Owner> {
        (process == 1).then_some(Owner { user: 0, group: 0 })
    }

    fn next_process(&self, from: u32) -> Option<u32> {
        (from <= 1).then_some(1)
    }

    fn process_count(&self) -> u32 {
        1
    }

    fn next_thread(&self, _: u32, from: u32) -> Option<u32> {
        (from <= 1).then_some(1)
    }

    fn thread_count(&self, _: u32) -> u32 {
        1
    }

    fn next_descriptor(&self, _: u32, _: u32) -> Option<u32> {
        None
    }

    fn write_system(&self, _: SystemFile, out: &mut Text) -> Result<(), FsError> {
        (0..100).try_for_each(|number| writeln!(out, "line {number}"))
    }

    fn write_process(&self, _: u32, _: Option<u32>, _: ProcessFile, _: &mut Text) -> Result<(), FsError> {
        Ok(())
    }

    fn link(&self, _: u32, _: ProcessLink) -> Result<String, FsError> {
        Err(FsError::NotFound)
    }
}

#[test]
fn a_generated_file() {
    let mut fs = ProcFs::new(One);
    let root = fs.root();
    // Looking around takes none.
    let file = with_allocations(0, || {
        let mut count = 0;
        fs.list(root, 0, &mut |_| {
            count += 1;
            true
        })
        .unwrap();
        assert_eq!(count, 12);
        fs.lookup(root, "version").unwrap()
    });
    let (bytes, failures) = until_enough(&mut fs, |fs| fs.generate(file), |_| ());
    assert!(bytes.ends_with(b"line 98\nline 99\n"));
    assert!(failures > 3, "{failures}");
    let link = fs.lookup(root, "self").unwrap();
    assert_eq!(until_enough(&mut fs, |fs| fs.read_link(link), |_| ()), ("1".into(), 1));
}
