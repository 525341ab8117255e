//! Why a boot cannot go on, in words for the person at the machine.

use core::fmt;

use elf::ElfError;

use crate::pack::PackError;

/// Why the kernel cannot be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootError {
    /// Whoever started the loader gave it no memory map, or an unreadable one.
    NoMemoryMap,
    /// The memory map has more entries than the loader has room for.
    MemoryMapTooLong,
    /// There is no module at all.
    NoModule,
    /// The first module is neither a pack nor an ELF file.
    NoKernel,
    /// The pack is damaged.
    Pack(PackError),
    /// The kernel is not an ELF file that can be read.
    Kernel(ElfError),
    /// The kernel is an object, shared or position-independent file.
    NotExecutable,
    /// The kernel has nothing to load.
    NoSegments,
    /// The kernel has more loadable segments than the loader takes.
    TooManySegments,
    /// A segment lies below the top 2 GiB of the address space, or wraps round its end.
    SegmentOutside(u64),
    /// A segment is both writable and executable.
    SegmentWritableAndExecutable(u64),
    /// Two segments share a page.
    SegmentsOverlap(u64),
    /// A segment has more bytes in the file than in memory.
    SegmentSizes(u64),
    /// From its first segment to its last the kernel is larger than the loader takes; holds the
    /// size in bytes.
    KernelTooLarge(u64),
    /// The entry point does not lie in an executable segment.
    EntryOutside(u64),
    /// A request stands twice in the kernel; holds the third word of its id.
    DuplicateRequest(u64),
    /// The kernel asks for a base revision that this loader has never had.
    OldRevision(u64),
    /// The kernel insists on another paging mode than four levels.
    PagingMode,
    /// The kernel asks for a stack of this many bytes.
    StackTooLarge(u64),
    /// Not enough free memory; holds what could not be placed and its size in bytes.
    OutOfMemory(&'static str, u64),
}

impl From<PackError> for BootError {
    fn from(error: PackError) -> Self {
        Self::Pack(error)
    }
}

impl From<ElfError> for BootError {
    fn from(error: ElfError) -> Self {
        Self::Kernel(error)
    }
}

impl fmt::Display for BootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMemoryMap => f.write_str("there is no usable memory map"),
            Self::MemoryMapTooLong => f.write_str("the memory map is too long"),
            Self::NoModule => {
                f.write_str("no pack and no kernel were loaded (qemu: -initrd FILE; GRUB: module2 FILE)")
            }
            Self::NoKernel => f.write_str("the first module is neither a pack nor an ELF kernel"),
            Self::Pack(error) => write!(f, "the pack is damaged: {error}"),
            Self::Kernel(error) => write!(f, "the kernel file is unusable: {error}"),
            Self::NotExecutable => {
                f.write_str("the kernel is not linked for a fixed address (ELF type EXEC)")
            }
            Self::NoSegments => f.write_str("the kernel has no segment to load"),
            Self::TooManySegments => f.write_str("the kernel has too many segments"),
            Self::SegmentOutside(address) => {
                write!(f, "the kernel segment at {address:#x} lies outside the top 2 GiB")
            }
            Self::SegmentWritableAndExecutable(address) => {
                write!(f, "the kernel segment at {address:#x} is writable and executable")
            }
            Self::SegmentsOverlap(address) => {
                write!(f, "the kernel segment at {address:#x} shares a page with another")
            }
            Self::SegmentSizes(address) => {
                write!(f, "the kernel segment at {address:#x} is larger in the file than in memory")
            }
            Self::KernelTooLarge(size) => {
                write!(f, "the kernel spans {} MiB, which is too large", size >> 20)
            }
            Self::EntryOutside(address) => {
                write!(f, "the kernel's entry point {address:#x} is not in its code")
            }
            Self::DuplicateRequest(id) => write!(f, "the kernel makes the request {id:#x} twice"),
            Self::OldRevision(revision) => {
                write!(f, "the kernel wants base revision {revision}; this loader starts at 3")
            }
            Self::PagingMode => f.write_str("the kernel insists on 5-level paging"),
            Self::StackTooLarge(size) => write!(f, "the kernel asks for a stack of {} MiB", size >> 20),
            Self::OutOfMemory(what, size) => {
                write!(f, "no room for {what}: {} KiB of contiguous memory are needed", size.div_ceil(1024))
            }
        }
    }
}

impl core::error::Error for BootError {}
