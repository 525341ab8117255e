//! The calls of the file system about processes. All that would change something is refused.

use super::node::{MAX_NUMBER, Node, ProcessLink, ROOT_NODE, What};
use super::{Owner, ProcFs, Source};
use crate::inode::{
    AttributeChange, Attributes, Contents, Extent, FileSystem, InodeId, InodeKind, Listed, NewInode, Replace,
    Room,
};
use crate::{FsError, path};
use alloc::string::String;
use core::fmt::Write;

/// Cursors of entries with a number for their name begin here; those below are places in the table of what is always
/// there.
const NUMBERED: u64 = 256;

impl<S: Source> ProcFs<S> {
    fn directory(&self, inode: InodeId) -> Result<(Node, What), FsError> {
        self.find(inode).and_then(|(node, what)| {
            if what.is_directory() { Ok((node, what)) } else { Err(FsError::NotADirectory) }
        })
    }

    /// The lowest number from `from` on that is a name in a directory.
    fn next_number(&self, node: Node, what: What, from: u32) -> Option<u32> {
        let number = match what {
            What::Root => self.source.next_process(from.max(1)),
            What::Threads => self.source.next_thread(node.process, from.max(1)),
            What::Descriptors => self.source.next_descriptor(node.process, from),
            _ => None,
        };
        number.filter(|&number| number <= MAX_NUMBER)
    }
}

impl<S: Source> FileSystem for ProcFs<S> {
    fn kind(&self) -> &'static str {
        "proc"
    }

    fn root(&self) -> InodeId {
        ROOT_NODE.id()
    }

    fn attributes(&mut self, inode: InodeId) -> Result<Attributes, FsError> {
        let (node, what) = self.find(inode)?;
        let nobody = Owner { user: 0, group: 0 };
        let owner = match node.process {
            0 => nobody,
            process => self.source.process(process).ok_or(FsError::NotFound)?,
        };
        let links = match what {
            What::Root => 2 + self.source.process_count(),
            What::Process => 4,
            What::Threads => 2 + self.source.thread_count(node.process),
            What::Thread | What::Descriptors => 2,
            _ => 1,
        };
        let mode = match what {
            What::Descriptors => 0o500,
            _ if what.is_directory() => 0o555,
            What::Descriptor => 0o700,
            _ if what.kind() == InodeKind::SymbolicLink => 0o777,
            _ => 0o444,
        };
        let now = self.source.now();
        Ok(Attributes {
            kind: what.kind(),
            mode,
            user: owner.user,
            group: owner.group,
            links,
            size: 0,
            blocks: 0,
            accessed: now,
            modified: now,
            changed: now,
        })
    }

    fn set_attributes(&mut self, inode: InodeId, _: &AttributeChange) -> Result<(), FsError> {
        self.find(inode)?;
        Err(FsError::NotPermitted)
    }

    fn lookup(&mut self, directory: InodeId, name: &str) -> Result<InodeId, FsError> {
        let (node, what) = self.directory(directory)?;
        let (first, entries) = what.fixed();
        if let Some(place) = entries.iter().position(|(entry, _)| *entry == name) {
            return Ok(node.fixed_child(first, place).id());
        }
        let child = what.numbered().ok_or(FsError::NotFound)?;
        let number = number(name).ok_or(FsError::NotFound)?;
        if self.next_number(node, what, number) == Some(number) {
            Ok(node.numbered_child(child, number).id())
        } else {
            Err(FsError::NotFound)
        }
    }

    fn parent(&mut self, directory: InodeId) -> Result<InodeId, FsError> {
        let (node, what) = self.directory(directory)?;
        Ok(node.parent(what).id())
    }

    fn forget(&mut self, _: InodeId) {}

    fn list(
        &mut self,
        directory: InodeId,
        cursor: u64,
        each: &mut dyn FnMut(&Listed<'_>) -> bool,
    ) -> Result<(), FsError> {
        let (node, what) = self.directory(directory)?;
        let (first, entries) = what.fixed();
        let done = usize::try_from(cursor).unwrap_or(usize::MAX);
        for (place, (name, child)) in entries.iter().enumerate().skip(done) {
            let inode = node.fixed_child(first, place).id();
            if !each(&Listed { name, inode, kind: child.kind(), next: place as u64 + 1, summary: None }) {
                return Ok(());
            }
        }
        let Some(child) = what.numbered() else { return Ok(()) };
        let mut from = u32::try_from(cursor.saturating_sub(NUMBERED)).unwrap_or(u32::MAX);
        while let Some(number) = self.next_number(node, what, from) {
            from = number + 1;
            let mut name = Digits::default();
            // Ten digits have room for any.
            let _ = write!(name, "{number}");
            let listed = Listed {
                name: name.as_str(),
                inode: node.numbered_child(child, number).id(),
                kind: child.kind(),
                next: NUMBERED + u64::from(from),
                summary: None,
            };
            if !each(&listed) {
                break;
            }
        }
        Ok(())
    }

    fn create(&mut self, _: InodeId, _: &NewInode<'_>) -> Result<InodeId, FsError> {
        Err(FsError::ReadOnly)
    }

    fn create_link(&mut self, _: InodeId, _: &NewInode<'_>, _: &str) -> Result<InodeId, FsError> {
        Err(FsError::ReadOnly)
    }

    fn read_link(&mut self, inode: InodeId) -> Result<String, FsError> {
        let (node, what) = self.find(inode)?;
        let caller = self.source.caller().ok_or(FsError::NotFound);
        let mut digits = Digits::default();
        let written = match what {
            What::SelfLink => write!(digits, "{}", caller?.0),
            What::ThreadSelfLink => {
                let (process, thread) = caller?;
                write!(digits, "{process}/task/{thread}")
            }
            What::Link(link) => return self.source.link(node.process, link),
            What::Descriptor => {
                return self.source.link(node.process, ProcessLink::Descriptor(node.second));
            }
            _ => return Err(FsError::InvalidInput("it is no symbolic link")),
        };
        written.map_err(|_| FsError::NameTooLong)?;
        path::copy(digits.as_str())
    }

    fn link(&mut self, _: InodeId, _: InodeId, _: &str) -> Result<(), FsError> {
        Err(FsError::ReadOnly)
    }

    fn unlink(&mut self, _: InodeId, _: &str) -> Result<(), FsError> {
        Err(FsError::ReadOnly)
    }

    fn remove_directory(&mut self, _: InodeId, _: &str) -> Result<(), FsError> {
        Err(FsError::ReadOnly)
    }

    fn rename(&mut self, _: InodeId, _: &str, _: InodeId, _: &str, _: Replace) -> Result<(), FsError> {
        Err(FsError::ReadOnly)
    }

    fn contents(&self, _: InodeId) -> Contents {
        Contents::Generated
    }

    fn read(&mut self, inode: InodeId, offset: u64, buffer: &mut [u8]) -> Result<usize, FsError> {
        let bytes = self.generate(inode)?;
        let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn write(&mut self, _: InodeId, _: u64, _: &[u8]) -> Result<usize, FsError> {
        Err(FsError::ReadOnly)
    }

    fn resize(&mut self, _: InodeId, _: u64) -> Result<(), FsError> {
        Err(FsError::ReadOnly)
    }

    fn extent(&mut self, _: InodeId, _: u64) -> Result<Extent, FsError> {
        Err(FsError::InvalidInput("it lies on no device"))
    }

    fn touch(&mut self, _: InodeId) -> Result<(), FsError> {
        Err(FsError::ReadOnly)
    }

    fn commit(&mut self) -> Result<(), FsError> {
        Ok(())
    }

    fn is_changed(&self) -> bool {
        false
    }

    fn rest(&mut self) -> Result<(), FsError> {
        Ok(())
    }

    fn room(&mut self) -> Result<Room, FsError> {
        let longest_name = path::MAX_NAME as u32;
        Ok(Room { block_size: 4096, blocks: 0, free_blocks: 0, inodes: 0, free_inodes: 0, longest_name })
    }

    fn is_read_only(&self) -> bool {
        true
    }
}

/// A number as it is written: no sign, no zeros in front.
fn number(name: &str) -> Option<u32> {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    name.parse().ok().filter(|_| is_plain)
}

/// A name of digits, which needs no memory.
#[derive(Default)]
struct Digits {
    bytes: [u8; 32],
    length: usize,
}

impl Digits {
    fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl Write for Digits {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(core::fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
