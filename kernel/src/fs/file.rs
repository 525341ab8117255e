//! An open file.

use alloc::sync::Arc;
use alloc::vec::Vec;

use blockcache::pages::ReadAhead;
use vfs::FsError;
use vfs::inode::{Contents, InodeKind};

use super::devices::{self, Device};
use super::inode::{Inode, InodeRef};
use super::paged;
use crate::sync::Mutex;

/// An open file, which may be read and written at any place. It is closed when it is dropped.
pub struct File {
    inode: InodeRef,
    is_writable: bool,
    /// How it is read, and so what is read in advance.
    ahead: Mutex<ReadAhead>,
    /// What a generated file said when it was opened.
    snapshot: Option<Vec<u8>>,
    device: Option<Arc<dyn Device>>,
}

impl File {
    /// Opens an inode.
    pub(super) fn open(inode: InodeRef, is_writable: bool) -> Result<Self, FsError> {
        let device = match inode.kind {
            InodeKind::Directory if is_writable => return Err(FsError::IsADirectory),
            InodeKind::CharacterDevice(number) => Some(devices::find(number)?),
            InodeKind::BlockDevice(number) => Some(devices::find(number)?),
            InodeKind::File | InodeKind::Directory => None,
            InodeKind::SymbolicLink | InodeKind::Fifo | InodeKind::Socket => {
                return Err(FsError::NoSuchDevice);
            }
        };
        let is_generated = inode.kind == InodeKind::File && inode.source == Contents::Generated;
        let snapshot = if is_generated { Some(read_generated(&inode)?) } else { None };
        Ok(Self { inode, is_writable, ahead: Mutex::new(ReadAhead::new()), snapshot, device })
    }

    /// The inode behind it.
    pub fn inode(&self) -> &Inode {
        &self.inode
    }

    /// Its size in bytes.
    pub fn size(&self) -> Result<u64, FsError> {
        match (&self.snapshot, self.inode.source) {
            (Some(snapshot), _) => Ok(snapshot.len() as u64),
            (None, Contents::Paged) if self.inode.kind == InodeKind::File => Ok(self.inode.size()),
            _ => Ok(self.inode.mount.lock().attributes(self.inode.id)?.size),
        }
    }

    /// Reads at `offset`; fewer bytes than asked for at the end.
    pub fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, FsError> {
        if let Some(device) = &self.device {
            return device.read(offset, buffer);
        }
        if self.inode.kind == InodeKind::Directory {
            return Err(FsError::IsADirectory);
        }
        if let Some(snapshot) = &self.snapshot {
            let rest = usize::try_from(offset).ok().and_then(|offset| snapshot.get(offset..)).unwrap_or(&[]);
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            return Ok(count);
        }
        match self.inode.source {
            Contents::Paged => {
                // Who reads through one open file from several threads reads ahead for the last of them.
                let mut ahead = *self.ahead.lock();
                let result = paged::read(&self.inode, &mut ahead, offset, buffer);
                *self.ahead.lock() = ahead;
                result
            }
            Contents::Held | Contents::Generated => {
                let _shared = self.inode.contents.read();
                self.inode.mount.lock().read(self.inode.id, offset, buffer)
            }
        }
    }

    /// Writes all of `data` at `offset`; if there is no room for all of it, a part, and the error.
    pub fn write(&self, offset: u64, data: &[u8]) -> Result<(), FsError> {
        let mut done = 0;
        while done < data.len() {
            done += self.write_some(Some(offset + done as u64), &data[done..])?;
        }
        Ok(())
    }

    /// Writes all of `data` at the end, wherever that is by then.
    pub fn append(&self, data: &[u8]) -> Result<(), FsError> {
        let mut done = 0;
        while done < data.len() {
            done += self.write_some(None, &data[done..])?;
        }
        Ok(())
    }

    fn write_some(&self, offset: Option<u64>, data: &[u8]) -> Result<usize, FsError> {
        self.require_writable()?;
        if let Some(device) = &self.device {
            return device.write(offset.unwrap_or(0), data);
        }
        if self.inode.source == Contents::Paged {
            return paged::write(&self.inode, offset, data).map(|(_, count)| count);
        }
        let _alone = self.inode.contents.write();
        let mut file_system = self.inode.mount.change();
        let offset = match offset {
            Some(offset) => offset,
            None => file_system.attributes(self.inode.id)?.size,
        };
        file_system.write(self.inode.id, offset, data)
    }

    /// Cuts or extends to `size` bytes.
    pub fn truncate(&self, size: u64) -> Result<(), FsError> {
        self.require_writable()?;
        if self.device.is_some() {
            return Err(FsError::InvalidInput("a device has no size to set"));
        }
        if self.inode.source == Contents::Paged {
            return paged::resize(&self.inode, size);
        }
        let _alone = self.inode.contents.write();
        self.inode.mount.change().resize(self.inode.id, size)
    }

    /// Returns when what was written is on the disk, with its name.
    pub fn sync(&self) -> Result<(), FsError> {
        self.inode.mount.sync()
    }

    fn require_writable(&self) -> Result<(), FsError> {
        if self.is_writable { Ok(()) } else { Err(FsError::NotPermitted) }
    }
}

/// All of a generated file.
fn read_generated(inode: &InodeRef) -> Result<Vec<u8>, FsError> {
    let mut contents: Vec<u8> = Vec::new();
    loop {
        let start = contents.len();
        contents.try_reserve(4096).map_err(|_| FsError::OutOfMemory)?;
        contents.resize(start + 4096, 0);
        let count = inode.mount.lock().read(inode.id, start as u64, &mut contents[start..])?;
        contents.truncate(start + count);
        if count == 0 {
            return Ok(contents);
        }
    }
}
