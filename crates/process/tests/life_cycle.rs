//! Single stories, as POSIX tells them.

use process::{
    ExitStatus, ProcessError, ProcessId, ProcessState, ProcessTable, ThreadId, WaitError, WaitFor,
};

const INIT: ProcessId = ProcessId::INIT;
const INIT_THREAD: ThreadId = ThreadId(1);

/// A table, and whoever numbers threads: the kernel by their places in its own table, here one after the other.
struct Machine {
    table: ProcessTable<()>,
    threads: u32,
}

fn machine(limit: u32) -> Machine {
    Machine { table: ProcessTable::new(limit, INIT_THREAD, ()).unwrap(), threads: 1 }
}

fn table() -> Machine {
    machine(8)
}

impl std::ops::Deref for Machine {
    type Target = ProcessTable<()>;
    fn deref(&self) -> &ProcessTable<()> {
        &self.table
    }
}

impl std::ops::DerefMut for Machine {
    fn deref_mut(&mut self) -> &mut ProcessTable<()> {
        &mut self.table
    }
}

impl Machine {
    fn spawn(&mut self, parent: ProcessId) -> Result<(ProcessId, ThreadId), ProcessError> {
        self.threads += 1;
        let thread = ThreadId(self.threads);
        self.table.spawn(parent, thread, ()).map(|child| (child, thread))
    }

    fn spawn_thread(&mut self, process: ProcessId) -> Result<ThreadId, ProcessError> {
        self.threads += 1;
        let thread = ThreadId(self.threads);
        self.table.spawn_thread(process, thread).map(|()| thread)
    }

    fn exit(&mut self, thread: ThreadId, code: u8) -> Vec<ProcessId> {
        self.table.exit_thread(thread, ExitStatus::Exited(code)).unwrap().iter().collect()
    }
}

#[test]
fn a_child_is_waited_for_once() {
    let mut table = table();
    let (child, thread) = table.spawn(INIT).unwrap();
    assert_eq!(table.wait(INIT_THREAD, WaitFor::Any), Err(WaitError::NotYet));
    assert_eq!(table.exit(thread, 3), [INIT], "init has to look again");
    let reaped = table.wait(INIT_THREAD, WaitFor::One(child)).unwrap();
    assert_eq!((reaped.child, reaped.status), (child, ExitStatus::Exited(3)));
    assert_eq!(table.wait(INIT_THREAD, WaitFor::Any), Err(WaitError::NoChild));
    assert_eq!(table.get(child), None);
}

#[test]
fn a_process_ends_with_its_last_thread() {
    let mut table = table();
    let (child, first) = table.spawn(INIT).unwrap();
    let second = table.spawn_thread(child).unwrap();
    assert_eq!(table.exit(first, 1), []);
    assert_eq!(table.wait(INIT_THREAD, WaitFor::One(child)), Err(WaitError::NotYet));
    table.exit(second, 2);
    assert_eq!(table.wait(INIT_THREAD, WaitFor::Any).unwrap().status, ExitStatus::Exited(2));
    assert_eq!(table.exit_thread(second, ExitStatus::Exited(0)), Err(ProcessError::NoSuchThread));
}

#[test]
fn orphans_are_inits_alive_or_not() {
    let mut table = table();
    let (parent, thread) = table.spawn(INIT).unwrap();
    let (alive, _) = table.spawn(parent).unwrap();
    let (dead, dying) = table.spawn(parent).unwrap();
    table.exit(dying, 9);
    let (grandparentless, _) = table.spawn(alive).unwrap();
    assert_eq!(table.exit(thread, 0), [INIT]);
    assert_eq!(table.get(alive).unwrap().parent, INIT);
    assert_eq!(table.get(grandparentless).unwrap().parent, alive, "only children, not their children");
    assert_eq!(table.wait(INIT_THREAD, WaitFor::One(dead)).unwrap().status, ExitStatus::Exited(9));
}

#[test]
fn cancelling_interrupts_every_thread_and_the_first_status_stands() {
    let mut table = table();
    let (child, first) = table.spawn(INIT).unwrap();
    let second = table.spawn_thread(child).unwrap();
    table.spawn(child).unwrap();
    assert_eq!(table.wait(first, WaitFor::Any), Err(WaitError::NotYet));
    assert_eq!(table.end(child, ExitStatus::Cancelled), Ok(true));
    assert_eq!(table.threads(child).collect::<Vec<_>>(), [first, second], "these are to be interrupted");
    assert_eq!(table.wait(first, WaitFor::Any), Err(WaitError::Interrupted));
    assert_eq!(table.spawn(child), Err(ProcessError::Ending));
    assert_eq!(table.spawn_thread(child), Err(ProcessError::Ending));
    assert_eq!(table.end(child, ExitStatus::Exited(5)), Ok(false));
    table.exit(first, 6);
    table.exit(second, 7);
    assert_eq!(table.get(child).unwrap().state, ProcessState::Zombie(ExitStatus::Cancelled));
}

#[test]
fn init_lives() {
    let mut table = table();
    assert_eq!(table.end(INIT, ExitStatus::Cancelled), Err(ProcessError::InitMustLive));
    assert_eq!(table.exit_thread(INIT_THREAD, ExitStatus::Exited(0)), Err(ProcessError::InitMustLive));
    let another = table.spawn_thread(INIT).unwrap();
    assert_eq!(table.exit(another, 0), []);
}

#[test]
fn numbers_run_out_without_harm_and_come_back() {
    let mut table = machine(3);
    let (_, thread) = table.spawn(INIT).unwrap();
    table.spawn(INIT).unwrap();
    assert_eq!(table.spawn(INIT), Err(ProcessError::TooMany));
    table.exit(thread, 0);
    assert_eq!(table.spawn(INIT), Err(ProcessError::TooMany), "a zombie keeps its number");
    table.wait(INIT_THREAD, WaitFor::Any).unwrap();
    assert!(table.spawn(INIT).is_ok());
    assert_eq!(table.check(), Ok(()));
}

#[test]
fn numbers_are_not_used_again_at_once() {
    let mut table = table();
    let numbers: Vec<u32> = (0..9)
        .map(|_| {
            let (child, thread) = table.spawn(INIT).unwrap();
            table.exit(thread, 0);
            table.wait(INIT_THREAD, WaitFor::One(child)).unwrap();
            child.0
        })
        .collect();
    assert_eq!(numbers, [2, 3, 4, 5, 6, 7, 8, 2, 3]);
}

#[test]
fn children_are_reaped_in_the_order_they_ended() {
    let mut table = table();
    let children: Vec<_> = (0..4).map(|_| table.spawn(INIT).unwrap()).collect();
    let order = [2, 0, 3, 1].map(|index: usize| children[index]);
    order.iter().for_each(|&(_, thread)| _ = table.exit(thread, 0));
    for (child, _) in order {
        assert_eq!(table.wait(INIT_THREAD, WaitFor::Any).map(|reaped| reaped.child), Ok(child));
    }
}

#[test]
fn somebody_elses_child_is_nobodys_to_wait_for() {
    let mut table = table();
    let (child, thread) = table.spawn(INIT).unwrap();
    let (grandchild, _) = table.spawn(child).unwrap();
    assert_eq!(table.wait(INIT_THREAD, WaitFor::One(grandchild)), Err(WaitError::NoChild));
    assert_eq!(table.wait(thread, WaitFor::One(child)), Err(WaitError::NoChild), "itself");
    assert_eq!(table.wait(INIT_THREAD, WaitFor::One(INIT)), Err(WaitError::NoChild), "init is no child");
}

#[test]
fn a_refused_spawn_leaves_nothing() {
    let mut table = table();
    let (child, thread) = table.spawn(INIT).unwrap();
    assert_eq!(table.table.spawn(child, thread, ()), Err(ProcessError::ThreadInUse));
    assert_eq!((table.list().count(), table.check()), (2, Ok(())));
}

/// Ten thousand brothers and sisters, who end in a mixed-up order.
#[test]
fn ten_thousand_children() {
    let mut table = machine(20_000);
    let children: Vec<_> = (0..10_000).map(|_| table.spawn(INIT).unwrap()).collect();
    for index in 0..children.len() {
        table.exit(children[index * 7_919 % children.len()].1, index as u8);
    }
    assert_eq!(table.check(), Ok(()));
    for index in 0..children.len() {
        let reaped = table.wait(INIT_THREAD, WaitFor::Any).unwrap();
        assert_eq!(reaped.child, children[index * 7_919 % children.len()].0);
        assert_eq!(reaped.status, ExitStatus::Exited(index as u8));
    }
    assert_eq!((table.list().count(), table.check()), (1, Ok(())));
}
