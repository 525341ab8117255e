//! Which CPU a woken thread runs on, and whom an idle CPU takes work from.

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

/// The CPU from which `thief` should take a thread: the one with the most waiting, or none.
pub fn steal_from(thief: usize, cpus: impl Iterator<Item = CpuLoad>) -> Option<usize> {
    cpus.enumerate()
        .filter(|(cpu, load)| *cpu != thief && load.queued > 0)
        .max_by_key(|(_, load)| load.queued)
        .map(|(cpu, _)| cpu)
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
        assert_eq!(steal_from(0, [busy(9), busy(2), busy(4)].into_iter()), Some(2));
        assert_eq!(steal_from(2, [busy(0), IDLE, busy(4)].into_iter()), None);
    }
}
