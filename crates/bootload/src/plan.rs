//! Where a kernel's segments go, and with which rights.
//!
//! The kernel is loaded as one piece of physical memory, laid out as it is linked: offset 0 of
//! this *image* is the page of its lowest address. A kernel whose segments would need writable
//! and executable pages is refused, and so is one with two segments in a page, since one of them
//! would get the other's rights.

use core::ops::Range;

use elf::{Elf, ElfKind, Permissions, SegmentKind};

use crate::{BootError, KERNEL_FLOOR, PAGE_SIZE, page_ceiling, page_floor};

/// Most loadable segments of a kernel; linkers make three to five.
const MAX_SEGMENTS: usize = 16;
/// Largest kernel image. The window above [`KERNEL_FLOOR`] is 2 GiB; a sparse image would be
/// filled with zeros on the way to it.
const MAX_IMAGE_SIZE: u64 = 512 << 20;

/// A segment to be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedSegment {
    /// Offset of its first byte in the image.
    pub start: u64,
    /// Length in memory.
    pub memory_size: u64,
    /// Offset of its bytes in the kernel file.
    pub file_offset: u64,
    /// How many bytes the file has; the rest is zero.
    pub file_size: u64,
    /// What its pages allow.
    pub permissions: Permissions,
}

impl PlannedSegment {
    /// The pages of the image that it occupies.
    pub fn pages(&self) -> Range<u64> {
        let end = self.start + self.memory_size;
        page_floor(self.start)..page_ceiling(end).unwrap_or(end)
    }
}

/// A checked plan: every number in it fits the file and the image.
#[derive(Clone, Debug)]
pub struct LoadPlan {
    base: u64,
    size: u64,
    entry: u64,
    segments: [PlannedSegment; MAX_SEGMENTS],
    count: usize,
}

impl LoadPlan {
    /// Plans the loading of `kernel`.
    ///
    /// # Errors
    /// One [`BootError`] for each rule that a kernel can break.
    pub fn new(kernel: &Elf) -> Result<Self, BootError> {
        if kernel.kind() != ElfKind::Executable {
            return Err(BootError::NotExecutable);
        }
        let none = PlannedSegment {
            start: 0,
            memory_size: 0,
            file_offset: 0,
            file_size: 0,
            permissions: Permissions::default(),
        };
        let mut plan =
            Self { base: 0, size: 0, entry: kernel.entry(), segments: [none; MAX_SEGMENTS], count: 0 };

        let table = kernel.segments();
        let load = |segment: &elf::Segment| segment.kind == SegmentKind::Load && segment.memory_size > 0;
        let (mut lowest, mut highest) = (u64::MAX, 0);
        for segment in table.filter(load) {
            let address = segment.virtual_address;
            let outside = BootError::SegmentOutside(address);
            let end = address.checked_add(segment.memory_size).and_then(page_ceiling).ok_or(outside)?;
            if address < KERNEL_FLOOR {
                return Err(outside);
            }
            if segment.permissions.write && segment.permissions.execute {
                return Err(BootError::SegmentWritableAndExecutable(address));
            }
            if segment.file_size > segment.memory_size {
                return Err(BootError::SegmentSizes(address));
            }
            table.bytes(&segment)?;
            *plan.segments.get_mut(plan.count).ok_or(BootError::TooManySegments)? = PlannedSegment {
                // An address for now: the base is known when all are seen.
                start: address,
                memory_size: segment.memory_size,
                file_offset: segment.offset,
                file_size: segment.file_size,
                permissions: segment.permissions,
            };
            plan.count += 1;
            lowest = lowest.min(page_floor(address));
            highest = highest.max(end);
        }
        if plan.count == 0 {
            return Err(BootError::NoSegments);
        }
        plan.base = lowest;
        plan.size = highest - lowest;
        if plan.size > MAX_IMAGE_SIZE {
            return Err(BootError::KernelTooLarge(plan.size));
        }
        for segment in &mut plan.segments[..plan.count] {
            segment.start -= lowest;
        }
        plan.segments[..plan.count].sort_unstable_by_key(|segment| segment.start);
        for pair in plan.segments().windows(2) {
            if pair[1].pages().start < pair[0].pages().end {
                return Err(BootError::SegmentsOverlap(plan.base + pair[1].start));
            }
        }
        Ok(plan)
    }

    /// Virtual address of the image.
    pub fn base(&self) -> u64 {
        self.base
    }

    /// Size of the image in bytes, whole pages.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The segments, in order of address.
    pub fn segments(&self) -> &[PlannedSegment] {
        &self.segments[..self.count]
    }

    /// Where the kernel starts: the address that it `requested` in the entry point feature, or
    /// the one in its file.
    ///
    /// # Errors
    /// [`BootError::EntryOutside`] unless it lies in an executable segment.
    pub fn entry(&self, requested: Option<u64>) -> Result<u64, BootError> {
        let entry = requested.unwrap_or(self.entry);
        let holds = |segment: &PlannedSegment| {
            let start = self.base + segment.start;
            segment.permissions.execute && entry >= start && entry - start < segment.memory_size
        };
        match self.segments().iter().any(holds) {
            true => Ok(entry),
            false => Err(BootError::EntryOutside(entry)),
        }
    }

    /// How much of the image comes from the file: requests cannot lie beyond.
    pub fn file_backed_size(&self) -> u64 {
        self.segments().iter().map(|segment| segment.start + segment.file_size).max().unwrap_or(0)
    }

    /// Puts the kernel into `image`, whose old contents do not matter: what the file does not
    /// fill becomes zero, and nothing is written twice.
    ///
    /// # Errors
    /// [`BootError::OutOfMemory`] if `image` is not of this plan's size,
    /// [`BootError::Kernel`] if `file` is not the file that was planned for.
    pub fn load(&self, file: &[u8], image: &mut [u8]) -> Result<(), BootError> {
        let out_of_memory = BootError::OutOfMemory("the kernel", self.size);
        if image.len() as u64 != self.size {
            return Err(out_of_memory);
        }
        let mut done = 0;
        for segment in self.segments() {
            let [start, from, length] =
                [segment.start, segment.file_offset, segment.file_size].map(|n| n as usize);
            let bytes = file.get(from..from + length).ok_or(elf::ElfError::Truncated)?;
            image.get_mut(done..start).ok_or(out_of_memory)?.fill(0);
            image.get_mut(start..start + length).ok_or(out_of_memory)?.copy_from_slice(bytes);
            done = start + length;
        }
        image[done..].fill(0);
        Ok(())
    }
}

const _: () = assert!(KERNEL_FLOOR.is_multiple_of(PAGE_SIZE));
