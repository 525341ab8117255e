//! Feedback levels: where a thread stands among the others, and how it moves.
//!
//! A thread that uses up its time slice is one that computes: it sinks a level, where slices are longer and
//! turns rarer. One that blocks before that answers to somebody: it stays. Every [`BOOST_TICKS`] everybody
//! rises to the top again, whether it waits or sleeps, so that nobody starves below, and whoever has changed its ways is
//! found out. (Corbató's CTSS of 1962; Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", chapter 8.)

/// Fixed priorities of the real-time class, above all feedback levels; 0 is the most urgent.
pub const REALTIME_LEVELS: u8 = 8;
/// Feedback levels below them.
pub const FEEDBACK_LEVELS: u8 = 8;
/// Both. A power of two, so that staying in range is one instruction.
pub const LEVELS: usize = (REALTIME_LEVELS + FEEDBACK_LEVELS) as usize;
const _: () = assert!(LEVELS.is_power_of_two());

/// Ticks (milliseconds) between boosts.
pub const BOOST_TICKS: u32 = 500;

/// A slice of the top feedback level, in ticks; each level below has one tick more.
pub const TOP_SLICE_TICKS: u8 = 3;

/// A level: real-time priorities first, then the feedback levels. Smaller is more urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(u8);

impl Level {
    /// Where a thread without a wish begins.
    pub const TOP_FEEDBACK: Self = Self(REALTIME_LEVELS);
    /// The last.
    pub const BOTTOM: Self = Self(REALTIME_LEVELS + FEEDBACK_LEVELS - 1);

    /// The real-time level of `priority`, 0 to [`REALTIME_LEVELS`] − 1; a larger number is the last of them.
    pub const fn realtime(priority: u8) -> Self {
        Self(if priority < REALTIME_LEVELS { priority } else { REALTIME_LEVELS - 1 })
    }

    /// The feedback level so many below the top one; a larger number is the last.
    pub const fn feedback(below_top: u8) -> Self {
        Self(REALTIME_LEVELS + if below_top < FEEDBACK_LEVELS { below_top } else { FEEDBACK_LEVELS - 1 })
    }

    /// The level of that number; only the bits that a number below [`LEVELS`] has are looked at.
    pub const fn from_index(index: usize) -> Self {
        Self((index % LEVELS) as u8)
    }

    /// Its number, below [`LEVELS`].
    pub const fn index(self) -> usize {
        // Always so; said here, it spares every use as an index its check.
        self.0 as usize % LEVELS
    }

    /// Whether it is one of the real-time class.
    pub const fn is_realtime(self) -> bool {
        self.0 < REALTIME_LEVELS
    }

    /// How far below the top feedback level it is; 0 for that one and for those of the real-time class.
    pub const fn below_top(self) -> u8 {
        self.0.saturating_sub(REALTIME_LEVELS)
    }

    /// How long a turn is here, in ticks.
    pub const fn slice_ticks(self) -> u8 {
        // Real-time threads of one priority take turns too.
        if self.is_realtime() { TOP_SLICE_TICKS } else { TOP_SLICE_TICKS + (self.0 - REALTIME_LEVELS) }
    }

    /// One below, at most the last; real-time priorities stay.
    const fn sunk(self) -> Self {
        if self.is_realtime() || self.0 == Self::BOTTOM.0 { self } else { Self(self.0 + 1) }
    }
}

/// Where a thread stands: its level, and what is left of its slice there. What it uses before it blocks counts
/// as well, so that a thread can't stay on top by sleeping just before its slice ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    level: Level,
    ticks_left: u8,
}

impl Standing {
    /// At the beginning of a slice on `level`.
    pub const fn at(level: Level) -> Self {
        Self { level, ticks_left: level.slice_ticks() }
    }

    /// With so many ticks of the slice left.
    pub const fn new(level: Level, ticks_left: u8) -> Self {
        Self { level, ticks_left }
    }

    /// What is left of the slice, in ticks.
    pub const fn ticks_left(self) -> u8 {
        self.ticks_left
    }

    /// The level.
    pub const fn level(self) -> Level {
        self.level
    }

    /// Another tick has been used. When that was the slice's last, the thread sinks, and the answer is true: it
    /// is others' turn.
    #[must_use]
    pub fn use_tick(&mut self) -> bool {
        self.ticks_left = self.ticks_left.saturating_sub(1);
        if self.ticks_left > 0 {
            return false;
        }
        *self = Self::at(self.level.sunk());
        true
    }

    /// As [`Self::use_tick`], for several at once.
    #[must_use]
    pub fn use_ticks(&mut self, ticks: u32) -> bool {
        (0..ticks).fold(false, |ended, _| self.use_tick() | ended)
    }

    /// The queue gave the thread out at `level`, where a boost may have lifted it.
    pub fn found_at(&mut self, level: Level) {
        if level != self.level {
            *self = Self::at(level);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_thread_sinks_slice_by_slice_to_the_bottom() {
        let mut standing = Standing::at(Level::TOP_FEEDBACK);
        let mut seen = 0;
        let mut ticks = 0;
        while standing.level() != Level::BOTTOM {
            ticks += 1;
            seen += usize::from(standing.use_tick());
        }
        assert_eq!(seen, usize::from(FEEDBACK_LEVELS) - 1);
        assert_eq!(ticks, (3..10).sum::<u32>());
        for _ in 0..100 {
            let _ = standing.use_tick();
            assert_eq!(standing.level(), Level::BOTTOM);
        }
    }

    #[test]
    fn sleeping_before_the_end_of_a_slice_does_not_renew_it() {
        let mut standing = Standing::at(Level::TOP_FEEDBACK);
        // Two ticks, a sleep, two ticks, …: what is kept between is the standing itself.
        let ends = (0..12).filter(|_| standing.use_tick()).count();
        assert!(ends >= 2, "in 12 ticks only {ends} slices ended");
    }

    #[test]
    fn real_time_priorities_are_fixed() {
        let mut standing = Standing::at(Level::realtime(2));
        (0..100).for_each(|_| _ = standing.use_tick());
        assert_eq!(standing.level(), Level::realtime(2));
    }
}
