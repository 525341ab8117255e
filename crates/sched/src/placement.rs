//! Which CPU a woken thread runs on, whom an idle CPU takes work from, and which idle CPUs are told that there is some.

/// What the policy knows of a CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuLoad {
    /// It runs nothing.
    pub idle: bool,
    /// Threads waiting for it.
    pub queued: usize,
}

/// The CPU for a woken thread that last ran on `last` and may run on those that `allowed` says: `last` if it is
/// idle (its caches may still hold the thread's data), else an idle one, else `last`, from which an idle CPU may
/// steal later, else the first that is allowed.
pub fn place(
    last: usize,
    cpus: impl Iterator<Item = CpuLoad> + Clone,
    allowed: impl Fn(usize) -> bool,
) -> usize {
    let free = |load: &CpuLoad| load.idle && load.queued == 0;
    let mut first_allowed = None;
    let mut first_free = None;
    let mut last_is_allowed = false;
    for (cpu, load) in cpus.enumerate().filter(|&(cpu, _)| allowed(cpu)) {
        if cpu == last {
            if free(&load) {
                return last;
            }
            last_is_allowed = true;
        }
        first_allowed.get_or_insert(cpu);
        if free(&load) {
            first_free.get_or_insert(cpu);
        }
    }
    // A thread that may run nowhere must run somewhere.
    first_free.or(last_is_allowed.then_some(last)).or(first_allowed).unwrap_or(0)
}

/// The CPU from which to take a thread: the one with the most waiting, but for those in `passed_over`, a bit each: the
/// thief itself, and those from which nothing could be taken, since all who wait there may be bound there.
pub fn steal_from(passed_over: u64, cpus: impl Iterator<Item = CpuLoad>) -> Option<usize> {
    cpus.enumerate()
        .filter(|(cpu, load)| passed_over & 1 << cpu == 0 && load.queued > 0)
        .max_by_key(|(_, load)| load.queued)
        .map(|(cpu, _)| cpu)
}

/// Threads that [`whom_to_tell`] looks at: it runs at ticks.
const LOOKED_AT: usize = 16;

/// Which of the CPUs `idle` to tell that there is somebody to take, a bit each: one for every thread that waits and may
/// run there. `waiting` says where each may run, the most urgent first.
///
/// Where so many wait that not all are looked at, one more is told, another one in each `turn`.
pub fn whom_to_tell(idle: u64, waiting: impl Iterator<Item = u64>, turn: u32) -> u64 {
    let mut left = idle;
    for (number, allowed) in waiting.enumerate() {
        if left == 0 {
            break;
        }
        if number == LOOKED_AT {
            let mut chosen = left;
            for _ in 0..turn % left.count_ones() {
                chosen &= chosen - 1;
            }
            left &= !(chosen & chosen.wrapping_neg());
            break;
        }
        let suitable = left & allowed;
        left &= !(suitable & suitable.wrapping_neg());
    }
    idle & !left
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: CpuLoad = CpuLoad { idle: true, queued: 0 };
    const fn busy(queued: usize) -> CpuLoad {
        CpuLoad { idle: false, queued }
    }

    #[test]
    fn a_thread_goes_home_if_home_is_free() {
        assert_eq!(place(1, [IDLE, IDLE, busy(0)].into_iter(), |_| true), 1);
    }

    #[test]
    fn else_to_an_idle_cpu() {
        assert_eq!(place(0, [busy(0), busy(3), IDLE].into_iter(), |_| true), 2);
        // Idle but about to run something: not free.
        assert_eq!(place(0, [busy(0), CpuLoad { idle: true, queued: 1 }].into_iter(), |_| true), 0);
    }

    #[test]
    fn else_home_and_never_out_of_range() {
        assert_eq!(place(1, [busy(0), busy(5)].into_iter(), |_| true), 1);
        assert_eq!(place(7, [busy(0), busy(5)].into_iter(), |_| true), 0);
    }

    #[test]
    fn and_only_where_it_may() {
        assert_eq!(place(0, [IDLE, IDLE, busy(0)].into_iter(), |cpu| cpu == 2), 2);
        assert_eq!(place(0, [IDLE, busy(1), IDLE].into_iter(), |cpu| cpu > 0), 2);
        assert_eq!(place(1, [IDLE, busy(1), busy(1)].into_iter(), |cpu| cpu > 0), 1);
        assert_eq!(place(1, [IDLE, busy(1)].into_iter(), |_| false), 0);
    }

    #[test]
    fn an_idle_cpu_steals_from_the_busiest_other() {
        assert_eq!(steal_from(0b001, [busy(9), busy(2), busy(4)].into_iter()), Some(2));
        assert_eq!(steal_from(0b101, [busy(9), busy(2), busy(4)].into_iter()), Some(1));
        assert_eq!(steal_from(0b100, [busy(0), IDLE, busy(4)].into_iter()), None);
    }

    /// As many as can be told, each for a thread of its own: looked for by trying every subset.
    #[test]
    fn who_is_told_may_run_somebody() {
        for idle in 0..8_u64 {
            for waiting in 0..8_u64.pow(3) {
                let waiting = [waiting % 8, waiting / 8 % 8, waiting / 64];
                let told = whom_to_tell(idle, waiting.into_iter(), 0);
                assert_eq!(told & !idle, 0, "busy ones are told");
                let useful = |cpu: u64| waiting.iter().any(|allowed| allowed & cpu != 0);
                assert!((0..3).map(|cpu| 1 << cpu).all(|cpu| told & cpu == 0 || useful(cpu)), "for nothing");
                let idle_and_useful = idle & waiting.iter().fold(0, |all, allowed| all | allowed);
                assert_eq!(told == 0, idle_and_useful == 0, "{idle:b} {waiting:?}");
            }
        }
        assert_eq!(whom_to_tell(0b1110, [u64::MAX; 2].into_iter(), 0), 0b0110, "one each");
    }

    #[test]
    fn behind_many_bound_ones_somebody_is_looked_for_by_turns() {
        let waiting = || core::iter::repeat_n(1, 40).chain([0b1000]);
        let told: std::vec::Vec<u64> = (0..4).map(|turn| whom_to_tell(0b1110, waiting(), turn)).collect();
        assert_eq!(told, [0b0010, 0b0100, 0b1000, 0b0010]);
    }
}
