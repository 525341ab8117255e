//! A system around a volume: paths, and a page cache without a cache, which writes contents where `extent` says.

use super::disk::{Disk, clock};
use blockcache::{BlockDevice, SECTOR_SIZE};
use fat::{Fat, Report};
use std::collections::BTreeMap;
use vfs::FsError;
use vfs::inode::{FileSystem, InodeId, InodeKind, NewInode, Replace, list_all};

const SECTOR: u64 = SECTOR_SIZE as u64;

pub struct System {
    pub disk: Disk,
    pub fs: Fat<Disk>,
    /// Whether what does not fit is tried again after a commit, as the kernel does.
    pub commits: bool,
}

/// All files and directories (None) by path.
pub type Tree = BTreeMap<String, Option<Vec<u8>>>;

impl System {
    pub fn mount(disk: &Disk) -> Self {
        Self::mount_with_report(disk).0
    }

    pub fn mount_with_report(disk: &Disk) -> (Self, Report) {
        let (fs, report) = Fat::mount(disk.clone(), clock).unwrap();
        (Self { disk: disk.clone(), fs, commits: true }, report)
    }

    /// The inode at `path`, counted.
    pub fn find(&mut self, path: &str) -> Result<InodeId, FsError> {
        let mut inode = self.fs.root();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let next = self.fs.lookup(inode, name);
            self.forget(inode);
            inode = next?;
        }
        Ok(inode)
    }

    pub fn forget(&mut self, inode: InodeId) {
        if inode != self.fs.root() {
            self.fs.forget(inode);
        }
    }

    /// Does it once more after a commit if that may help.
    fn attempt<T>(
        &mut self,
        mut action: impl FnMut(&mut Fat<Disk>) -> Result<T, FsError>,
    ) -> Result<T, FsError> {
        let result = action(&mut self.fs);
        if matches!(result, Err(FsError::NoSpace)) && self.commits && self.fs.is_changed() {
            self.fs.commit()?;
            return action(&mut self.fs);
        }
        result
    }

    fn parent_of<'a>(&mut self, path: &'a str) -> Result<(InodeId, &'a str), FsError> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        Ok((self.find(parent)?, name))
    }

    pub fn create(&mut self, path: &str, kind: InodeKind) -> Result<InodeId, FsError> {
        let (parent, name) = self.parent_of(path)?;
        let new = NewInode { name, kind, mode: 0o755, user: 0, group: 0 };
        let result = self.attempt(|fs| fs.create(parent, &new));
        self.forget(parent);
        result
    }

    pub fn create_directory(&mut self, path: &str) -> Result<(), FsError> {
        let inode = self.create(path, InodeKind::Directory)?;
        self.forget(inode);
        Ok(())
    }

    pub fn remove(&mut self, path: &str, is_directory: bool) -> Result<(), FsError> {
        let (parent, name) = self.parent_of(path)?;
        let result =
            if is_directory { self.fs.remove_directory(parent, name) } else { self.fs.unlink(parent, name) };
        self.forget(parent);
        result
    }

    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), FsError> {
        let (old, old_name) = self.parent_of(from)?;
        let (new, new_name) = match self.parent_of(to) {
            Ok(found) => found,
            Err(error) => {
                self.forget(old);
                return Err(error);
            }
        };
        let result = self.attempt(|fs| fs.rename(old, old_name, new, new_name, Replace::Allowed));
        self.forget(old);
        self.forget(new);
        result
    }

    pub fn size(&mut self, inode: InodeId) -> u64 {
        self.fs.attributes(inode).unwrap().size
    }

    /// Changes bytes of a file's sectors on the disk.
    fn put(&mut self, inode: InodeId, offset: u64, data: &[u8]) -> Result<(), FsError> {
        let mut offset = offset;
        let mut rest = data;
        while !rest.is_empty() {
            let within = offset % SECTOR;
            let extent = self.fs.extent(inode, offset - within)?;
            assert!(extent.length >= SECTOR && extent.length.is_multiple_of(SECTOR), "{extent:?}");
            let length = (rest.len() as u64).min(extent.length - within);
            let whole = (within + length).next_multiple_of(SECTOR);
            let mut bytes = vec![0; whole as usize];
            if within > 0 || length < whole {
                self.disk.read(extent.device_offset / SECTOR, &mut bytes)?;
            }
            bytes[within as usize..(within + length) as usize].copy_from_slice(&rest[..length as usize]);
            self.disk.write(extent.device_offset / SECTOR, &bytes)?;
            offset += length;
            rest = &rest[length as usize..];
        }
        Ok(())
    }

    /// Sets the size; what is added is zeros.
    pub fn resize(&mut self, inode: InodeId, size: u64) -> Result<(), FsError> {
        let old = self.size(inode);
        self.attempt(|fs| fs.resize(inode, size))?;
        if size > old {
            // Also what lies behind the end of the last sector.
            let zeros = vec![0; (size.next_multiple_of(SECTOR) - old) as usize];
            self.put(inode, old, &zeros)?;
        }
        Ok(())
    }

    pub fn write(&mut self, inode: InodeId, offset: u64, data: &[u8]) -> Result<(), FsError> {
        let end = offset + data.len() as u64;
        if end > self.size(inode) {
            self.resize(inode, end)?;
        } else {
            self.fs.touch(inode)?;
        }
        self.put(inode, offset, data)
    }

    pub fn read(&mut self, inode: InodeId) -> Result<Vec<u8>, FsError> {
        let size = self.size(inode);
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < size {
            let extent = self.fs.extent(inode, bytes.len() as u64)?;
            let start = bytes.len();
            bytes.resize(start + extent.length as usize, 0);
            self.disk.read(extent.device_offset / SECTOR, &mut bytes[start..])?;
        }
        bytes.truncate(size as usize);
        Ok(bytes)
    }

    /// Writes a file as a whole, made new if need be.
    pub fn save(&mut self, path: &str, data: &[u8]) -> Result<(), FsError> {
        let inode = match self.find(path) {
            Err(FsError::NotFound) => self.create(path, InodeKind::File)?,
            found => found?,
        };
        let result = self.fs.resize(inode, 0).and_then(|()| self.write(inode, 0, data));
        self.forget(inode);
        result
    }

    pub fn contents(&mut self, path: &str) -> Result<Vec<u8>, FsError> {
        let inode = self.find(path)?;
        let bytes = self.read(inode);
        self.forget(inode);
        bytes
    }

    pub fn names(&mut self, path: &str) -> Vec<String> {
        let inode = self.find(path).unwrap();
        let listed = list_all(&mut self.fs, inode).unwrap();
        self.forget(inode);
        listed.into_iter().map(|(name, ..)| name).collect()
    }

    /// Everything there is.
    pub fn tree(&mut self) -> Tree {
        let mut tree = Tree::new();
        let mut folders = vec![(String::new(), self.fs.root())];
        while let Some((folder, inode)) = folders.pop() {
            for (name, number, kind) in list_all(&mut self.fs, inode).unwrap() {
                let found = self.fs.lookup(inode, &name).unwrap();
                assert_eq!(found, number, "{folder}/{name} is listed as another inode than it is");
                let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                if kind == InodeKind::Directory {
                    assert_eq!(self.fs.parent(found), Ok(inode));
                    self.forget(inode);
                    tree.insert(path.clone(), None);
                    folders.push((path, found));
                } else {
                    let bytes = self.read(found).unwrap();
                    self.forget(found);
                    tree.insert(path, Some(bytes));
                }
            }
            self.forget(inode);
        }
        tree
    }

    pub fn sync(&mut self) {
        self.fs.commit().unwrap();
        self.fs.rest().unwrap();
        assert!(!self.fs.is_changed());
    }
}
