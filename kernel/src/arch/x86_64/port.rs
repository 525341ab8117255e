//! I/O ports, handed out as claimed ranges: a driver asks for its ports once, by name, and gets an object
//! that cannot touch any other. The kernel's own ports (interrupt controllers, timers, PCI configuration)
//! can't be claimed, so safe code cannot reprogram what memory safety rests on. Devices that master the
//! bus are the exception no port table can catch; their drivers name DMA memory through `memory::dma`.

use core::arch::asm;
use core::fmt;

use super::guarded::Guarded;

/// Ranges arch drives itself: no driver may claim them.
const RESERVED: [(u16, u16, &str); 10] = [
    // Nobody drives these two: they would write wherever in the first 16 MiB they are told to.
    (0x00, 0x10, "DMA controller"),
    (0xc0, 0x20, "second DMA controller"),
    (0x81, 0x0f, "DMA page registers"),
    (0x20, 2, "interrupt controller"),
    (0x40, 4, "interval timer"),
    (0x61, 1, "timer gate"),
    (0xa0, 2, "second interrupt controller"),
    (0xcf8, 1, "PCI configuration"),
    (0xcfc, 4, "PCI configuration"),
    (0x3f8, 8, "first serial port"),
];

const MAX_CLAIMS: usize = 32;

/// Why a range can't be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimError {
    /// It overlaps a range of this owner.
    Taken(&'static str),
    /// Empty, or past port 0xffff.
    OutOfRange,
    /// More claims than the table holds.
    TableFull,
}

impl fmt::Display for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken(owner) => write!(f, "the ports belong to the {owner}"),
            Self::OutOfRange => f.write_str("no such ports"),
            Self::TableFull => f.write_str("too many drivers claim ports"),
        }
    }
}

type Claim = (u16, u16, &'static str);

static CLAIMS: Guarded<[Option<Claim>; MAX_CLAIMS]> = Guarded::new([None; MAX_CLAIMS]);

/// A claimed range. Offsets are checked against its length; one past it panics, since it is the driver's
/// own constant that is wrong.
#[derive(Debug)]
pub struct Ports {
    base: u16,
    count: u16,
}

/// Claims `count` ports from `base` for `owner`.
pub fn claim(base: u16, count: u16, owner: &'static str) -> Result<Ports, ClaimError> {
    if count == 0 || base.checked_add(count - 1).is_none() {
        return Err(ClaimError::OutOfRange);
    }
    let overlaps = |&(start, length, _): &Claim| {
        u32::from(base) < u32::from(start) + u32::from(length)
            && u32::from(start) < u32::from(base) + u32::from(count)
    };
    CLAIMS.with(|claims| {
        if let Some((.., holder)) = RESERVED.iter().chain(claims.iter().flatten()).find(|c| overlaps(c)) {
            return Err(ClaimError::Taken(holder));
        }
        let slot = claims.iter_mut().find(|slot| slot.is_none()).ok_or(ClaimError::TableFull)?;
        *slot = Some((base, count, owner));
        Ok(Ports { base, count })
    })
}

impl Drop for Ports {
    fn drop(&mut self) {
        CLAIMS.with(|claims| {
            for slot in claims.iter_mut() {
                if matches!(slot, Some((base, ..)) if *base == self.base) {
                    *slot = None;
                }
            }
        });
    }
}

impl Ports {
    fn port(&self, offset: u16, width: u16) -> u16 {
        // Wider than a port number, or a large offset would wrap around to a small one.
        let end = u32::from(offset) + u32::from(width);
        assert!(end <= u32::from(self.count), "port offset {offset} is outside the claimed range");
        self.base + offset
    }

    /// Fills `buffer` with 16-bit reads of one port (`rep insw`).
    pub fn read_u16s(&self, offset: u16, buffer: &mut [u16]) {
        let port = self.port(offset, 2);
        // SAFETY: the range was claimed; the instruction writes exactly `buffer.len()` words from the
        // buffer's start, upwards, since DF is clear by the ABI.
        unsafe {
            asm!("rep insw", in("dx") port, inout("rdi") buffer.as_mut_ptr() => _, inout("rcx") buffer.len() => _,
                options(nostack, preserves_flags));
        }
    }

    /// Writes `buffer` to one port in 16-bit writes (`rep outsw`).
    pub fn write_u16s(&self, offset: u16, buffer: &[u16]) {
        let port = self.port(offset, 2);
        // SAFETY: as above, reading exactly the buffer.
        unsafe {
            asm!("rep outsw", in("dx") port, inout("rsi") buffer.as_ptr() => _, inout("rcx") buffer.len() => _,
                options(nostack, preserves_flags));
        }
    }
}

macro_rules! accessors {
    ($read:ident, $write:ident, $type:ty, $width:literal) => {
        impl Ports {
            #[allow(
                dead_code,
                reason = "the set of widths is complete; which of them are used depends on the devices"
            )]
            #[doc = concat!("Reads ", $width, " bits at `offset`.")]
            pub fn $read(&self, offset: u16) -> $type {
                // SAFETY: the range was claimed, so the access reaches only this driver's device.
                unsafe { raw::$read(self.port(offset, size_of::<$type>() as u16)) }
            }

            #[doc = concat!("Writes ", $width, " bits at `offset`.")]
            pub fn $write(&self, offset: u16, value: $type) {
                // SAFETY: as for reading.
                unsafe { raw::$write(self.port(offset, size_of::<$type>() as u16), value) };
            }
        }
    };
}

accessors!(read_u8, write_u8, u8, "8");
accessors!(read_u16, write_u16, u16, "16");
accessors!(read_u32, write_u32, u32, "32");

/// The bare instructions, for arch's own devices.
pub(super) mod raw {
    use core::arch::asm;

    macro_rules! instructions {
        ($read:ident, $write:ident, $type:ty, $register:tt) => {
            /// Reads a port.
            ///
            /// # Safety
            /// Reading the port has no effect that another owner relies on.
            pub unsafe fn $read(port: u16) -> $type {
                let value: $type;
                // SAFETY: the caller's promise.
                unsafe {
                    asm!(concat!("in ", $register, ", dx"), in("dx") port, out($register) value,
                        options(nostack, preserves_flags));
                }
                value
            }

            /// Writes a port.
            ///
            /// # Safety
            /// The device behind the port is the caller's, and what it does keeps memory sound.
            pub unsafe fn $write(port: u16, value: $type) {
                // SAFETY: the caller's promise. Not `nomem`: a device may be told to look at memory.
                unsafe {
                    asm!(concat!("out dx, ", $register), in("dx") port, in($register) value,
                        options(nostack, preserves_flags));
                }
            }
        };
    }

    instructions!(read_u8, write_u8, u8, "al");
    instructions!(read_u16, write_u16, u16, "ax");
    instructions!(read_u32, write_u32, u32, "eax");
}
