//! The operations, as anybody in the kernel does them.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ::workload::Operation;
use ::workload::contents::{self, Line};
use vfs::{FsError, OpenMode};

use crate::fs;

/// Why an operation came to nothing.
pub enum Failure {
    /// The file system said so.
    Refused(FsError),
    /// A file has a line that is another's.
    Stray(Line),
}

impl From<FsError> for Failure {
    fn from(error: FsError) -> Self {
        Self::Refused(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => write!(out, "{error}"),
            Self::Stray(line) => write!(out, "it has a line of another file: {line:?}"),
        }
    }
}

/// Does it. When it fails because the disk did, it can be done again.
pub fn perform(operation: &Operation) -> Result<(), Failure> {
    match operation {
        Operation::Create { path, .. } => drop(fs::open(&on_disk(path), OpenMode::CreateNew)?),
        Operation::Write { path, tag, generation, offset, length } => {
            let mut data = Vec::new();
            let length = usize::try_from(*length).map_err(|_| FsError::TooLarge)?;
            data.try_reserve_exact(length).map_err(|_| FsError::OutOfMemory)?;
            data.resize(length, 0);
            contents::fill(*tag, *generation, *offset, &mut data);
            fs::open(&on_disk(path), OpenMode::Write)?.write(*offset, &data)?;
        }
        Operation::Truncate { path, size } => {
            fs::open(&on_disk(path), OpenMode::Write)?.truncate(*size)?;
        }
        Operation::Read { path, tag } => {
            if let Some(line) = contents::stray(*tag, &fs::read(&on_disk(path))?) {
                return Err(Failure::Stray(line));
            }
        }
        Operation::Rename { from, to } => fs::rename(&on_disk(from), &on_disk(to))?,
        Operation::Remove { path } | Operation::RemoveDirectory { path } => fs::remove(&on_disk(path))?,
        Operation::MakeDirectory { path } => fs::create_directory(&on_disk(path))?,
        Operation::SyncFile { path } => fs::open(&on_disk(path), OpenMode::Write)?.sync()?,
        Operation::SyncAll => fs::sync()?,
    }
    Ok(())
}

fn on_disk(path: &str) -> String {
    format!("{}/{path}", fs::DISK)
}
