//! Who wakes when, at a cost that does not grow with the number of sleepers: a hierarchical timing wheel (Varghese
//! and Lauck, "Hashed and Hierarchical Timing Wheels", 1987, scheme 7).
//!
//! Time is cut into units of [`UNIT_NS`], and a deadline's number of units is read in digits of six bits. The level
//! of a sleeper is that of the highest digit in which its deadline differs from the wheel's time, its list the one of
//! that digit there. When the wheel's time comes to a list of the lowest level, its sleepers are due; when it comes
//! to one of a higher level, they are sorted anew by their lower digits, so each sleeper moves at most once a level.
//! A sleeper is never early, and at most one unit late.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

/// A unit is 2^16 ns, about 66 µs.
const UNIT_BITS: u32 = 16;
/// How late a sleeper may be, in nanoseconds.
pub const UNIT_NS: u64 = 1 << UNIT_BITS;

const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
/// Enough for every deadline that 64 bits of nanoseconds can say.
const WHEELS: usize = (u64::BITS - UNIT_BITS).div_ceil(DIGIT_BITS) as usize;

/// The last moment there is, in units.
const LATEST: u64 = u64::MAX >> UNIT_BITS;

/// No sleeper.
const NOBODY: u32 = u32::MAX;

/// A sleeper's entry. Those of a list are linked both ways, so that one can leave from anywhere.
#[derive(Debug)]
struct Entry<T> {
    /// In units.
    due: u64,
    next: u32,
    previous: u32,
    /// Level × [`SLOTS`] + digit.
    list: u16,
    /// `None` while the slot does not sleep.
    value: Option<T>,
}

/// A list that the wheel's time comes to.
struct Event {
    at: u64,
    wheel: usize,
    digit: usize,
}

/// Sleepers by deadline. A sleeper is known by a small number, its slot, and is in the wheel at most once.
#[derive(Debug)]
pub struct TimerWheel<T> {
    /// The wheel's time, in units: nothing before it is left.
    now: u64,
    /// The first sleeper of each list of each level. Made with the first room: a machine has wheels for more CPUs than
    /// it has, and these are 2 KiB each.
    heads: Vec<[u32; SLOTS]>,
    /// A bit for each list that is not empty.
    occupied: [u64; WHEELS],
    entries: Vec<Entry<T>>,
}

impl<T> Default for TimerWheel<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> TimerWheel<T> {
    /// An empty wheel without room.
    pub const fn new() -> Self {
        Self { now: 0, heads: Vec::new(), occupied: [0; WHEELS], entries: Vec::new() }
    }

    /// Makes room for slots below `slots`, so that [`TimerWheel::insert`] never allocates.
    pub fn reserve(&mut self, slots: usize) -> Result<(), TryReserveError> {
        self.heads.try_reserve(WHEELS - self.heads.len())?;
        self.heads.resize(WHEELS, [NOBODY; SLOTS]);
        self.entries.try_reserve(slots.saturating_sub(self.entries.len()))?;
        while self.entries.len() < slots {
            self.entries.push(Entry { due: 0, next: NOBODY, previous: NOBODY, list: 0, value: None });
        }
        Ok(())
    }

    /// Adds a sleeper, whose deadline is in nanoseconds. Gives the value back when `slot` has no room reserved or
    /// sleeps already.
    pub fn insert(&mut self, slot: usize, deadline_ns: u64, value: T) -> Result<(), T> {
        let due = deadline_ns.div_ceil(UNIT_NS).clamp(self.now, LATEST);
        match self.entries.get_mut(slot) {
            Some(entry) if entry.value.is_none() => {
                entry.value = Some(value);
                entry.due = due;
            }
            _ => return Err(value),
        }
        self.link(slot as u32, due);
        Ok(())
    }

    /// Takes a sleeper out before its time; `None` when it does not sleep.
    pub fn remove(&mut self, slot: usize) -> Option<T> {
        let value = self.entries.get_mut(slot)?.value.take()?;
        self.unlink(slot as u32);
        Some(value)
    }

    /// Takes out one sleeper whose deadline is not after `now_ns`.
    pub fn pop_due(&mut self, now_ns: u64) -> Option<T> {
        let now = now_ns >> UNIT_BITS;
        while let Some(event) = self.next_event()
            && event.at <= now
        {
            self.now = event.at;
            let first = self.heads[event.wheel][event.digit];
            if event.wheel == 0 {
                return self.remove(first as usize);
            }
            self.sort_anew(event, first);
        }
        // Nobody is due before: later sleepers are sorted by what is left of their time.
        self.now = self.now.max(now);
        None
    }

    /// When to look again, in nanoseconds: not after the earliest deadline's unit has ended, perhaps earlier, to sort
    /// sleepers anew.
    pub fn next_deadline(&self) -> Option<u64> {
        self.next_event().map(|event| event.at << UNIT_BITS)
    }

    /// The list that the wheel's time comes to next. Those of a lower level come before all of a higher one, since
    /// their higher digits are the time's own.
    fn next_event(&self) -> Option<Event> {
        let wheel = self.occupied.iter().position(|&lists| lists != 0)?;
        let shift = wheel as u32 * DIGIT_BITS;
        // A list behind the time's own digit would be in the past, and there is none.
        let digit = self.occupied[wheel].trailing_zeros() as usize;
        let turn = self.now >> shift & !(SLOTS as u64 - 1);
        let at = (turn | digit as u64) << shift;
        Some(Event { at: at.max(self.now), wheel, digit })
    }

    /// Distributes a list of a higher level, whose time has come, over the lower ones.
    fn sort_anew(&mut self, event: Event, first: u32) {
        self.heads[event.wheel][event.digit] = NOBODY;
        self.occupied[event.wheel] &= !(1 << event.digit);
        let mut slot = first;
        while slot != NOBODY {
            let entry = &self.entries[slot as usize];
            let (next, due) = (entry.next, entry.due);
            self.link(slot, due);
            slot = next;
        }
    }

    /// Puts a slot into the list of its deadline.
    fn link(&mut self, slot: u32, due: u64) {
        let highest = (self.now ^ due).checked_ilog2().unwrap_or(0);
        let wheel = (highest / DIGIT_BITS) as usize;
        let digit = (due >> (wheel as u32 * DIGIT_BITS)) as usize % SLOTS;
        let first = core::mem::replace(&mut self.heads[wheel][digit], slot);
        self.occupied[wheel] |= 1 << digit;
        let entry = &mut self.entries[slot as usize];
        entry.list = (wheel * SLOTS + digit) as u16;
        entry.next = first;
        entry.previous = NOBODY;
        if let Some(first) = self.entries.get_mut(first as usize) {
            first.previous = slot;
        }
    }

    /// Takes a slot out of its list.
    fn unlink(&mut self, slot: u32) {
        let Entry { next, previous, list, .. } = self.entries[slot as usize];
        if let Some(next) = self.entries.get_mut(next as usize) {
            next.previous = previous;
        }
        if let Some(previous) = self.entries.get_mut(previous as usize) {
            previous.next = next;
            return;
        }
        let (wheel, digit) = (usize::from(list) / SLOTS, usize::from(list) % SLOTS);
        self.heads[wheel][digit] = next;
        if next == NOBODY {
            self.occupied[wheel] &= !(1 << digit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use fastrand::Rng;

    /// Random operations against a map from slot to deadline, over times of every magnitude.
    #[test]
    fn agrees_with_a_map() {
        let mut random = Rng::with_seed(7);
        let mut random = |below: u64| random.u64(..below);
        for round in 0..40 {
            let mut wheel = TimerWheel::new();
            wheel.reserve(50).unwrap();
            let mut model: BTreeMap<usize, u64> = BTreeMap::new();
            let mut now = 0_u64;
            let stride = 1 << (10 + round);
            for _ in 0..5_000 {
                let slot = random(50) as usize;
                match random(5) {
                    0 | 1 => {
                        let deadline = now + random(stride) * random(64);
                        let inserted = wheel.insert(slot, deadline, slot).is_ok();
                        assert_eq!(inserted, !model.contains_key(&slot));
                        model.entry(slot).or_insert(deadline);
                    }
                    2 => assert_eq!(wheel.remove(slot), model.remove(&slot).map(|_| slot)),
                    3 => {
                        now += random(stride);
                        while let Some(slot) = wheel.pop_due(now) {
                            let deadline = model.remove(&slot).unwrap();
                            assert!(deadline <= now, "{slot} was woken {} ns early", deadline - now);
                        }
                        let late = model.values().any(|deadline| deadline + UNIT_NS <= now);
                        assert!(!late, "somebody sleeps on");
                    }
                    _ => {
                        // Whoever looks only when told to is in time.
                        let look = wheel.next_deadline();
                        assert_eq!(look.is_none(), model.is_empty());
                        if let (Some(look), Some(earliest)) = (look, model.values().min()) {
                            assert!(
                                look < earliest + UNIT_NS,
                                "look at {look}, but {earliest} is due before"
                            );
                        }
                    }
                }
            }
        }
    }

    /// A sleeper is sorted anew at most once a level, however long it sleeps and however often one looks.
    #[test]
    fn looking_when_told_to_ends_every_sleep_in_a_few_steps() {
        for bits in 0..64 {
            let mut wheel = TimerWheel::new();
            wheel.reserve(1).unwrap();
            let deadline = 1_u64 << bits | 0x1234_5678_9abc >> (63 - bits).min(47);
            wheel.insert(0, deadline, ()).unwrap();
            let looks = (0..100).take_while(|_| {
                let look = wheel.next_deadline().unwrap();
                wheel.pop_due(look).is_none()
            });
            assert!(looks.count() < WHEELS + 1, "a deadline of {deadline} ns");
        }
        let mut wheel = TimerWheel::new();
        wheel.reserve(1).unwrap();
        assert_eq!(wheel.insert(0, u64::MAX, ()), Ok(()));
        assert_eq!(wheel.pop_due(u64::MAX >> 1), None);
        assert_eq!(wheel.remove(0), Some(()));
    }

    #[test]
    fn a_slot_without_room_is_refused() {
        let mut wheel = TimerWheel::new();
        assert_eq!(wheel.insert(3, 1, "x"), Err("x"));
        wheel.reserve(4).unwrap();
        assert_eq!(wheel.insert(3, 1, "x"), Ok(()));
        assert_eq!(wheel.insert(3, 2, "y"), Err("y"));
    }
}
