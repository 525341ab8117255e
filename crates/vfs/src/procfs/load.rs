//! How busy the system was on the average of the last minutes, as Linux reckons it (`kernel/sched/loadavg.c` there): every
//! five seconds each average goes a part of the way to the number of threads that want to run.

/// Milliseconds between two looks.
pub const INTERVAL_MS: u64 = 5000;

/// 1 in the fixed-point numbers below.
const ONE: u64 = 1 << 11;
/// `ONE / exp(5 s / t)` for averages over 1, 5 and 15 minutes.
const KEPT: [u64; 3] = [1884, 2014, 2037];

/// The three averages.
#[derive(Debug, Clone, Copy, Default)]
pub struct Load {
    averages: [u64; 3],
}

impl Load {
    /// Of a system that did nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { averages: [0; 3] }
    }

    /// Five seconds have passed, and now `threads` run or could.
    pub fn note(&mut self, threads: u64) {
        let active = threads.min(u64::from(u32::MAX)) * ONE;
        for (average, kept) in self.averages.iter_mut().zip(KEPT) {
            // Rounded towards where it goes, so that it gets there.
            let rounding = if active >= *average { ONE - 1 } else { 0 };
            *average = (*average * kept + active * (ONE - kept) + rounding) / ONE;
        }
    }

    /// The averages over 1, 5 and 15 minutes, in hundredths.
    #[must_use]
    pub fn hundredths(&self) -> [u64; 3] {
        self.averages.map(|average| (average + ONE / 200) * 100 / ONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the exponential function that the fixed-point numbers stand for.
    #[test]
    fn averages_follow_the_exponential_function() {
        extern crate std;
        let mut load = Load::new();
        for (seconds, threads) in [(60, 4), (300, 0), (900, 2)] {
            let before = load.hundredths();
            (0..seconds / 5).for_each(|_| load.note(threads));
            for ((average, before), minutes) in
                load.hundredths().into_iter().zip(before).zip([1.0, 5.0, 15.0])
            {
                let rest = f64::exp(-f64::from(seconds) / (60.0 * minutes));
                let wanted = before as f64 * rest + threads as f64 * 100.0 * (1.0 - rest);
                assert!((average as f64 - wanted).abs() <= 4.0, "{average} instead of {wanted}");
            }
        }
    }

    #[test]
    fn a_system_at_rest_comes_to_nothing() {
        let mut load = Load::new();
        (0..100).for_each(|_| load.note(1));
        assert_eq!(load.hundredths()[0], 100);
        (0..2000).for_each(|_| load.note(0));
        assert_eq!(load.hundredths(), [0, 0, 0]);
    }
}
