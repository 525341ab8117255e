//! Single stories, as POSIX tells them.

use process::{
    Effect, ExitStatus, ProcessError, ProcessId, ProcessState, ProcessTable, ThreadId, WaitError, WaitFor,
};

const INIT: ProcessId = ProcessId::INIT;
const INIT_THREAD: ThreadId = ThreadId(1);

fn table() -> ProcessTable {
    ProcessTable::new(8)
}

#[test]
fn a_child_is_waited_for_once() {
    let mut table = table();
    let (child, thread) = table.spawn(INIT).unwrap();
    assert_eq!(table.wait(INIT_THREAD, WaitFor::Any), Err(WaitError::NotYet));
    let effects = table.exit_thread(thread, ExitStatus::Exited(3)).unwrap();
    assert_eq!(effects, [Effect::ChildrenChanged(INIT)]);
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
    assert_eq!(table.exit_thread(first, ExitStatus::Exited(1)).unwrap(), []);
    assert_eq!(table.wait(INIT_THREAD, WaitFor::One(child)), Err(WaitError::NotYet));
    table.exit_thread(second, ExitStatus::Exited(2)).unwrap();
    assert_eq!(table.wait(INIT_THREAD, WaitFor::Any).unwrap().status, ExitStatus::Exited(2));
    assert_eq!(table.exit_thread(second, ExitStatus::Exited(0)), Err(ProcessError::NoSuchThread));
}

#[test]
fn orphans_are_inits_alive_or_not() {
    let mut table = table();
    let (parent, thread) = table.spawn(INIT).unwrap();
    let (alive, _) = table.spawn(parent).unwrap();
    let (dead, dying) = table.spawn(parent).unwrap();
    table.exit_thread(dying, ExitStatus::Exited(9)).unwrap();
    let (grandparentless, _) = table.spawn(alive).unwrap();
    table.exit_thread(thread, ExitStatus::Exited(0)).unwrap();
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
    let effects = table.end(child, ExitStatus::Cancelled).unwrap();
    assert_eq!(effects, [Effect::Interrupt(first), Effect::Interrupt(second)]);
    assert_eq!(table.wait(first, WaitFor::Any), Err(WaitError::Interrupted));
    assert_eq!(table.spawn(child), Err(ProcessError::Ending));
    assert_eq!(table.spawn_thread(child), Err(ProcessError::Ending));
    assert_eq!(table.end(child, ExitStatus::Exited(5)).unwrap(), []);
    table.exit_thread(first, ExitStatus::Exited(6)).unwrap();
    table.exit_thread(second, ExitStatus::Exited(7)).unwrap();
    assert_eq!(table.get(child).unwrap().state, ProcessState::Zombie(ExitStatus::Cancelled));
}

#[test]
fn init_lives() {
    let mut table = table();
    assert_eq!(table.end(INIT, ExitStatus::Cancelled), Err(ProcessError::InitMustLive));
    assert_eq!(table.exit_thread(INIT_THREAD, ExitStatus::Exited(0)), Err(ProcessError::InitMustLive));
    let another = table.spawn_thread(INIT).unwrap();
    assert_eq!(table.exit_thread(another, ExitStatus::Exited(0)), Ok(vec![]));
}

#[test]
fn numbers_run_out_without_harm_and_come_back() {
    let mut table = ProcessTable::new(3);
    let (_, thread) = table.spawn(INIT).unwrap();
    table.spawn(INIT).unwrap();
    assert_eq!(table.spawn(INIT), Err(ProcessError::TooMany));
    table.exit_thread(thread, ExitStatus::Exited(0)).unwrap();
    assert_eq!(table.spawn(INIT), Err(ProcessError::TooMany), "a zombie keeps its number");
    table.wait(INIT_THREAD, WaitFor::Any).unwrap();
    assert!(table.spawn(INIT).is_ok());
    assert_eq!(table.check(), Ok(()));
}
