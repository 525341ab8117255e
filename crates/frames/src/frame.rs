//! Frames and runs of frames as types, so that a frame number is never taken for an address.

/// Bytes in a frame: the smallest page of x86-64 (Intel SDM vol. 3A, section 4.5).
pub const FRAME_SIZE: u64 = 4096;

/// One physical frame, named by its number (address divided by [`FRAME_SIZE`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Frame(u64);

impl Frame {
    /// The first frame at or above 4 GiB: what a device with 32 address bits can't reach.
    pub const FOUR_GIB: Frame = Frame::containing(1 << 32);

    /// The frame with this number.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The frame that the byte at physical `address` lies in.
    #[must_use]
    pub const fn containing(address: u64) -> Self {
        Self(address / FRAME_SIZE)
    }

    /// The frame's number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The physical address of the frame's first byte. Numbers beyond 2^52 wrap: no such memory exists.
    #[must_use]
    pub const fn address(self) -> u64 {
        self.0.wrapping_mul(FRAME_SIZE)
    }
}

/// `count` frames one after the other, from `start` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameRange {
    /// The first frame.
    pub start: Frame,
    /// How many frames.
    pub count: u64,
}

impl FrameRange {
    /// The frames that lie wholly inside the bytes `address .. address + length`: what may be given out.
    #[must_use]
    pub const fn inside(address: u64, length: u64) -> Self {
        let first = address.div_ceil(FRAME_SIZE);
        let end = address.saturating_add(length) / FRAME_SIZE;
        Self { start: Frame(first), count: end.saturating_sub(first) }
    }

    /// The frames that the bytes `address .. address + length` touch: what must be kept.
    #[must_use]
    pub const fn touching(address: u64, length: u64) -> Self {
        let first = address / FRAME_SIZE;
        let end = address.saturating_add(length).div_ceil(FRAME_SIZE);
        Self { start: Frame(first), count: if length == 0 { 0 } else { end - first } }
    }

    /// The first frame behind the range.
    #[must_use]
    pub const fn end(self) -> Frame {
        Frame(self.start.0.saturating_add(self.count))
    }

    /// The physical address of the first byte.
    #[must_use]
    pub const fn address(self) -> u64 {
        self.start.address()
    }

    /// Bytes in the range.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.count.saturating_mul(FRAME_SIZE)
    }

    /// The frames of the range in rising order.
    pub fn iter(self) -> impl Iterator<Item = Frame> {
        (self.start.0..self.end().0).map(Frame)
    }
}
