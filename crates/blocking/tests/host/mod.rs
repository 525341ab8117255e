//! The platform over the host's threads, with real deadlines, and what tests of it have in common.
#![allow(dead_code, reason = "each test file uses its part")]

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use blocking::{Access, Lock, Platform, Reason, Ticket, WaitQueue};

/// The host as a platform.
pub struct Host;

thread_local! {
    static SLEEP: Cell<Option<Arc<AtomicBool>>> = const { Cell::new(None) };
}

#[derive(Clone)]
pub struct HostTicket {
    thread: Thread,
    id: u64,
    woken: Arc<AtomicBool>,
}

impl Ticket for HostTicket {
    fn wake(self) -> bool {
        let first = !self.woken.swap(true, Ordering::AcqRel);
        self.thread.unpark();
        first
    }

    fn duplicate(&self) -> Self {
        self.clone()
    }

    fn thread_id(&self) -> u64 {
        self.id
    }
}

pub struct HostLock<T>(Mutex<T>);

impl<T> Lock<T> for HostLock<T> {
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.0.lock().unwrap())
    }
}

/// Mutexes that were taken for the first time, by their words, and reader-writer locks that somebody is inside.
pub static TAKEN_FIRST: Mutex<Vec<usize>> = Mutex::new(Vec::new());
pub static INSIDE: Mutex<Vec<(usize, Access)>> = Mutex::new(Vec::new());

pub fn start() -> Instant {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    *START.get_or_init(Instant::now)
}

pub fn in_ms(ms: u64) -> u64 {
    Host::now_ns() + ms * 1_000_000
}

impl Platform for Host {
    type Lock<T: Send> = HostLock<T>;
    type Ticket = HostTicket;
    type Alarm = ();

    fn lock<T: Send>(value: T) -> Self::Lock<T> {
        HostLock(Mutex::new(value))
    }

    fn prepare_to_block(_reason: Reason) -> HostTicket {
        let woken = Arc::new(AtomicBool::new(false));
        SLEEP.set(Some(woken.clone()));
        HostTicket { thread: thread::current(), id: number() as u64, woken }
    }

    fn current() -> usize {
        number() * 4
    }

    fn block() {
        let woken = SLEEP.take().expect("prepared");
        while !woken.load(Ordering::Acquire) {
            thread::park();
        }
    }

    fn yield_now() {
        thread::yield_now();
    }

    fn now_ns() -> u64 {
        start().elapsed().as_nanos() as u64
    }

    fn wake_at_ns(deadline_ns: u64, ticket: HostTicket) {
        let left = Duration::from_nanos(deadline_ns.saturating_sub(Self::now_ns()));
        thread::spawn(move || {
            thread::sleep(left);
            ticket.wake();
        });
    }

    fn taken_first(word: usize) {
        TAKEN_FIRST.lock().unwrap().push(word);
    }

    fn entered(lock: usize, access: Access) {
        INSIDE.lock().unwrap().push((lock, access));
    }

    fn left(lock: usize) {
        let mut inside = INSIDE.lock().unwrap();
        let at = inside.iter().position(|&(entered, _)| entered == lock).expect("who leaves has entered");
        inside.swap_remove(at);
    }
}

/// The running thread's number, from 1.
pub fn number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    thread_local!(static NUMBER: usize = NEXT.fetch_add(1, Ordering::Relaxed));
    NUMBER.with(|&number| number)
}

pub fn queue() -> WaitQueue<Host> {
    WaitQueue::new(Host::lock(Default::default()))
}

/// Runs `work` on `threads` threads at once.
pub fn together(threads: usize, work: impl Fn(usize) + Sync) {
    thread::scope(|scope| {
        for number in 0..threads {
            let work = &work;
            scope.spawn(move || work(number));
        }
    });
}
