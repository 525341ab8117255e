//! Which CPU a woken thread runs on, and whom an idle CPU takes work from.

/// What the policy knows of a CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuLoad {
    /// It runs nothing.
    pub idle: bool,
    /// Threads waiting for it.
    pub queued: usize,
}

/// The CPU for a woken thread that last ran on `last`: that one if it is idle (its caches may still hold
/// the thread's data), else an idle one, else `last`, from which an idle CPU may steal later.
pub fn place(last: usize, cpus: impl Iterator<Item = CpuLoad> + Clone) -> usize {
    let free = |load: &CpuLoad| load.idle && load.queued == 0;
    if cpus.clone().nth(last).is_some_and(|load| free(&load)) {
        return last;
    }
    cpus.clone().position(|load| free(&load)).unwrap_or(if last < cpus.count() { last } else { 0 })
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
        assert_eq!(place(1, [IDLE, IDLE, busy(0)].into_iter()), 1);
    }

    #[test]
    fn else_to_an_idle_cpu() {
        assert_eq!(place(0, [busy(0), busy(3), IDLE].into_iter()), 2);
        // Idle but about to run something: not free.
        assert_eq!(place(0, [busy(0), CpuLoad { idle: true, queued: 1 }].into_iter()), 0);
    }

    #[test]
    fn else_home_and_never_out_of_range() {
        assert_eq!(place(1, [busy(0), busy(5)].into_iter()), 1);
        assert_eq!(place(7, [busy(0), busy(5)].into_iter()), 0);
    }

    #[test]
    fn an_idle_cpu_steals_from_the_busiest_other() {
        assert_eq!(steal_from(0, [busy(9), busy(2), busy(4)].into_iter()), Some(2));
        assert_eq!(steal_from(2, [busy(0), IDLE, busy(4)].into_iter()), None);
    }
}
