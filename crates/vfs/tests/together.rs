//! All parts together, as a kernel joins them: file systems behind locks, nodes that forget their inodes when they are
//! dropped, the mount table, and walks through them.

#[allow(dead_code, reason = "the model of inodes is told by it what to do")]
mod decide;
#[allow(dead_code, reason = "only its pages are of use here")]
mod inode_model;

use inode_model::{HeapPages, noon};
use std::sync::{Arc, Mutex};
use vfs::FsError;
use vfs::inode::{DeviceNumber, FileSystem, InodeId, InodeKind, NewInode, Replace};
use vfs::namespace::{MountId, Mounts, Spot};
use vfs::tmpfs::{Limits, TmpFs};
use vfs::walk::{FollowLast, Last, LinkTarget, Names, Tree, path_of, resolve, resolve_parent, resolve_place};

type Shared = Arc<Mutex<TmpFs<HeapPages>>>;

/// A counted inode.
struct Held {
    fs: Shared,
    spot: Spot,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.fs.lock().unwrap().forget(self.spot.inode);
    }
}

type Node = Arc<Held>;

#[derive(Default)]
struct World {
    mounts: Mounts<(Shared, Option<Node>)>,
}

fn new_fs() -> Shared {
    let limits = Limits { bytes: 1 << 20, inodes: 100 };
    Arc::new(Mutex::new(TmpFs::new(HeapPages(|| true), limits, noon).unwrap()))
}

impl World {
    fn fs(&self, mount: MountId) -> Shared {
        self.mounts.get(mount).unwrap().value.0.clone()
    }

    /// The node for an inode that was counted for it.
    fn counted(&self, mount: MountId, inode: InodeId) -> Node {
        Arc::new(Held { fs: self.fs(mount), spot: Spot { mount, inode } })
    }

    /// What one comes to in a directory that was counted: the root of what is mounted there, counted by being a root.
    fn entered(&self, node: Node) -> Node {
        let spot = self.mounts.enter(node.spot);
        if spot == node.spot { node } else { self.root_of(spot) }
    }

    fn root_of(&self, spot: Spot) -> Node {
        // A root has no other name that it could be counted by, so its own parent counts it.
        let inode = self.fs(spot.mount).lock().unwrap().parent(spot.inode).unwrap();
        self.counted(spot.mount, inode)
    }

    fn mount(&mut self, path: &str) -> MountId {
        let fs = new_fs();
        let root = fs.lock().unwrap().root();
        if path == "/" {
            return self.mounts.mount_first(root, (fs, None)).unwrap();
        }
        let point = self.find(path).unwrap();
        self.mounts.mount(point.spot, InodeKind::Directory, root, (fs, Some(point))).unwrap()
    }

    fn find(&mut self, path: &str) -> Result<Node, FsError> {
        let root = self.root()?;
        resolve(self, &root, path, FollowLast::Yes)
    }

    fn make(&mut self, path: &str, kind: InodeKind) -> Result<Node, FsError> {
        let root = self.root()?;
        let place = resolve_place(self, &root, path, FollowLast::Yes)?;
        let Last::Name(name) = &place.last else { return Err(FsError::AlreadyExists) };
        let new = NewInode { name, kind, mode: 0o755, user: 0, group: 0 };
        let inode = place.directory.fs.lock().unwrap().create(place.directory.spot.inode, &new)?;
        Ok(self.counted(place.directory.spot.mount, inode))
    }

    fn make_link(&mut self, path: &str, target: &str) {
        let root = self.root().unwrap();
        let place = resolve_parent(self, &root, path).unwrap();
        let Last::Name(name) = &place.last else { panic!("{path} has no name") };
        let new = NewInode { name, kind: InodeKind::SymbolicLink, mode: 0o777, user: 0, group: 0 };
        let inode =
            place.directory.fs.lock().unwrap().create_link(place.directory.spot.inode, &new, target).unwrap();
        self.counted(place.directory.spot.mount, inode);
    }
}

impl Tree for World {
    type Node = Node;

    fn root(&mut self) -> Result<Node, FsError> {
        Ok(self.root_of(self.mounts.root().unwrap()))
    }

    fn kind(&mut self, node: &Node) -> Result<InodeKind, FsError> {
        Ok(node.fs.lock().unwrap().attributes(node.spot.inode)?.kind)
    }

    fn lookup(&mut self, directory: &Node, name: &str) -> Result<Node, FsError> {
        let inode = directory.fs.lock().unwrap().lookup(directory.spot.inode, name)?;
        Ok(self.entered(self.counted(directory.spot.mount, inode)))
    }

    fn parent(&mut self, directory: &Node) -> Result<Node, FsError> {
        let below = self.mounts.leave(directory.spot);
        let inode = self.fs(below.mount).lock().unwrap().parent(below.inode)?;
        Ok(self.entered(self.counted(below.mount, inode)))
    }

    fn read_link(&mut self, link: &Node) -> Result<LinkTarget<Node>, FsError> {
        link.fs.lock().unwrap().read_link(link.spot.inode).map(LinkTarget::Path)
    }
}

impl Names for World {
    fn is_same(&self, one: &Node, other: &Node) -> bool {
        one.spot == other.spot
    }

    fn name_in(&mut self, parent: &Node, child: &Node) -> Result<String, FsError> {
        let below = self.mounts.leave(child.spot);
        let mut found = Err(FsError::NotFound);
        parent.fs.lock().unwrap().list(parent.spot.inode, 0, &mut |entry| {
            if entry.inode == below.inode {
                found = Ok(entry.name.into());
            }
            found.is_err()
        })?;
        found
    }
}

#[test]
fn paths_lead_through_mounts_and_links_and_nothing_stays_counted() {
    let mut world = World::default();
    world.mount("/");
    for directory in ["/dev", "/home", "/home/me"] {
        world.make(directory, InodeKind::Directory).unwrap();
    }
    let dev = world.mount("/dev");
    // A device file system is one in memory with device nodes.
    world.make("/dev/null", InodeKind::CharacterDevice(DeviceNumber { major: 1, minor: 3 })).unwrap();
    world.make("/dev/shm", InodeKind::Directory).unwrap();
    let shm = world.mount("/dev/shm");
    world.make_link("/home/me/shared", "../../dev/shm/");
    world.make_link("/dev/shm/new", "/home/me/later");

    let null = world.find("/home/me/shared/../null").unwrap();
    assert_eq!(null.spot.mount, dev);
    let shared = world.find("/home/me/shared").unwrap();
    assert_eq!((shared.spot.mount, path_of(&mut world, &shared)), (shm, Ok("/dev/shm".into())));
    let made = world.make("/home/me/shared/new", InodeKind::File).unwrap();
    let later = world.find("/home/me/later").unwrap();
    assert_eq!(made.spot, later.spot, "who creates through a link makes what it leads to");

    // A directory that was removed while somebody is in it has no path, and takes nothing in.
    let gone = world.make("/home/gone", InodeKind::Directory).unwrap();
    let home = world.find("/home").unwrap();
    home.fs.lock().unwrap().remove_directory(home.spot.inode, "gone").unwrap();
    assert_eq!(path_of(&mut world, &gone), Err(FsError::NotFound));
    assert_eq!(resolve(&mut world, &gone, "..", FollowLast::Yes).err(), Some(FsError::NotFound));

    // Renamed, it is elsewhere at once for everybody.
    let me = world.find("/home/me").unwrap();
    home.fs.lock().unwrap().rename(home.spot.inode, "me", home.spot.inode, "you", Replace::Never).unwrap();
    assert_eq!(path_of(&mut world, &me), Ok("/home/you".into()));

    // When all nodes are dropped and all names removed, every file system is as new.
    drop((null, shared, made, later, gone, me, home));
    assert_eq!(world.mounts.unmount(dev, |_| false).err(), Some(FsError::Busy));
    let (fs, _) = world.mounts.unmount(shm, |_| false).unwrap().value;
    let root = fs.lock().unwrap().root();
    fs.lock().unwrap().unlink(root, "new").unwrap();
    assert_eq!(fs.lock().unwrap().room(), new_fs().lock().unwrap().room());
    drop(world.mounts.unmount(dev, |_| false).unwrap());
    let mut remove = |directory: &str, name: &str| {
        let node = world.find(directory).unwrap();
        let mut fs = node.fs.lock().unwrap();
        fs.unlink(node.spot.inode, name).or_else(|_| fs.remove_directory(node.spot.inode, name)).unwrap();
    };
    remove("/home/you", "shared");
    remove("/home/you", "later");
    remove("/home", "you");
    remove("/", "home");
    remove("/", "dev");
    let root = world.root().unwrap();
    assert_eq!(root.fs.lock().unwrap().room(), new_fs().lock().unwrap().room());
}
