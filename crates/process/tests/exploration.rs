//! Every state that a few processes and threads can reach, breadth first, with the kernel's part played by
//! the model: threads sleep in `wait` until an effect wakes them.
//!
//! Checked in every state: the table's own promises ([`ProcessTable::check`]); nobody sleeps whom another look
//! would let go on (no lost wake-up); a number is reaped once for each time it was given out, by its parent of
//! that moment. Checked besides: from every state the system can come to rest with init alone, nothing unreaped.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use process::{
    ExitStatus, LookAgain, ProcessId, ProcessInfo, ProcessState, ProcessTable, ThreadId, WaitError, WaitFor,
};

#[derive(Clone, Debug)]
struct State {
    table: ProcessTable<()>,
    /// Threads asleep in a blocking wait.
    asleep: BTreeMap<ThreadId, WaitFor>,
    /// Processes spawned and not reaped, besides init: an account kept apart from the table.
    unreaped: Vec<ProcessId>,
}

/// What tells states apart: everything that can be asked of the table, and who sleeps. In which order children came
/// makes no difference to anybody.
type Key = (Vec<(ProcessInfo, BTreeSet<ThreadId>, Vec<ProcessId>)>, BTreeMap<ThreadId, WaitFor>);

/// What one step may be.
#[derive(Clone, Copy, Debug)]
enum Step {
    Spawn(ProcessId),
    SpawnThread(ProcessId),
    ExitThread(ThreadId),
    ExitProcess(ThreadId),
    Cancel(ProcessId),
    Wait(ThreadId, WaitFor),
}

struct Bounds {
    processes: u32,
    threads_each: usize,
    threads_in_all: usize,
}

impl State {
    fn first(bounds: &Bounds) -> Self {
        let table = ProcessTable::new(bounds.processes, ThreadId(1), ()).unwrap();
        Self { table, asleep: BTreeMap::new(), unreaped: Vec::new() }
    }

    fn key(&self) -> Key {
        let all = self.table.list().map(|(process, ())| {
            let (id, zombies) = (process.id, self.table.zombies(process.id));
            (process, self.table.threads(id).collect(), zombies.collect())
        });
        (all.collect(), self.asleep.clone())
    }

    /// Threads get the lowest number that is free.
    fn free_thread(&self) -> ThreadId {
        (1..).map(ThreadId).find(|&thread| self.table.process_of(thread).is_none()).unwrap()
    }

    fn steps(&self, bounds: &Bounds) -> Vec<Step> {
        let mut steps = Vec::new();
        let all: Vec<_> = self.table.list().map(|(process, ())| process).collect();
        let in_all: usize = all.iter().map(|process| process.threads).sum();
        for process in &all {
            if let ProcessState::Zombie(_) = process.state {
                continue;
            }
            if process.id != ProcessId::INIT {
                steps.push(Step::Cancel(process.id));
            }
            // Only a thread that is awake does anything.
            let awake: Vec<_> =
                self.table.threads(process.id).filter(|thread| !self.asleep.contains_key(thread)).collect();
            if !awake.is_empty() && in_all < bounds.threads_in_all {
                steps.push(Step::Spawn(process.id));
                if process.threads < bounds.threads_each {
                    steps.push(Step::SpawnThread(process.id));
                }
            }
            for thread in awake {
                steps.push(Step::ExitThread(thread));
                if process.id != ProcessId::INIT {
                    steps.push(Step::ExitProcess(thread));
                }
                steps.push(Step::Wait(thread, WaitFor::Any));
                for child in all.iter().filter(|child| child.parent == process.id && child.id != process.id) {
                    steps.push(Step::Wait(thread, WaitFor::One(child.id)));
                }
            }
        }
        steps
    }

    fn take(&self, step: Step) -> Self {
        let mut next = self.clone();
        match step {
            Step::Spawn(parent) => {
                next.table.search_from_start();
                if let Ok(child) = next.table.spawn(parent, self.free_thread(), ()) {
                    assert!(!next.unreaped.contains(&child), "a number given out twice");
                    next.unreaped.push(child);
                    next.unreaped.sort_unstable();
                }
            }
            Step::SpawnThread(process) => {
                let _ = next.table.spawn_thread(process, self.free_thread());
            }
            Step::ExitThread(thread) => {
                if let Ok(look_again) = next.table.exit_thread(thread, ExitStatus::Exited(0)) {
                    next.wake(look_again);
                }
            }
            Step::ExitProcess(thread) => {
                let process = self.table.process_of(thread).unwrap();
                next.end(process, ExitStatus::Exited(0));
                let look_again = next.table.exit_thread(thread, ExitStatus::Exited(0)).unwrap();
                next.wake(look_again);
            }
            Step::Cancel(process) => next.end(process, ExitStatus::Cancelled),
            Step::Wait(thread, wait_for) => next.wait(thread, wait_for),
        }
        next
    }

    fn wait(&mut self, thread: ThreadId, wait_for: WaitFor) {
        let caller = self.table.process_of(thread).unwrap();
        let before = self.table.clone();
        match self.table.wait(thread, wait_for) {
            Ok(reaped) => {
                let child = before.get(reaped.child).expect("reaped what did not exist");
                assert_eq!(child.parent, caller, "reaped somebody else's child");
                assert_eq!(child.state, ProcessState::Zombie(reaped.status));
                assert!(wait_for == WaitFor::Any || wait_for == WaitFor::One(reaped.child));
                let at = self.unreaped.iter().position(|&id| id == reaped.child).expect("reaped twice");
                self.unreaped.remove(at);
            }
            Err(WaitError::NotYet) => {
                self.asleep.insert(thread, wait_for);
            }
            Err(WaitError::NoChild | WaitError::Interrupted) => {}
        }
    }

    fn end(&mut self, process: ProcessId, status: ExitStatus) {
        if self.table.end(process, status).unwrap() {
            let interrupted: Vec<ThreadId> = self.table.threads(process).collect();
            self.wake_if(|_, thread| interrupted.contains(&thread));
        }
    }

    fn wake(&mut self, look_again: LookAgain) {
        for parent in look_again.iter() {
            self.wake_if(|table, thread| table.process_of(thread) == Some(parent));
        }
    }

    /// Wakes those who sleep and are meant; each looks again, in order.
    fn wake_if(&mut self, is_meant: impl Fn(&ProcessTable<()>, ThreadId) -> bool) {
        let asleep = std::mem::take(&mut self.asleep);
        let (woken, still): (BTreeMap<_, _>, _) =
            asleep.into_iter().partition(|&(thread, _)| is_meant(&self.table, thread));
        self.asleep = still;
        for (thread, wait_for) in woken {
            self.wait(thread, wait_for);
        }
    }

    fn check(&self) {
        assert_eq!(self.table.check(), Ok(()), "{self:#?}");
        let known: Vec<ProcessId> =
            self.table.list().map(|(process, ())| process.id).filter(|&id| id != ProcessId::INIT).collect();
        assert_eq!(known, self.unreaped, "a zombie was lost");
        for (&thread, &wait_for) in &self.asleep {
            let look = self.table.clone().wait(thread, wait_for);
            assert_eq!(
                look.err(),
                Some(WaitError::NotYet),
                "{thread:?} sleeps though it could go on: {self:#?}"
            );
        }
    }

    fn is_at_rest(&self) -> bool {
        self.unreaped.is_empty() && self.asleep.is_empty()
    }
}

/// Visits every reachable state; returns how many there are, and how many steps between them.
fn explore(bounds: &Bounds) -> (usize, usize) {
    let first = State::first(bounds);
    let mut numbers = HashMap::from([(first.key(), 0_usize)]);
    let mut queue = VecDeque::from([first]);
    let mut before: Vec<Vec<usize>> = vec![Vec::new()];
    let mut at_rest = Vec::new();
    let mut steps = 0;
    while let Some(state) = queue.pop_front() {
        state.check();
        let number = numbers[&state.key()];
        if state.is_at_rest() {
            at_rest.push(number);
        }
        for step in state.steps(bounds) {
            steps += 1;
            let next = state.take(step);
            let fresh = numbers.len();
            let next_number = *numbers.entry(next.key()).or_insert(fresh);
            if next_number == fresh {
                before.push(Vec::new());
                queue.push_back(next);
            }
            before[next_number].push(number);
        }
    }
    // Backwards from rest: whoever is not reached can never come to rest.
    let mut can_rest = vec![false; numbers.len()];
    while let Some(number) = at_rest.pop() {
        if !std::mem::replace(&mut can_rest[number], true) {
            at_rest.extend(&before[number]);
        }
    }
    assert!(can_rest.iter().all(|&can| can), "a state from which init never gets rid of everybody");
    (numbers.len(), steps)
}

#[test]
fn every_state_of_three_processes_with_four_threads() {
    let (states, steps) = explore(&Bounds { processes: 3, threads_each: 2, threads_in_all: 4 });
    println!("three processes, four threads: {states} states, {steps} steps");
    assert!(states > 1_000, "the model lost its steps");
}

#[test]
fn every_state_of_four_processes_with_one_thread_each() {
    let (states, steps) = explore(&Bounds { processes: 4, threads_each: 1, threads_in_all: 4 });
    println!("four processes, one thread each: {states} states, {steps} steps");
    assert!(states > 1_000, "the model lost its steps");
}
