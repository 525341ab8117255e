//! Walking paths: random worlds against the model, and the rules one by one; the mount table's rules.

#[allow(dead_code, reason = "nobody writes to files here")]
mod decide;
mod random;
mod walk_model;

use fastrand::Rng;
use std::collections::BTreeMap;
use vfs::FsError;
use vfs::inode::{InodeId, InodeKind};
use vfs::namespace::{MountId, Mounts, Spot};
use vfs::walk::{FollowLast, Last, LinkTarget, Tree, resolve, resolve_parent, resolve_place};

#[test]
fn random_paths_in_random_worlds_lead_where_the_model_says() {
    let mut random = Rng::with_seed(0x1234_5678_9abc);
    for _ in 0..1000 {
        let mut world = walk_model::World::any(&mut random);
        for _ in 0..30 {
            walk_model::check(&mut world, &mut random);
        }
    }
}

/// A tree as a table: the path of each thing without links in it, and what it is. A link begins with `->`.
struct Table(BTreeMap<&'static str, &'static str>);

fn table() -> Table {
    Table(BTreeMap::from([
        ("/", "dir"),
        ("/dir", "dir"),
        ("/dir/sub", "dir"),
        ("/dir/file", "file"),
        ("/dir/up", "->../file"),
        ("/file", "file"),
        ("/to-dir", "->dir"),
        ("/to-slash", "->dir/"),
        ("/to-file", "->/file"),
        ("/nowhere", "->dir/new"),
        ("/loop", "->loop"),
        ("/locked", "locked"),
    ]))
}

impl Tree for Table {
    type Node = String;

    fn root(&mut self) -> Result<String, FsError> {
        Ok("/".into())
    }

    fn kind(&mut self, node: &String) -> Result<InodeKind, FsError> {
        Ok(match self.0[node.as_str()] {
            "dir" | "locked" => InodeKind::Directory,
            "file" => InodeKind::File,
            _ => InodeKind::SymbolicLink,
        })
    }

    fn may_search(&mut self, directory: &String) -> Result<(), FsError> {
        if self.0[directory.as_str()] == "locked" { Err(FsError::AccessDenied) } else { Ok(()) }
    }

    fn lookup(&mut self, directory: &String, name: &str) -> Result<String, FsError> {
        let path = format!("{}/{name}", directory.trim_end_matches('/'));
        if self.0.contains_key(path.as_str()) { Ok(path) } else { Err(FsError::NotFound) }
    }

    fn parent(&mut self, directory: &String) -> Result<String, FsError> {
        let end = directory.rfind('/').unwrap().max(1);
        Ok(directory[..end].into())
    }

    fn read_link(&mut self, link: &String) -> Result<LinkTarget<String>, FsError> {
        Ok(LinkTarget::Path(self.0[link.as_str()].trim_start_matches("->").into()))
    }
}

#[test]
fn the_rules_one_by_one() {
    use FsError::{AccessDenied, NameTooLong, NotADirectory, NotFound, TooManyLinks};
    let long = format!("/{}", "x".repeat(256));
    let longest = "/".repeat(4095);
    let too_long = "/".repeat(4096);
    let cases: &[(&str, FollowLast, Result<&str, FsError>)] = &[
        ("", FollowLast::Yes, Err(NotFound)),
        ("/", FollowLast::Yes, Ok("/")),
        (".", FollowLast::Yes, Ok("/dir")),
        ("..", FollowLast::Yes, Ok("/")),
        ("../../..", FollowLast::Yes, Ok("/")),
        ("up", FollowLast::Yes, Ok("/file")),
        ("up", FollowLast::No, Ok("/dir/up")),
        ("/file/", FollowLast::Yes, Err(NotADirectory)),
        ("/file/.", FollowLast::Yes, Err(NotADirectory)),
        ("/file/..", FollowLast::Yes, Err(NotADirectory)),
        ("/to-dir/", FollowLast::No, Ok("/dir")),
        ("/to-dir", FollowLast::No, Ok("/to-dir")),
        ("/to-dir/sub", FollowLast::No, Ok("/dir/sub")),
        ("/to-file/", FollowLast::No, Err(NotADirectory)),
        ("/to-slash/..", FollowLast::Yes, Ok("/")),
        ("/nowhere", FollowLast::Yes, Err(NotFound)),
        ("/nowhere", FollowLast::No, Ok("/nowhere")),
        ("/loop", FollowLast::Yes, Err(TooManyLinks)),
        ("/loop", FollowLast::No, Ok("/loop")),
        ("/locked", FollowLast::Yes, Ok("/locked")),
        ("/locked/x", FollowLast::Yes, Err(AccessDenied)),
        ("/locked/..", FollowLast::Yes, Err(AccessDenied)),
        (&long, FollowLast::Yes, Err(NameTooLong)),
        ("/none/x", FollowLast::Yes, Err(NotFound)),
        (&longest, FollowLast::Yes, Ok("/")),
        (&too_long, FollowLast::Yes, Err(NameTooLong)),
        ("a\0b", FollowLast::Yes, Err(FsError::InvalidName("it contains a NUL character"))),
    ];
    for &(path, follow, expected) in cases {
        let found = resolve(&mut table(), &"/dir".into(), path, follow);
        assert_eq!(found.as_deref().map_err(|error| *error), expected, "{path:.40} {follow:?}");
    }
}

#[test]
fn the_end_of_a_path_is_a_place() {
    let name = |name: &str| Last::Name(name.into());
    for (path, directory, last, trailing_slash) in [
        ("/", "/", Last::Root, false),
        ("new", "/dir", name("new"), false),
        ("new/", "/dir", name("new"), true),
        ("../to-dir/new//", "/dir", name("new"), true),
        ("/to-dir", "/", name("to-dir"), false),
        ("sub/.", "/dir/sub", Last::Dot, false),
        ("sub/../", "/dir/sub", Last::DotDot, true),
    ] {
        let place = resolve_parent(&mut table(), &"/dir".into(), path).unwrap();
        assert_eq!(
            (place.directory.as_str(), place.last, place.trailing_slash),
            (directory, last, trailing_slash),
            "{path}"
        );
    }
    // A link that leads nowhere is the place that it leads to.
    let place = resolve_place(&mut table(), &"/".into(), "nowhere", FollowLast::Yes).unwrap();
    assert_eq!((place.directory.as_str(), place.last, place.node), ("/dir", name("new"), None));
}

/// A chain of links, each to the one before; `l0` is a file.
struct Chain;

impl Tree for Chain {
    type Node = Option<usize>;

    fn root(&mut self) -> Result<Self::Node, FsError> {
        Ok(None)
    }

    fn kind(&mut self, node: &Self::Node) -> Result<InodeKind, FsError> {
        Ok(match node {
            None => InodeKind::Directory,
            Some(0) => InodeKind::File,
            Some(_) => InodeKind::SymbolicLink,
        })
    }

    fn lookup(&mut self, _: &Self::Node, name: &str) -> Result<Self::Node, FsError> {
        Ok(Some(name[1..].parse().unwrap()))
    }

    fn parent(&mut self, _: &Self::Node) -> Result<Self::Node, FsError> {
        Ok(None)
    }

    fn read_link(&mut self, link: &Self::Node) -> Result<LinkTarget<Self::Node>, FsError> {
        Ok(LinkTarget::Path(format!("l{}", link.unwrap() - 1)))
    }
}

#[test]
fn forty_links_are_followed_and_no_more() {
    assert_eq!(resolve(&mut Chain, &None, "l40", FollowLast::Yes), Ok(Some(0)));
    assert_eq!(resolve(&mut Chain, &None, "l41", FollowLast::Yes), Err(FsError::TooManyLinks));
}

fn spot(mount: MountId, inode: u64) -> Spot {
    Spot { mount, inode: InodeId(inode) }
}

#[test]
fn what_is_mounted_covers_and_is_uncovered_again() {
    let mut mounts = Mounts::new();
    assert_eq!(mounts.root(), None);
    let first = mounts.mount_first(InodeId(1), "root").unwrap();
    assert_eq!(mounts.mount_first(InodeId(1), "another"), Err(FsError::Busy));
    let directory = InodeKind::Directory;
    assert_eq!(mounts.mount(spot(first, 9), InodeKind::File, InodeId(1), "x"), Err(FsError::NotADirectory));
    let second = mounts.mount(spot(first, 9), directory, InodeId(2), "second").unwrap();
    assert_eq!(mounts.mount(spot(first, 9), directory, InodeId(1), "x"), Err(FsError::Busy));
    assert!(matches!(
        mounts.mount(spot(MountId(77), 9), directory, InodeId(1), "x"),
        Err(FsError::InvalidInput(_))
    ));
    // On top of the second, and in the third.
    let third = mounts.mount(spot(second, 2), directory, InodeId(3), "third").unwrap();
    let fourth = mounts.mount(spot(third, 5), directory, InodeId(4), "fourth").unwrap();

    assert_eq!(mounts.enter(spot(first, 9)), spot(third, 3));
    assert_eq!(mounts.leave(spot(third, 3)), spot(first, 9));
    assert_eq!(mounts.enter(spot(first, 8)), spot(first, 8));
    assert_eq!(mounts.leave(spot(first, 1)), spot(first, 1));
    assert_eq!(mounts.leave(spot(fourth, 4)), spot(third, 5));
    assert!(mounts.is_mount_point(spot(third, 5)) && !mounts.is_mount_point(spot(third, 6)));
    let listed: Vec<_> = mounts.iter().map(|mount| mount.value).collect();
    assert_eq!(listed, ["root", "second", "third", "fourth"]);

    let nobody = |_: &_| false;
    assert_eq!(mounts.unmount(first, nobody).err(), Some(FsError::Busy));
    assert_eq!(mounts.unmount(third, nobody).err(), Some(FsError::Busy), "the fourth is in it");
    assert_eq!(mounts.unmount(fourth, |_| true).err(), Some(FsError::Busy));
    assert_eq!(mounts.unmount(fourth, nobody).unwrap().point, Some(spot(third, 5)));
    assert!(matches!(mounts.unmount(fourth, nobody), Err(FsError::InvalidInput(_))));
    assert_eq!(mounts.unmount(third, nobody).unwrap().value, "third");
    assert_eq!(mounts.enter(spot(first, 9)), spot(second, 2));
    // On the root of all something can be mounted too; its number is new.
    let over = mounts.mount(spot(first, 1), directory, InodeId(1), "over").unwrap();
    assert!(over > fourth);
    assert_eq!(mounts.root(), Some(spot(over, 1)));
}
