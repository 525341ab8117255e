//! Figures of the allocator, whole and by zone.

use crate::frame::Frame;

/// A part of physical memory that some devices reach and others don't.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Zone {
    /// Below 4 GiB: within reach of devices with 32 address bits.
    Dma32,
    /// From 4 GiB on.
    Normal,
}

impl Zone {
    /// Both, by rising address.
    pub const ALL: [Zone; 2] = [Zone::Dma32, Zone::Normal];

    /// The zone of a frame.
    #[must_use]
    #[inline]
    pub const fn of(frame: Frame) -> Self {
        if frame.number() < Frame::FOUR_GIB.number() { Self::Dma32 } else { Self::Normal }
    }
}

/// Figures of a zone, in frames, of one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ZoneStatistics {
    /// Frames that the allocator manages, free or not.
    pub managed: u64,
    /// Frames that are free.
    pub free: u64,
}

impl ZoneStatistics {
    /// Frames that are given out.
    #[must_use]
    pub const fn used(self) -> u64 {
        self.managed - self.free
    }
}

/// Figures, in frames, of one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Frames below 4 GiB.
    pub dma32: ZoneStatistics,
    /// Frames from 4 GiB on.
    pub normal: ZoneStatistics,
    /// Frames given out since the beginning.
    pub allocated_ever: u64,
    /// Frames taken back since the beginning.
    pub freed_ever: u64,
}

impl Statistics {
    /// The figures of one zone.
    #[must_use]
    pub const fn zone(&self, zone: Zone) -> ZoneStatistics {
        match zone {
            Zone::Dma32 => self.dma32,
            Zone::Normal => self.normal,
        }
    }

    #[inline]
    pub(crate) const fn zone_of(&mut self, number: usize) -> &mut ZoneStatistics {
        match Zone::of(Frame::from_number(number as u64)) {
            Zone::Dma32 => &mut self.dma32,
            Zone::Normal => &mut self.normal,
        }
    }

    /// Frames that the allocator manages, free or not.
    #[must_use]
    pub const fn managed(&self) -> u64 {
        self.dma32.managed + self.normal.managed
    }

    /// Frames that are free.
    #[must_use]
    pub const fn free(&self) -> u64 {
        self.dma32.free + self.normal.free
    }

    /// Frames that are given out.
    #[must_use]
    pub const fn used(&self) -> u64 {
        self.managed() - self.free()
    }
}
