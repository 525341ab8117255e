//! Device registers as a value: mapped uncached, read and written in one piece each, never out of bounds.
//!
//! Windows are never unmapped: devices stay, and no CPU ever has to forget one.

use core::sync::atomic::{AtomicU64, Ordering};

use frames::FRAME_SIZE;
use paging::{Cache, MapError};

use super::{kernel_space, layout, physical};
use crate::lock::{IrqSpinLock, Rank};

/// Where the next window begins.
static NEXT: AtomicU64 = AtomicU64::new(layout::MMIO);

/// Ranges of physical addresses that the kernel drives itself, first and last byte: no driver maps them, or it could send
/// interrupts and answer them in the kernel's name.
static CLAIMED: IrqSpinLock<[Option<(u64, u64)>; MAX_CLAIMS]> =
    IrqSpinLock::new(Rank::Windows, [None; MAX_CLAIMS]);
/// The local APIC, and as many others as a machine may have.
const MAX_CLAIMS: usize = 16;

/// A window onto device registers.
#[derive(Clone, Copy, Debug)]
pub struct Mmio {
    base: usize,
    length: usize,
}

macro_rules! access {
    ($read:ident, $write:ident, $type:ty, $bits:literal) => {
        #[allow(
            dead_code,
            reason = "the set of widths is complete; which of them are used depends on the devices"
        )]
        #[doc = concat!("Reads ", $bits, " bits at `offset`.")]
        ///
        /// # Panics
        /// When `offset` is not inside the window or not aligned: offsets are the driver's constants.
        pub fn $read(&self, offset: usize) -> $type {
            // SAFETY: `register` gives a pointer inside the mapped window, aligned for the type. Reading is
            // volatile: the compiler neither repeats nor drops it.
            unsafe { self.register::<$type>(offset).read_volatile() }
        }

        #[allow(dead_code, reason = "as for reading")]
        #[doc = concat!("Writes ", $bits, " bits at `offset`.")]
        ///
        /// # Panics
        #[doc = concat!("As [`Mmio::", stringify!($read), "`].")]
        pub fn $write(&self, offset: usize, value: $type) {
            // SAFETY: as for reading. `Mmio::map` refuses memory, so no Rust object lies here.
            unsafe { self.register::<$type>(offset).write_volatile(value) }
        }
    };
}

impl Mmio {
    /// Maps `length` bytes of device registers from `physical` on.
    ///
    /// # Errors
    /// [`MapError::AlreadyMapped`] when the range holds memory instead of a device, or registers that the kernel has claimed;
    /// else as the error says.
    pub fn map(physical: u64, length: u64) -> Result<Self, MapError> {
        if is_claimed(&*CLAIMED.lock(), pages_of(physical, length)) {
            return Err(MapError::AlreadyMapped);
        }
        Self::map_anything(physical, length)
    }

    /// As [`Mmio::map`], and from then on nobody else maps the pages that it touches.
    ///
    /// # Errors
    /// As [`Mmio::map`]; [`MapError::OutOfMemory`] when there are too many claims.
    pub fn claim(physical: u64, length: u64) -> Result<Self, MapError> {
        let pages = pages_of(physical, length);
        {
            let mut claimed = CLAIMED.lock();
            if is_claimed(&*claimed, pages) {
                return Err(MapError::AlreadyMapped);
            }
            let free = claimed.iter_mut().find(|slot| slot.is_none()).ok_or(MapError::OutOfMemory)?;
            *free = Some(pages);
        }
        Self::map_anything(physical, length)
    }

    fn map_anything(physical: u64, length: u64) -> Result<Self, MapError> {
        let end = physical.checked_add(length).filter(|_| length > 0).ok_or(MapError::BeyondPhysical)?;
        let (first, last) = (physical & !(FRAME_SIZE - 1), end.checked_next_multiple_of(FRAME_SIZE));
        let bytes = last.ok_or(MapError::BeyondPhysical)? - first;
        if bytes > layout::SLOT / 2 {
            return Err(MapError::BeyondPhysical);
        }
        if physical::is_memory(physical, length) {
            return Err(MapError::AlreadyMapped);
        }
        // An unmapped page between windows.
        let start = NEXT.fetch_add(bytes + FRAME_SIZE, Ordering::Relaxed);
        if start + bytes > layout::MMIO + layout::SLOT {
            return Err(MapError::OutOfMemory);
        }
        kernel_space::map_for_good(start, first, bytes, kernel_space::DATA.cached(Cache::Uncached))?;
        Ok(Self { base: (start + (physical - first)) as usize, length: length as usize })
    }

    access!(read_u8, write_u8, u8, "8");
    access!(read_u16, write_u16, u16, "16");
    access!(read_u32, write_u32, u32, "32");
    access!(read_u64, write_u64, u64, "64");

    /// The `length` bytes of it from `offset` on; `None` when they don't all lie inside.
    pub fn part(&self, offset: usize, length: usize) -> Option<Self> {
        let inside = offset.checked_add(length).is_some_and(|end| end <= self.length);
        inside.then_some(Self { base: self.base + offset, length })
    }

    /// How many bytes it shows.
    pub const fn length(&self) -> usize {
        self.length
    }

    /// The virtual address of the first byte: for `arch`, which stands below this floor.
    pub fn address(&self) -> usize {
        self.base
    }

    fn register<T>(&self, offset: usize) -> *mut T {
        let inside = offset.checked_add(size_of::<T>()).is_some_and(|end| end <= self.length);
        let address = self.base.wrapping_add(offset);
        assert!(
            inside && address.is_multiple_of(align_of::<T>()),
            "register {offset:#x} is outside of a window of {:#x} bytes, or not aligned",
            self.length
        );
        core::ptr::with_exposed_provenance_mut(address)
    }
}

/// The first and the last byte of the pages that a range touches.
fn pages_of(physical: u64, length: u64) -> (u64, u64) {
    let last = physical.saturating_add(length.saturating_sub(1));
    (physical & !(FRAME_SIZE - 1), last | (FRAME_SIZE - 1))
}

fn is_claimed(claims: &[Option<(u64, u64)>], (first, last): (u64, u64)) -> bool {
    claims.iter().flatten().any(|&(start, end)| start <= last && first <= end)
}
