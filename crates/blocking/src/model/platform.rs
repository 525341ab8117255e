//! Threads that stop and wake as the kernel's do: a state word, one run queue, and a flag that says that a CPU
//! is still on the thread's stack.

use core::cell::Cell;

use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

use crate::{Lock, Platform, Reason, StateWord, ThreadState, Ticket, WaitQueue};

/// The platform under the model checker. Its clock stands still; its alarms may ring at any moment.
pub struct LoomPlatform;

/// A queue for primitives of the models.
pub fn wait_queue() -> WaitQueue<LoomPlatform> {
    WaitQueue::new(LoomPlatform::lock(crate::Waiters::new()))
}

struct Thread {
    id: u64,
    state: StateWord,
    /// In the run queue: how often. More than once would be on two CPUs at a time.
    queued: Mutex<u32>,
    turn: Condvar,
}

loom::thread_local! {
    static CURRENT: Arc<Thread> = Arc::new(Thread {
        id: id_of(thread::current().id()),
        state: StateWord::new(ThreadState::Running),
        queued: Mutex::new(0),
        turn: Condvar::new(),
    });
    /// The running thread has set an alarm.
    static ALARMED: Cell<bool> = Cell::new(false);
}

fn id_of(id: thread::ThreadId) -> u64 {
    use core::hash::{Hash, Hasher};
    let mut hasher = std::collections::hash_map::DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

pub struct LoomTicket {
    thread: Arc<Thread>,
    sleep: u64,
}

impl Ticket for LoomTicket {
    fn wake(self) -> bool {
        let woken = self.thread.state.end_sleep(self.sleep, ThreadState::Ready);
        if woken {
            let mut queued = self.thread.queued.lock().unwrap();
            *queued += 1;
            assert_eq!(*queued, 1, "a thread is queued twice");
            self.thread.turn.notify_one();
        }
        woken
    }

    fn duplicate(&self) -> Self {
        Self { thread: self.thread.clone(), sleep: self.sleep }
    }

    fn thread_id(&self) -> u64 {
        self.thread.id
    }
}

pub struct LoomLock<T>(Mutex<T>);

impl<T> Lock<T> for LoomLock<T> {
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.0.lock().unwrap())
    }
}

impl Platform for LoomPlatform {
    type Lock<T: Send> = LoomLock<T>;
    type Ticket = LoomTicket;
    type Alarm = ();

    fn lock<T: Send>(value: T) -> Self::Lock<T> {
        LoomLock(Mutex::new(value))
    }

    fn prepare_to_block(_reason: Reason) -> LoomTicket {
        CURRENT.with(|current| LoomTicket { sleep: current.state.begin_sleep(), thread: current.clone() })
    }

    fn current() -> usize {
        CURRENT.with(|current| (current.id as usize) << 2)
    }

    fn block() {
        CURRENT.with(|current| {
            // As the scheduler: what could go on is queued again at once, what blocked waits for its turn.
            if !current.state.stop_running() {
                let mut queued = current.queued.lock().unwrap();
                while *queued == 0 {
                    queued = current.turn.wait(queued).unwrap();
                }
                *queued -= 1;
            }
            current.state.set(ThreadState::Running);
        });
    }

    fn yield_now() {
        thread::yield_now();
    }

    /// No deadline has passed yet: what rings is early, and the waiter looks again.
    fn now_ns() -> u64 {
        0
    }

    /// Rings at any moment, once a thread: an alarm for each of its sleeps would never end.
    fn wake_at_ns(_deadline_ns: u64, ticket: LoomTicket) {
        if ALARMED.with(|alarmed| !alarmed.replace(true)) {
            thread::spawn(move || {
                ticket.wake();
            });
        }
    }
}
