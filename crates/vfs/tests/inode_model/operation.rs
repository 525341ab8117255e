//! What can be done to a file system, as values; doing it to a real one.

use super::super::decide::Decide;
use super::{Fs, Model, PAGE};
use vfs::FsError;
use vfs::inode::{AttributeChange, DeviceNumber, FileSystem, InodeId, InodeKind, NewInode, Replace};

/// Something that is done to a file system. Inodes are places in the list of those that are held.
#[derive(Debug, Clone)]
pub enum Operation {
    Lookup(usize, String),
    Parent(usize),
    Forget(usize),
    Create(usize, String, InodeKind),
    CreateLink(usize, String, String),
    Link(usize, usize, String),
    Unlink(usize, String),
    RemoveDirectory(usize, String),
    Rename(usize, String, usize, String, Replace),
    Read(usize, u64, usize),
    Write(usize, u64, Vec<u8>),
    Resize(usize, u64),
    Change(usize, u16),
    ReadLink(usize),
}

/// What an operation said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Done,
    /// One more inode is held: the number in the model, or that in the file system.
    Inode(u64),
    Bytes(Vec<u8>),
    Count(usize),
}

/// Does it to a file system.
pub fn perform(fs: &mut Fs, held: &[(InodeId, u64)], operation: &Operation) -> Result<Answer, FsError> {
    let at = |place: &usize| held[*place].0;
    let inode = |id: InodeId| Answer::Inode(id.0);
    let done = |()| Answer::Done;
    let new = |name, kind| NewInode { name, kind, mode: 0o640, user: 1, group: 2 };
    match operation {
        Operation::Lookup(directory, name) => fs.lookup(at(directory), name).map(inode),
        Operation::Parent(directory) => fs.parent(at(directory)).map(inode),
        Operation::Forget(place) => {
            fs.forget(at(place));
            Ok(Answer::Done)
        }
        Operation::Create(directory, name, kind) => fs.create(at(directory), &new(name, *kind)).map(inode),
        Operation::CreateLink(directory, name, target) => {
            fs.create_link(at(directory), &new(name, InodeKind::SymbolicLink), target).map(inode)
        }
        Operation::Link(file, directory, name) => fs.link(at(file), at(directory), name).map(done),
        Operation::Unlink(directory, name) => fs.unlink(at(directory), name).map(done),
        Operation::RemoveDirectory(directory, name) => fs.remove_directory(at(directory), name).map(done),
        Operation::Rename(from, name, to, new_name, replace) => {
            fs.rename(at(from), name, at(to), new_name, *replace).map(done)
        }
        Operation::Read(file, offset, length) => {
            let mut buffer = vec![0xaa; *length];
            let count = fs.read(at(file), *offset, &mut buffer)?;
            buffer.truncate(count);
            Ok(Answer::Bytes(buffer))
        }
        Operation::Write(file, offset, data) => fs.write(at(file), *offset, data).map(Answer::Count),
        Operation::Resize(file, size) => fs.resize(at(file), *size).map(done),
        Operation::Change(inode, mode) => fs
            .set_attributes(at(inode), &AttributeChange { mode: Some(*mode), ..Default::default() })
            .map(done),
        Operation::ReadLink(inode) => fs.read_link(at(inode)).map(|text| Answer::Bytes(text.into_bytes())),
    }
}

/// Whether two answers are the same, but for the texts in errors and the numbers of inodes.
pub fn agree(real: &Result<Answer, FsError>, modelled: &Result<Answer, FsError>) -> bool {
    match (real, modelled) {
        (Ok(Answer::Inode(_)), Ok(Answer::Inode(_))) => true,
        (Ok(real), Ok(modelled)) => real == modelled,
        (Err(real), Err(modelled)) => core::mem::discriminant(real) == core::mem::discriminant(modelled),
        _ => false,
    }
}

/// Any operation on what is held.
pub fn any_operation(model: &Model, decide: &mut impl Decide) -> Operation {
    let place = decide.below(model.held.len());
    let other = decide.below(model.held.len());
    let name = any_name(decide);
    match decide.below(24) {
        0 | 1 => Operation::Lookup(place, name),
        2 => Operation::Parent(place),
        3..=5 if place > 0 && model.held.len() > 6 => Operation::Forget(place),
        3..=6 => Operation::Create(place, name, InodeKind::File),
        7 | 8 => Operation::Create(place, name, InodeKind::Directory),
        9 => {
            let device = DeviceNumber { major: 5, minor: 1 };
            let kinds = [
                InodeKind::Fifo,
                InodeKind::Socket,
                InodeKind::CharacterDevice(device),
                InodeKind::BlockDevice(device),
                InodeKind::SymbolicLink,
            ];
            Operation::Create(place, name, kinds[decide.below(kinds.len())])
        }
        10 => {
            let length = [1, 30, 127, 128, 4000][decide.below(5)];
            Operation::CreateLink(place, name, "x".repeat(length))
        }
        11 | 12 => Operation::Link(place, other, name),
        13 | 14 => Operation::Unlink(place, name),
        15 => Operation::RemoveDirectory(place, name),
        16..=18 => {
            let replace = if decide.below(6) == 0 { Replace::Never } else { Replace::Allowed };
            let new_name = any_name(decide);
            Operation::Rename(place, name, other, new_name, replace)
        }
        19 => Operation::Read(place, any_offset(decide), decide.below(9000)),
        20 | 21 => {
            let offset = any_offset(decide);
            let length = if decide.below(3) == 0 { decide.below(14_000) } else { decide.below(100) };
            Operation::Write(place, offset, decide.bytes(length))
        }
        22 => Operation::Resize(place, any_offset(decide)),
        _ if decide.below(2) == 0 => Operation::ReadLink(place),
        _ => Operation::Change(place, decide.below(0o10000) as u16),
    }
}

fn any_offset(decide: &mut impl Decide) -> u64 {
    match decide.below(10) {
        0 => (1 << 40) + decide.below(3) as u64 * (PAGE / 2),
        1 => 128 * PAGE * (1 + decide.below(4) as u64) - decide.below(2) as u64,
        _ => decide.below(20_000) as u64,
    }
}

fn any_name(decide: &mut impl Decide) -> String {
    match decide.below(40) {
        0 => ["", ".", "..", "a/b"][decide.below(4)].into(),
        1 => "n".repeat(255 + decide.below(2)),
        _ => ["a", "b", "c", "Ärger", "a long name with spaces"][decide.below(5)].into(),
    }
}
