//! The real-time class: fixed priorities above the feedback levels, each thread with a budget per period.
//!
//! A thread asks for `budget` of every `period` ([`Admission::admit`]) and is refused what the CPU can't promise.
//! Within its budget it goes before all others; beyond it, until its next period begins, it is a thread like any
//! other ([`Reservation::charge`]), so that one that does not end can't take the machine. A period begins when the
//! thread wakes, or for one that goes on, when the one before ends. What a thread has woken for it should have done a
//! period later: if it has not, that is a deadline missed, and counted.

/// What a thread has reserved, and how it stands in the current period. Times in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    priority: u8,
    budget_ns: u64,
    period_ns: u64,
    period_began_ns: u64,
    used_ns: u64,
    /// When the thread woke; a period after each miss counts as a new beginning.
    woke_ns: u64,
    misses: u64,
}

/// Why a reservation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No budget, no period, or more budget than period.
    Senseless,
    /// The CPU has promised too much already.
    TooMuch,
}

impl core::fmt::Display for Refused {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Senseless => "a budget must be more than nothing and at most the period",
            Self::TooMuch => "the CPU has promised too much of its time already",
        })
    }
}

impl Reservation {
    /// The fixed priority, 0 the most urgent.
    pub const fn priority(&self) -> u8 {
        self.priority
    }

    /// Deadlines missed.
    pub const fn misses(&self) -> u64 {
        self.misses
    }

    /// When the current period ends.
    pub const fn period_ends_ns(&self) -> u64 {
        self.period_began_ns.saturating_add(self.period_ns)
    }

    /// The thread has run `ran_ns` more until `now_ns` and wants to go on. Whether it may as a real-time thread.
    pub fn charge(&mut self, ran_ns: u64, now_ns: u64) -> bool {
        self.used_ns = self.used_ns.saturating_add(ran_ns);
        let missed = now_ns.saturating_sub(self.woke_ns) / self.period_ns;
        self.misses = self.misses.saturating_add(missed);
        self.woke_ns = self.woke_ns.saturating_add(missed.saturating_mul(self.period_ns));
        let ended = now_ns.saturating_sub(self.period_began_ns) / self.period_ns;
        if ended > 0 {
            // It went on all the time, so its periods follow each other.
            self.begin_period(self.period_began_ns.saturating_add(ended.saturating_mul(self.period_ns)));
        }
        self.used_ns < self.budget_ns
    }

    /// The thread has run `ran_ns` more until `now_ns`, has finished what it woke for, and sleeps.
    pub fn finish(&mut self, ran_ns: u64, now_ns: u64) {
        self.charge(ran_ns, now_ns);
    }

    /// The thread wakes at `now_ns`. Whether it may run as a real-time thread. What it slept through is no miss.
    pub fn wake(&mut self, now_ns: u64) -> bool {
        self.woke_ns = now_ns;
        if now_ns >= self.period_ends_ns() {
            self.begin_period(now_ns);
        }
        self.used_ns < self.budget_ns
    }

    fn begin_period(&mut self, at_ns: u64) {
        self.period_began_ns = at_ns;
        self.used_ns = 0;
    }
}

/// Reservations one CPU may promise.
pub const MOST_RESERVATIONS: usize = 8;

/// Steps after which a response time that still grows counts as too long.
const MOST_STEPS: usize = 1_000;

/// What one CPU has promised.
///
/// The test is the exact one for fixed priorities (Joseph and Pandya, "Finding Response Times in a Real-Time System",
/// 1986): the worst response time of a thread is its budget and those of all that go before it, as often as these
/// begin anew meanwhile; if that is within its period, it always gets its budget in time. Threads of one priority take
/// turns, so each counts as going before the other.
#[derive(Clone, Debug)]
pub struct Admission {
    promises: [Option<Promise>; MOST_RESERVATIONS],
    /// By how much a thread may use more than its budget before somebody sees it.
    overrun_ns: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Promise {
    priority: u8,
    budget_ns: u64,
    period_ns: u64,
}

impl Default for Admission {
    fn default() -> Self {
        Self::new()
    }
}

impl Admission {
    /// Nothing promised, where budgets are enforced at once.
    pub const fn new() -> Self {
        Self::with_overrun(0)
    }

    /// Nothing promised, where budgets are enforced `overrun_ns` late at most: at a tick.
    pub const fn with_overrun(overrun_ns: u64) -> Self {
        Self { promises: [None; MOST_RESERVATIONS], overrun_ns }
    }

    /// Promises `budget_ns` of every `period_ns` at `priority`, 0 the most urgent, from `now_ns` on.
    ///
    /// # Errors
    /// [`Refused`]: the reservation makes no sense, or somebody's promise could not be kept.
    pub fn admit(
        &mut self,
        priority: u8,
        budget_ns: u64,
        period_ns: u64,
        now_ns: u64,
    ) -> Result<Reservation, Refused> {
        if budget_ns == 0 || budget_ns > period_ns {
            return Err(Refused::Senseless);
        }
        let place = self.promises.iter().position(Option::is_none).ok_or(Refused::TooMuch)?;
        self.promises[place] = Some(Promise { priority, budget_ns, period_ns });
        if !self.can_be_kept() {
            self.promises[place] = None;
            return Err(Refused::TooMuch);
        }
        let (period_began_ns, woke_ns) = (now_ns, now_ns);
        Ok(Reservation { priority, budget_ns, period_ns, period_began_ns, used_ns: 0, woke_ns, misses: 0 })
    }

    /// Takes a promise back.
    pub fn release(&mut self, reservation: &Reservation) {
        let Reservation { priority, budget_ns, period_ns, .. } = *reservation;
        let promise = Some(Promise { priority, budget_ns, period_ns });
        if let Some(place) = self.promises.iter_mut().find(|place| **place == promise) {
            *place = None;
        }
    }

    /// Promised time, in thousandths of the CPU's.
    pub fn load(&self) -> u32 {
        self.promises
            .iter()
            .flatten()
            .map(|p| (u128::from(p.budget_ns) * 1000 / u128::from(p.period_ns)) as u32)
            .sum()
    }

    fn can_be_kept(&self) -> bool {
        (0..MOST_RESERVATIONS).all(|which| self.promises[which].is_none_or(|own| self.is_in_time(which, own)))
    }

    /// Whether the worst response time of promise number `which` is within its period.
    fn is_in_time(&self, which: usize, own: Promise) -> bool {
        let before =
            |&(other, promise): &(usize, Promise)| other != which && promise.priority <= own.priority;
        let promises = self.promises.iter().enumerate();
        let others = promises.filter_map(|(other, promise)| Some((other, (*promise)?))).filter(before);
        let mut response = u128::from(own.budget_ns);
        for _ in 0..MOST_STEPS {
            let delays = others.clone().map(|(_, other)| {
                let times = response.div_ceil(u128::from(other.period_ns));
                times * (u128::from(other.budget_ns) + u128::from(self.overrun_ns))
            });
            let next = u128::from(own.budget_ns) + delays.sum::<u128>();
            if next > u128::from(own.period_ns) {
                return false;
            }
            if next == response {
                return true;
            }
            response = next;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fastrand::Rng;

    const MS: u64 = 1_000_000;

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut cpu = Admission::new();
        assert_eq!(cpu.admit(0, 0, MS, 0), Err(Refused::Senseless));
        assert_eq!(cpu.admit(0, 2 * MS, MS, 0), Err(Refused::Senseless));
        // Half and half: exactly full.
        let half = cpu.admit(0, 5 * MS, 10 * MS, 0).unwrap();
        assert!(cpu.admit(1, 50 * MS, 100 * MS, 0).is_ok());
        assert_eq!(cpu.load(), 1000);
        assert_eq!(cpu.admit(2, MS, 100 * MS, 0), Err(Refused::TooMuch));
        cpu.release(&half);
        assert!(cpu.admit(0, 4 * MS, 10 * MS, 0).is_ok());
    }

    #[test]
    fn what_would_come_too_late_is_refused_though_there_is_time() {
        let mut cpu = Admission::new();
        // The urgent one may take 6 ms in a row, and then less than 4 of 8 ms are left.
        assert!(cpu.admit(0, 6 * MS, 20 * MS, 0).is_ok());
        assert_eq!(cpu.admit(1, 3 * MS, 8 * MS, 0), Err(Refused::TooMuch));
        assert!(cpu.admit(1, 2 * MS, 8 * MS, 0).is_ok());
        // Nor is an older promise broken by a more urgent new one.
        assert_eq!(cpu.admit(0, MS, 8 * MS, 0), Err(Refused::TooMuch));
    }

    #[test]
    fn what_is_seen_late_counts() {
        let mut cpu = Admission::with_overrun(MS);
        assert!(cpu.admit(0, 2 * MS, 10 * MS, 0).is_ok());
        assert_eq!(cpu.admit(1, 8 * MS, 10 * MS, 0), Err(Refused::TooMuch));
        assert!(cpu.admit(1, 7 * MS, 10 * MS, 0).is_ok());
    }

    /// Threads that were admitted meet every deadline, simulated tick by tick with the most urgent first and the
    /// shorter period more urgent, from the worst moment: all periods begin together.
    #[test]
    fn whoever_is_admitted_meets_all_deadlines() {
        let mut random = Rng::with_seed(5);
        let mut random = |below: u64| random.u64(..below);
        for _ in 0..300 {
            let mut cpu = Admission::new();
            let mut tasks: alloc::vec::Vec<(u64, u64)> = (0..8)
                .filter_map(|_| {
                    let period = 5 + random(60);
                    let budget = 1 + random(period / 3);
                    cpu.admit(0, budget * MS, period * MS, 0).ok().map(|_| (budget, period))
                })
                .collect();
            tasks.sort_by_key(|&(_, period)| period);
            let mut left: alloc::vec::Vec<u64> = tasks.iter().map(|&(budget, _)| budget).collect();
            for tick in 0..5_000 {
                for (task, &(budget, period)) in tasks.iter().enumerate() {
                    if tick > 0 && tick % period == 0 {
                        assert_eq!(left[task], 0, "of {tasks:?} number {task} missed its deadline at {tick}");
                        left[task] = budget;
                    }
                }
                if let Some(running) = left.iter_mut().find(|left| **left > 0) {
                    *running -= 1;
                }
            }
        }
    }

    #[test]
    fn who_overruns_is_ordinary_until_the_next_period() {
        let mut reservation = Admission::new().admit(0, 2 * MS, 10 * MS, 0).unwrap();
        assert!(reservation.charge(MS, MS));
        assert!(!reservation.charge(MS, 2 * MS));
        assert!(!reservation.charge(MS, 5 * MS));
        assert!(reservation.charge(MS, 10 * MS), "a new period has a new budget");
        assert_eq!(reservation.misses(), 1);
    }

    #[test]
    fn sleeping_through_a_period_is_no_miss() {
        let mut reservation = Admission::new().admit(0, 2 * MS, 10 * MS, 0).unwrap();
        reservation.finish(MS, 3 * MS);
        assert!(reservation.wake(57 * MS));
        assert_eq!((reservation.misses(), reservation.period_ends_ns()), (0, 67 * MS));
    }

    #[test]
    fn what_is_not_done_a_period_after_waking_is_a_miss() {
        let mut reservation = Admission::new().admit(0, 2 * MS, 10 * MS, 0).unwrap();
        // Awake in time, but late in its period: its deadline is 18 ms.
        assert!(reservation.wake(8 * MS));
        reservation.finish(MS, 17 * MS);
        assert_eq!(reservation.misses(), 0);
        assert!(reservation.wake(30 * MS));
        reservation.finish(MS, 52 * MS);
        assert_eq!(reservation.misses(), 2);
    }
}
