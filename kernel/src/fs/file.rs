//! An open file.

use alloc::sync::Arc;
use alloc::vec::Vec;

use blockcache::pages::ReadAhead;
use vfs::FsError;
use vfs::inode::{Contents, InodeKind};
use vfs::open::OpenOptions;
use vfs::pipe::End;

use super::devices::{self, Device};
use super::inode::{Inode, InodeRef};
use super::pipe::PipeEnd;
use super::{paged, processes};
use crate::sync::Mutex;

/// An open file, which may be read and written at any place. It is closed when it is dropped.
pub struct File {
    inode: InodeRef,
    is_readable: bool,
    is_writable: bool,
    /// How it is read, and so what is read in advance.
    ahead: Mutex<ReadAhead>,
    /// What a generated file said when it was opened.
    snapshot: Option<Vec<u8>>,
    device: Option<Arc<dyn Device>>,
    /// The ends of a named pipe that were asked for.
    pipe: Option<(Option<PipeEnd>, Option<PipeEnd>)>,
}

impl File {
    /// Opens an inode, after `options` decided that it may be opened. The end of a named pipe waits for the other one.
    pub(super) fn open(inode: InodeRef, options: &OpenOptions) -> Result<Self, FsError> {
        let mut file = Self {
            inode,
            is_readable: options.read,
            is_writable: options.write,
            ahead: Mutex::new(ReadAhead::new()),
            snapshot: None,
            device: None,
            pipe: None,
        };
        if options.place_only {
            return Ok(file);
        }
        match file.inode.kind {
            InodeKind::CharacterDevice(number) | InodeKind::BlockDevice(number) => {
                file.device = Some(devices::open(number)?);
            }
            InodeKind::File if file.inode.source == Contents::Generated => {
                file.snapshot = Some(processes::generate(&file.inode)?);
            }
            InodeKind::File | InodeKind::Directory => {}
            InodeKind::Fifo => file.pipe = Some(open_fifo(&file.inode, options)?),
            InodeKind::SymbolicLink | InodeKind::Socket => return Err(FsError::NoSuchDevice),
        }
        Ok(file)
    }

    /// Whether it is read and written in order, without positions: a pipe, a terminal.
    pub fn is_stream(&self) -> bool {
        match &self.device {
            Some(device) => !device.has_positions(),
            None => self.inode.kind == InodeKind::Fifo,
        }
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
        if !self.is_readable {
            return Err(FsError::NotPermitted);
        }
        if let Some((end, _)) = &self.pipe {
            return end.as_ref().ok_or(FsError::NotPermitted)?.read(buffer);
        }
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
            done += self.write_some(offset + done as u64, &data[done..])?;
        }
        Ok(())
    }

    /// Writes all of `data` at the end, wherever that is by then.
    pub fn append(&self, data: &[u8]) -> Result<(), FsError> {
        let mut done = 0;
        while done < data.len() {
            done += self.append_some(&data[done..])?.1;
        }
        Ok(())
    }

    /// Writes as much of `data` as there is room for at `offset`.
    pub(super) fn write_some(&self, offset: u64, data: &[u8]) -> Result<usize, FsError> {
        self.put(Some(offset), data).map(|(_, count)| count)
    }

    /// Writes as much of `data` as there is room for at the end; says where that was, and how many bytes.
    pub(super) fn append_some(&self, data: &[u8]) -> Result<(u64, usize), FsError> {
        self.put(None, data)
    }

    fn put(&self, offset: Option<u64>, data: &[u8]) -> Result<(u64, usize), FsError> {
        self.require_writable()?;
        if let Some((_, end)) = &self.pipe {
            return end.as_ref().ok_or(FsError::NotPermitted)?.write(data).map(|()| (0, data.len()));
        }
        if let Some(device) = &self.device {
            let offset = offset.unwrap_or(0);
            return device.write(offset, data).map(|count| (offset, count));
        }
        if self.inode.source == Contents::Paged {
            return paged::write(&self.inode, offset, data);
        }
        let _alone = self.inode.contents.write();
        let mut file_system = self.inode.mount.change();
        let offset = match offset {
            Some(offset) => offset,
            None => file_system.attributes(self.inode.id)?.size,
        };
        file_system.write(self.inode.id, offset, data).map(|count| (offset, count))
    }

    /// Cuts or extends to `size` bytes.
    pub fn truncate(&self, size: u64) -> Result<(), FsError> {
        self.require_writable()?;
        self.resize(size)
    }

    /// The same, also for who opened it to be read: emptying is a part of opening.
    pub(super) fn resize(&self, size: u64) -> Result<(), FsError> {
        if self.inode.kind != InodeKind::File {
            return Err(FsError::InvalidInput("only files have a size to set"));
        }
        if self.inode.source == Contents::Paged {
            return paged::resize(&self.inode, size);
        }
        let _alone = self.inode.contents.write();
        self.inode.mount.change().resize(self.inode.id, size)
    }

    /// Returns when what was written is on the disk, with its name.
    pub fn sync(&self) -> Result<(), FsError> {
        self.inode.mount.sync_for_user()
    }

    fn require_writable(&self) -> Result<(), FsError> {
        if self.is_writable { Ok(()) } else { Err(FsError::NotPermitted) }
    }
}

/// The ends of a named pipe that `options` ask for. Who asks for both waits for nobody, as on Linux.
fn open_fifo(inode: &InodeRef, options: &OpenOptions) -> Result<(Option<PipeEnd>, Option<PipeEnd>), FsError> {
    let pipe = inode.fifo()?;
    Ok(match (options.read, options.write) {
        (true, true) => (Some(PipeEnd::take(pipe, End::Read)), Some(PipeEnd::take(pipe, End::Write))),
        (true, false) => (Some(PipeEnd::meet(pipe, End::Read)?), None),
        (false, true) => (None, Some(PipeEnd::meet(pipe, End::Write)?)),
        (false, false) => (None, None),
    })
}
