//! The table of processes: any sequence of spawning, ending, waiting and cancelling keeps its promises after each step,
//! and a sleeper whom another look would let go on has been woken.

use std::collections::BTreeMap;

use process::{ExitStatus, LookAgain, ProcessId, ProcessState, ProcessTable, ThreadId, WaitError, WaitFor};

use crate::Target;
use crate::choices::Choices;

pub const TARGET: Target = Target { name: "process", run, seeds };

struct System {
    table: ProcessTable<()>,
    /// Threads asleep in a blocking wait.
    asleep: BTreeMap<ThreadId, WaitFor>,
    /// Processes spawned and not reaped, besides init: an account kept apart from the table.
    unreaped: Vec<ProcessId>,
}

impl System {
    fn wait(&mut self, thread: ThreadId, wait_for: WaitFor) {
        let caller = self.table.process_of(thread).expect("a thread that lives");
        let before = self.table.clone();
        match self.table.wait(thread, wait_for) {
            Ok(reaped) => {
                let child = before.get(reaped.child).expect("reaped what did not exist");
                assert_eq!(child.parent, caller, "reaped somebody else's child");
                assert_eq!(child.state, ProcessState::Zombie(reaped.status));
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
        if self.table.end(process, status) == Ok(true) {
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
        assert_eq!(self.table.check(), Ok(()));
        let mut known: Vec<ProcessId> = self.table.list().map(|(process, ())| process.id).collect();
        known.retain(|&id| id != ProcessId::INIT);
        let mut unreaped = self.unreaped.clone();
        unreaped.sort_unstable();
        assert_eq!(known, unreaped, "a zombie was lost");
        for (&thread, &wait_for) in &self.asleep {
            let look = self.table.clone().wait(thread, wait_for);
            assert_eq!(look.err(), Some(WaitError::NotYet), "{thread:?} sleeps though it could go on");
        }
    }
}

fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let limit = 2 + choices.below(12) as u32;
    let mut system = System {
        table: ProcessTable::new(limit, ThreadId(1), ()).expect("room"),
        asleep: BTreeMap::new(),
        unreaped: Vec::new(),
    };
    while !choices.is_empty() {
        step(&mut system, &mut choices);
        system.check();
    }
}

fn step(system: &mut System, choices: &mut Choices) {
    let operation = choices.byte();
    let processes: Vec<ProcessId> = system.table.list().map(|(process, ())| process.id).collect();
    let process = choices.one_of(&processes);
    let awake: Vec<ThreadId> =
        system.table.threads(process).filter(|thread| !system.asleep.contains_key(thread)).collect();
    let status = ExitStatus::Exited(operation);
    if operation % 8 == 7 {
        // From outside, whoever sleeps.
        system.end(process, ExitStatus::Cancelled);
        return;
    }
    if awake.is_empty() {
        return;
    }
    let thread = choices.one_of(&awake);
    // Numbers of threads are the user's affair: any, which now and then is in use.
    let fresh = ThreadId(choices.below(40) as u32);
    let in_use = system.table.process_of(fresh).is_some();
    match operation % 8 {
        0 | 1 => {
            if let Ok(child) = system.table.spawn(process, fresh, ()) {
                assert!(!in_use && !system.unreaped.contains(&child), "a number given out twice");
                system.unreaped.push(child);
            }
        }
        2 => assert!(system.table.spawn_thread(process, fresh).is_err() || !in_use),
        3 => {
            if let Ok(look_again) = system.table.exit_thread(thread, status) {
                system.wake(look_again);
            }
        }
        4 => system.end(process, status),
        5 => system.wait(thread, WaitFor::Any),
        _ => {
            let child = choices.one_of(&processes);
            system.wait(thread, WaitFor::One(child));
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    vec![
        vec![9, 0, 0, 0, 2, 0, 1, 0, 3, 2, 1, 0, 4, 5, 0, 0, 0, 3, 1, 0, 0, 7, 1, 5, 0, 0, 0],
        vec![3, 0, 0, 0, 2, 0, 1, 0, 3, 6, 0, 0, 0, 1, 4, 1, 0, 0, 3, 2, 0, 0, 7, 1, 5, 0, 0, 0],
    ]
}
