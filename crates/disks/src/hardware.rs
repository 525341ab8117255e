//! What controllers are made of: registers, memory that they share with the processor, time.

use alloc::sync::Arc;

/// A window of device registers.
pub trait Registers {
    /// How many bytes it shows.
    fn length(&self) -> usize;

    /// Reads the 32-bit register at `offset`, a multiple of 4 inside the window.
    fn read_u32(&self, offset: usize) -> u32;

    /// Writes the 32-bit register at `offset`, a multiple of 4 inside the window.
    fn write_u32(&self, offset: usize, value: u32);

    /// Reads two registers as one number, the lower half first.
    fn read_u64(&self, offset: usize) -> u64 {
        u64::from(self.read_u32(offset)) | u64::from(self.read_u32(offset + 4)) << 32
    }

    /// Writes two registers as one number, the lower half first.
    fn write_u64(&self, offset: usize, value: u64) {
        self.write_u32(offset, value as u32);
        self.write_u32(offset + 4, (value >> 32) as u32);
    }
}

/// Registers of which some are narrower than 32 bits, and want to be accessed as wide as they are.
pub trait NarrowRegisters: Registers {
    /// Reads the 8-bit register at `offset`, which lies inside the window.
    fn read_u8(&self, offset: usize) -> u8;

    /// Writes the 8-bit register at `offset`, which lies inside the window.
    fn write_u8(&self, offset: usize, value: u8);

    /// Reads the 16-bit register at `offset`, a multiple of 2 inside the window.
    fn read_u16(&self, offset: usize) -> u16;

    /// Writes the 16-bit register at `offset`, a multiple of 2 inside the window.
    fn write_u16(&self, offset: usize, value: u16);
}

/// A window of I/O ports, each as wide as the device says. Accesses happen in the order of the program, also with respect to
/// [`Memory`].
pub trait Ports {
    /// Reads the 8-bit port at `offset`, which lies inside the window.
    fn read_u8(&self, offset: u16) -> u8;

    /// Writes the 8-bit port at `offset`, which lies inside the window.
    fn write_u8(&self, offset: u16, value: u8);

    /// Writes the 32-bit port at `offset`, which lies inside the window.
    fn write_u32(&self, offset: u16, value: u32);

    /// Fills `words` from the 16-bit port at `offset`.
    fn read_u16s(&self, offset: u16, words: &mut [u16]);

    /// Writes all of `words` to the 16-bit port at `offset`.
    fn write_u16s(&self, offset: u16, words: &[u16]);
}

/// Shared by several who have a part of the window each.
impl<P: Ports + ?Sized> Ports for Arc<P> {
    fn read_u8(&self, offset: u16) -> u8 {
        (**self).read_u8(offset)
    }

    fn write_u8(&self, offset: u16, value: u8) {
        (**self).write_u8(offset, value);
    }

    fn write_u32(&self, offset: u16, value: u32) {
        (**self).write_u32(offset, value);
    }

    fn read_u16s(&self, offset: u16, words: &mut [u16]) {
        (**self).read_u16s(offset, words);
    }

    fn write_u16s(&self, offset: u16, words: &[u16]) {
        (**self).write_u16s(offset, words);
    }
}

/// The memory of requests, for what the processor moves: by physical address, within the pieces of a command that is under
/// way and was not given up.
pub trait PhysicalMemory {
    /// Copies bytes out of a request's memory.
    fn copy_out(&self, address: u64, buffer: &mut [u8]);

    /// Copies bytes into a request's memory.
    fn copy_in(&self, address: u64, bytes: &[u8]);
}

/// Memory that processor and device share. Either may change it at any time, so it is read and written by copying.
/// Accesses happen in the order of the program, also with respect to [`Registers`].
pub trait Memory {
    /// The physical address of its first byte, a multiple of 4096.
    fn address(&self) -> u64;

    /// How many bytes it has.
    fn length(&self) -> usize;

    /// Copies bytes out. `offset` and length lie inside.
    fn read(&self, offset: usize, buffer: &mut [u8]);

    /// Copies bytes in. `offset` and length lie inside.
    fn write(&self, offset: usize, bytes: &[u8]);

    /// Reads the 32 bits at `offset`, a multiple of 4 inside, in one access.
    fn read_u32(&self, offset: usize) -> u32;

    /// Writes the 32 bits at `offset`, a multiple of 4 inside, in one access.
    fn write_u32(&self, offset: usize, value: u32);

    /// Writes zeros everywhere.
    fn clear(&self) {
        for offset in (0..self.length()).step_by(4) {
            self.write_u32(offset, 0);
        }
    }
}

/// Which memory a device can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All of it.
    All,
    /// Only what lies below 4 GiB.
    Below4GiB,
}

/// What a controller asks of the machine around it.
pub trait Machine {
    /// Memory to share.
    type Memory: Memory;

    /// `bytes` of memory, rounded up to whole pages, contiguous and zero.
    fn allocate(&self, bytes: usize, reach: Reach) -> Option<Self::Memory>;

    /// A clock in nanoseconds that never goes back.
    fn now_ns(&self) -> u64;

    /// Lets some time pass, about a millisecond.
    fn pause(&self);

    /// Waits until `condition` holds, at most `limit_ms`; says whether it holds.
    fn wait(&self, limit_ms: u64, mut condition: impl FnMut() -> bool) -> bool {
        let deadline = self.now_ns().saturating_add(limit_ms.saturating_mul(1_000_000));
        loop {
            if condition() {
                return true;
            }
            if self.now_ns() >= deadline {
                return false;
            }
            self.pause();
        }
    }
}
