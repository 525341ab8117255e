//! Program headers: what a loader puts into memory.

use crate::ElfError;
use crate::bytes::{slice, u32_at, u64_at};
use crate::file::PROGRAM_HEADER_SIZE;

/// What a segment is (`p_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentKind {
    /// Unused entry.
    Null,
    /// To be loaded.
    Load,
    /// Dynamic linking information.
    Dynamic,
    /// Path of the program interpreter.
    Interpreter,
    /// Notes.
    Note,
    /// The program header table itself.
    ProgramHeaders,
    /// Template of thread-local storage.
    ThreadLocal,
    /// The stack's permissions (GNU).
    GnuStack,
    /// What turns read-only after relocation (GNU).
    GnuRelro,
    /// Anything else, with its number.
    Other(u32),
}

/// What a segment's pages allow (`p_flags`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Permissions {
    /// PF_R.
    pub read: bool,
    /// PF_W.
    pub write: bool,
    /// PF_X.
    pub execute: bool,
}

/// One program header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What it is.
    pub kind: SegmentKind,
    /// What its pages allow.
    pub permissions: Permissions,
    /// Offset of its bytes in the file (`p_offset`).
    pub offset: u64,
    /// Virtual address (`p_vaddr`).
    pub virtual_address: u64,
    /// Physical address (`p_paddr`); meaningless to most.
    pub physical_address: u64,
    /// Bytes in the file (`p_filesz`).
    pub file_size: u64,
    /// Bytes in memory (`p_memsz`); those past `file_size` are zero.
    pub memory_size: u64,
    /// Alignment (`p_align`): 0 and 1 mean none.
    pub alignment: u64,
}

/// The program headers of a file.
#[derive(Clone, Copy, Debug)]
pub struct Segments<'a> {
    file: &'a [u8],
    table: &'a [u8],
    next: usize,
}

impl<'a> Segments<'a> {
    pub(crate) fn new(file: &'a [u8], table: &'a [u8]) -> Self {
        Self { file, table, next: 0 }
    }

    /// The bytes of `segment` in the file.
    ///
    /// # Errors
    /// [`ElfError::Truncated`] if they reach past its end.
    pub fn bytes(&self, segment: &Segment) -> Result<&'a [u8], ElfError> {
        slice(self.file, segment.offset, segment.file_size).ok_or(ElfError::Truncated)
    }
}

impl Iterator for Segments<'_> {
    type Item = Segment;

    fn next(&mut self) -> Option<Segment> {
        let entry = self.table.get(self.next..self.next.checked_add(PROGRAM_HEADER_SIZE)?)?;
        self.next += PROGRAM_HEADER_SIZE;
        let flags = u32_at(entry, 4)?;
        Some(Segment {
            kind: match u32_at(entry, 0)? {
                0 => SegmentKind::Null,
                1 => SegmentKind::Load,
                2 => SegmentKind::Dynamic,
                3 => SegmentKind::Interpreter,
                4 => SegmentKind::Note,
                6 => SegmentKind::ProgramHeaders,
                7 => SegmentKind::ThreadLocal,
                0x6474_e551 => SegmentKind::GnuStack,
                0x6474_e552 => SegmentKind::GnuRelro,
                other => SegmentKind::Other(other),
            },
            permissions: Permissions { read: flags & 4 != 0, write: flags & 2 != 0, execute: flags & 1 != 0 },
            offset: u64_at(entry, 8)?,
            virtual_address: u64_at(entry, 16)?,
            physical_address: u64_at(entry, 24)?,
            file_size: u64_at(entry, 32)?,
            memory_size: u64_at(entry, 40)?,
            alignment: u64_at(entry, 48)?,
        })
    }
}
