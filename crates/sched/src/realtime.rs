//! The real-time class: fixed priorities above the feedback levels, each thread with a budget per period.
//!
//! A thread asks for `budget` of every `period` ([`Admission::admit`]) and is refused what the CPU can't promise.
//! Within its budget it goes before all others; beyond it, until its next period begins, it is a thread like any
//! other ([`Reservation::charge`]), so that one that does not end can't take the machine. A period in which it
//! did not finish what it had begun is a miss, and counted.

/// What a thread has reserved, and how it stands in the current period. Times in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    priority: u8,
    budget_ns: u64,
    period_ns: u64,
    period_began_ns: u64,
    used_ns: u64,
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

    /// Periods in which the thread did not finish.
    pub const fn misses(&self) -> u64 {
        self.misses
    }

    /// When the current period ends.
    pub const fn period_ends_ns(&self) -> u64 {
        self.period_began_ns.saturating_add(self.period_ns)
    }

    /// The thread has run `ran_ns` until `now_ns` and wants to go on. Whether it may as a real-time thread: what
    /// it used is counted, and periods that have ended meanwhile are missed ones, since it did not finish.
    pub fn charge(&mut self, ran_ns: u64, now_ns: u64) -> bool {
        self.used_ns = self.used_ns.saturating_add(ran_ns);
        let ended = now_ns.saturating_sub(self.period_began_ns) / self.period_ns;
        if ended > 0 {
            self.misses = self.misses.saturating_add(ended);
            self.begin_period(ended);
        }
        self.used_ns < self.budget_ns
    }

    /// The thread finished what it had to do in this period, and blocked.
    pub fn finish(&mut self, ran_ns: u64) {
        self.used_ns = self.used_ns.saturating_add(ran_ns);
    }

    /// The thread wakes at `now_ns`. Whether it may run as a real-time thread. What it slept through is no miss.
    pub fn wake(&mut self, now_ns: u64) -> bool {
        let ended = now_ns.saturating_sub(self.period_began_ns) / self.period_ns;
        if ended > 0 {
            self.begin_period(ended);
        }
        self.used_ns < self.budget_ns
    }

    fn begin_period(&mut self, ended: u64) {
        self.period_began_ns = self.period_began_ns.saturating_add(ended.saturating_mul(self.period_ns));
        self.used_ns = 0;
    }
}

/// One in the fixed-point numbers of the admission test.
const ONE: u64 = 1 << 24;

/// What one CPU has promised, by the hyperbolic bound: threads of fixed priorities, those with shorter periods
/// more urgent, all meet their deadlines if the product of (1 + budget / period) is at most 2 (Bini, Buttazzo
/// and Buttazzo, "Rate Monotonic Analysis: The Hyperbolic Bound", 2003).
#[derive(Clone, Debug)]
pub struct Admission {
    product: u64,
}

impl Default for Admission {
    fn default() -> Self {
        Self::new()
    }
}

impl Admission {
    /// Nothing promised.
    pub const fn new() -> Self {
        Self { product: ONE }
    }

    /// Promises `budget_ns` of every `period_ns` at `priority`, from `now_ns` on.
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
        let product = Self::times(self.product, budget_ns, period_ns);
        if product > 2 * ONE {
            return Err(Refused::TooMuch);
        }
        self.product = product;
        Ok(Reservation { priority, budget_ns, period_ns, period_began_ns: now_ns, used_ns: 0, misses: 0 })
    }

    /// Takes a promise back.
    pub fn release(&mut self, reservation: &Reservation) {
        let share = Self::times(ONE, reservation.budget_ns, reservation.period_ns);
        let product = u128::from(self.product) * u128::from(ONE) / u128::from(share);
        self.product = (product as u64).max(ONE);
    }

    /// `product` × (1 + budget / period), rounded up so that rounding never promises too much.
    fn times(product: u64, budget_ns: u64, period_ns: u64) -> u64 {
        let share = (u128::from(budget_ns) * u128::from(ONE)).div_ceil(u128::from(period_ns));
        (u128::from(product) * (u128::from(ONE) + share)).div_ceil(u128::from(ONE)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut cpu = Admission::new();
        assert_eq!(cpu.admit(0, 0, MS, 0), Err(Refused::Senseless));
        assert_eq!(cpu.admit(0, 2 * MS, MS, 0), Err(Refused::Senseless));
        // (1 + 1/2)(1 + 1/3) = 2: exactly full.
        let half = cpu.admit(0, 5 * MS, 10 * MS, 0).unwrap();
        assert!(cpu.admit(1, 33 * MS, 100 * MS, 0).is_ok());
        assert_eq!(cpu.admit(2, MS, 100 * MS, 0), Err(Refused::TooMuch));
        cpu.release(&half);
        assert!(cpu.admit(0, 4 * MS, 10 * MS, 0).is_ok());
    }

    /// Threads that were admitted meet every deadline, simulated tick by tick with the most urgent first and the
    /// shorter period more urgent, from the worst moment: all periods begin together.
    #[test]
    fn whoever_is_admitted_meets_all_deadlines() {
        let mut seed = 5_u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
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
        reservation.finish(MS);
        assert!(reservation.wake(57 * MS));
        assert_eq!((reservation.misses(), reservation.period_ends_ns()), (0, 60 * MS));
    }
}
