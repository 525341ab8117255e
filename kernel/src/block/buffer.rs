//! Memory through which the data of slices pass: a caller's slice is never shown to a device, which may write to what it
//! was shown as long as it likes.

use alloc::vec::Vec;

use disks::Segment;

use crate::memory::dma::Dma;
use crate::memory::frames::Zone;

/// Bytes in one buffer.
pub const LENGTH: usize = 64 << 10;
const PAGE: usize = 4096;

/// [`LENGTH`] bytes in one piece of physical memory, or in pages where memory is scattered.
pub struct Buffer(Vec<Dma>);

impl Buffer {
    pub fn allocate(zone: Zone) -> Option<Self> {
        let mut pieces = Vec::new();
        if let Some(whole) = Dma::allocate(LENGTH, zone) {
            pieces.try_reserve_exact(1).ok()?;
            pieces.push(whole);
            return Some(Self(pieces));
        }
        pieces.try_reserve_exact(LENGTH / PAGE).ok()?;
        for _ in 0..LENGTH / PAGE {
            pieces.push(Dma::allocate(PAGE, zone)?);
        }
        Some(Self(pieces))
    }

    /// The memory of the first `length` bytes.
    pub fn segments(&self, length: usize) -> impl Iterator<Item = Segment> {
        let mut left = length;
        self.0.iter().map_while(move |piece| {
            let length = left.min(piece.length());
            left -= length;
            (length > 0).then(|| Segment { address: piece.address(), length: length as u32 })
        })
    }

    pub fn fill(&self, data: &[u8]) {
        let mut rest = data;
        for piece in &self.0 {
            let (now, later) = rest.split_at(rest.len().min(piece.length()));
            piece.write(0, now);
            rest = later;
        }
    }

    pub fn empty_into(&self, data: &mut [u8]) {
        let mut rest = data;
        for piece in &self.0 {
            let (now, later) = rest.split_at_mut(rest.len().min(piece.length()));
            piece.read(0, now);
            rest = later;
        }
    }
}
