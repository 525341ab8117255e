//! The primitives over the host's threads: many of them, with real deadlines, for a short time.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use blocking::{
    Access, Barrier, Channel, Condition, Interrupted, Interruption, Lock, OneShot, Platform, RawMutex,
    RawOnce, RawRwLock, Reason, Semaphore, SendError, Ticket, TryRecvError, TrySendError, WaitQueue,
};

struct Host;

thread_local! {
    static SLEEP: Cell<Option<Arc<AtomicBool>>> = const { Cell::new(None) };
}

#[derive(Clone)]
struct HostTicket {
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

struct HostLock<T>(Mutex<T>);

impl<T> Lock<T> for HostLock<T> {
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.0.lock().unwrap())
    }
}

/// Mutexes that were taken for the first time, by their words, and reader-writer locks that somebody is inside.
static TAKEN_FIRST: Mutex<Vec<usize>> = Mutex::new(Vec::new());
static INSIDE: Mutex<Vec<(usize, Access)>> = Mutex::new(Vec::new());

fn start() -> Instant {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    *START.get_or_init(Instant::now)
}

fn in_ms(ms: u64) -> u64 {
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
fn number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    thread_local!(static NUMBER: usize = NEXT.fetch_add(1, Ordering::Relaxed));
    NUMBER.with(|&number| number)
}

fn queue() -> WaitQueue<Host> {
    WaitQueue::new(Host::lock(Default::default()))
}

/// Runs `work` on `threads` threads at once.
fn together(threads: usize, work: impl Fn(usize) + Sync) {
    thread::scope(|scope| {
        for number in 0..threads {
            let work = &work;
            scope.spawn(move || work(number));
        }
    });
}

/// A counter that loses additions when two threads are in it at once.
#[derive(Default)]
struct Fragile(AtomicUsize);

impl Fragile {
    fn add_one(&self) {
        let before = self.0.load(Ordering::Relaxed);
        thread::yield_now();
        self.0.store(before + 1, Ordering::Relaxed);
    }
}

#[test]
fn a_mutex_names_its_holder() {
    let (mutex, held) = (RawMutex::<Host>::new(queue()), Barrier::<Host>::new(9, queue()));
    assert_eq!(mutex.holder(), None);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                held.wait();
                mutex.acquire();
                assert_eq!(mutex.holder(), Some(Host::current()), "though others wait");
                mutex.release();
            });
        }
        mutex.acquire();
        held.wait();
        thread::sleep(Duration::from_millis(20));
        assert_eq!(mutex.holder(), Some(Host::current()), "after others have come to wait");
        mutex.release();
    });
    assert_eq!(mutex.holder(), None);
}

#[test]
fn the_platform_is_told_once_of_a_mutex() {
    let mutexes: Vec<_> = (0..50).map(|_| RawMutex::<Host>::new(queue())).collect();
    let told = |mutex: &RawMutex<Host>| {
        TAKEN_FIRST.lock().unwrap().iter().filter(|&&word| word == mutex.address()).count()
    };
    assert!(mutexes.iter().all(|mutex| told(mutex) == 0 && mutex.holder().is_none()));
    together(4, |_| {
        for mutex in &mutexes {
            if !mutex.try_acquire() {
                mutex.acquire();
            }
            assert_eq!(told(mutex), 1, "before anybody is inside for the second time");
            mutex.release();
        }
    });
    assert!(mutexes.iter().all(|mutex| told(mutex) == 1));
}

#[test]
fn the_platform_knows_who_is_inside_a_reader_writer_lock() {
    let lock = RawRwLock::<Host>::new(queue(), queue());
    let address = lock.address();
    let inside = || {
        let inside = INSIDE.lock().unwrap();
        inside.iter().filter(|(lock, _)| *lock == address).map(|&(_, access)| access).collect::<Vec<_>>()
    };
    lock.acquire_shared();
    lock.acquire_shared();
    assert_eq!(inside(), [Access::Shared; 2]);
    thread::scope(|scope| {
        scope.spawn(|| {
            lock.acquire_exclusive();
            assert_eq!(inside(), [Access::Exclusive]);
            lock.release_exclusive();
        });
        thread::sleep(Duration::from_millis(20));
        assert_eq!(inside(), [Access::Shared; 2], "who waits is not inside");
        lock.release_shared();
        lock.release_shared();
    });
    assert_eq!(inside(), []);
}

#[test]
fn a_mutex_loses_no_addition() {
    let (mutex, sum) = (RawMutex::<Host>::new(queue()), Fragile::default());
    together(8, |_| {
        for _ in 0..2_000 {
            mutex.acquire();
            sum.add_one();
            mutex.release();
        }
    });
    assert_eq!(sum.0.into_inner(), 16_000);
    assert!(mutex.try_acquire());
    assert!(!mutex.try_acquire());
}

#[test]
fn a_channel_keeps_each_senders_order_and_loses_nothing() {
    let channel = Channel::<Host, (usize, u32)>::new(3, queue(), queue()).unwrap();
    let received = Mutex::new(Vec::new());
    together(8, |number| {
        if number < 4 {
            for message in 0..1_000 {
                channel.send((number, message)).unwrap();
            }
        } else {
            let mut mine = Vec::new();
            for _ in 0..1_000 {
                mine.push(channel.recv().unwrap());
            }
            for sender in 0..4 {
                let order: Vec<u32> = mine.iter().filter(|m| m.0 == sender).map(|m| m.1).collect();
                assert!(order.is_sorted());
            }
            received.lock().unwrap().extend(mine);
        }
    });
    let mut received = received.into_inner().unwrap();
    received.sort_unstable();
    let sent: Vec<(usize, u32)> = (0..4).flat_map(|sender| (0..1_000).map(move |m| (sender, m))).collect();
    assert_eq!(received, sent);
}

#[test]
fn a_full_or_closed_channel_gives_the_message_back() {
    let channel = Channel::<Host, u32>::new(1, queue(), queue()).unwrap();
    assert_eq!(channel.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(channel.recv_deadline(in_ms(5)), Err(TryRecvError::Empty));
    channel.try_send(1).unwrap();
    assert_eq!(channel.try_send(2), Err(TrySendError::Full(2)));
    channel.close();
    assert_eq!(channel.try_send(3), Err(TrySendError::Closed(3)));
    assert_eq!(channel.recv_deadline(in_ms(5)), Ok(1));
    assert_eq!(channel.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn a_reply_can_be_taken_once() {
    let reply = OneShot::<Host, u32>::new(queue());
    assert_eq!(reply.try_recv(), Err(TryRecvError::Empty));
    together(2, |number| {
        if number == 0 {
            reply.send(7).unwrap();
        } else {
            assert_eq!(reply.recv(), Some(7));
        }
    });
    assert_eq!(reply.recv(), None);
    assert!(reply.send(8).is_err());
}

#[test]
fn a_condition_wakes_who_waits_and_times_out() {
    let (mutex, condition) = (RawMutex::<Host>::new(queue()), Condition::<Host>::new(queue()));
    mutex.acquire();
    assert!(!condition.wait_deadline(&mutex, in_ms(5)));
    mutex.release();
    let turn = AtomicUsize::new(0);
    together(4, |number| {
        for round in 0..200 {
            mutex.acquire();
            while turn.load(Ordering::Relaxed) != 4 * round + number {
                condition.wait(&mutex);
            }
            turn.fetch_add(1, Ordering::Relaxed);
            mutex.release();
            condition.notify_all();
        }
    });
    assert_eq!(turn.into_inner(), 800);
}

#[test]
fn never_more_inside_than_a_semaphore_has_permits() {
    let semaphore = Semaphore::<Host>::new(3, queue());
    let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    together(8, |_| {
        for _ in 0..500 {
            semaphore.acquire();
            most.fetch_max(inside.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            thread::yield_now();
            inside.fetch_sub(1, Ordering::Relaxed);
            semaphore.release(1);
        }
    });
    assert!(most.into_inner() <= 3);
    assert_eq!(semaphore.available(), 3);
    for _ in 0..3 {
        assert!(semaphore.try_acquire());
    }
    assert!(!semaphore.acquire_deadline(in_ms(5)));
}

#[test]
fn readers_share_and_writers_do_not() {
    let lock = RawRwLock::<Host>::new(queue(), queue());
    let (sum, writing) = (Fragile::default(), AtomicBool::new(false));
    together(8, |number| {
        for _ in 0..500 {
            if number < 4 {
                lock.acquire_exclusive();
                writing.store(true, Ordering::Relaxed);
                sum.add_one();
                writing.store(false, Ordering::Relaxed);
                lock.release_exclusive();
            } else {
                lock.acquire_shared();
                assert!(!writing.load(Ordering::Relaxed));
                lock.release_shared();
            }
        }
    });
    assert_eq!(sum.0.into_inner(), 2_000);
}

/// Three readers that always overlap keep the lock for ever unless a waiting writer goes first; and three
/// writers keep it for ever unless waiting readers go between them.
#[test]
fn nobody_starves_at_a_reader_writer_lock() {
    for crowd_writes in [false, true] {
        let lock = RawRwLock::<Host>::new(queue(), queue());
        let over = AtomicBool::new(false);
        let enter = |exclusive: bool| {
            if exclusive {
                lock.acquire_exclusive();
                thread::yield_now();
                lock.release_exclusive();
            } else {
                lock.acquire_shared();
                thread::yield_now();
                lock.release_shared();
            }
        };
        together(4, |number| {
            if number == 0 {
                for _ in 0..200 {
                    enter(!crowd_writes);
                }
                over.store(true, Ordering::Relaxed);
            } else {
                while !over.load(Ordering::Relaxed) {
                    enter(crowd_writes);
                }
            }
        });
    }
}

#[test]
fn a_barrier_holds_all_until_the_last() {
    let barrier = Barrier::<Host>::new(5, queue());
    let (arrived, last) = (AtomicUsize::new(0), AtomicUsize::new(0));
    together(5, |_| {
        for round in 1..=200 {
            arrived.fetch_add(1, Ordering::Relaxed);
            last.fetch_add(usize::from(barrier.wait()), Ordering::Relaxed);
            assert!(arrived.load(Ordering::Relaxed) >= 5 * round);
        }
    });
    assert_eq!(last.into_inner(), 200);
}

#[test]
fn work_is_done_once() {
    let (once, runs) = (RawOnce::<Host>::new(queue()), AtomicUsize::new(0));
    together(8, |_| {
        once.call_once(|| {
            thread::sleep(Duration::from_millis(5));
            runs.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(runs.load(Ordering::Relaxed), 1);
    });
    assert!(once.is_done());
}

#[test]
fn senders_that_are_called_out_keep_their_messages() {
    let channel = Channel::<Host, usize>::new(2, queue(), queue()).unwrap();
    let interruptions: Vec<_> = (0..8).map(|_| Interruption::<Host>::new()).collect();
    let kept = Mutex::new(Vec::new());
    let mut seen = Vec::new();
    thread::scope(|scope| {
        for (number, interruption) in interruptions.iter().enumerate() {
            let (channel, kept) = (&channel, &kept);
            scope.spawn(move || {
                for message in number * 100..(number + 1) * 100 {
                    match channel.send_interrupted(message, interruption) {
                        Ok(()) => {}
                        Err(SendError::Interrupted(message)) => kept.lock().unwrap().push(message),
                        Err(SendError::Closed(_)) => panic!("nobody closes it"),
                    }
                }
            });
        }
        // Half of them are called out, sooner or later, while somebody reads slowly.
        for interruption in &interruptions[..4] {
            seen.extend((0..20).map(|_| channel.recv().unwrap()));
            thread::sleep(Duration::from_millis(1));
            interruption.request();
        }
        while seen.iter().filter(|&&message| message >= 400).count() < 400 {
            seen.push(channel.recv().unwrap());
        }
    });
    seen.extend(std::iter::from_fn(|| channel.try_recv().ok()));
    seen.append(&mut kept.into_inner().unwrap());
    seen.sort_unstable();
    assert_eq!(seen, (0..800).collect::<Vec<_>>(), "each is sent or kept, and none twice");
}

#[test]
fn a_request_that_came_before_the_sleep_counts() {
    let (waits, interruption) = (queue(), Interruption::<Host>::new());
    interruption.request();
    assert_eq!(waits.wait_until_interrupted(&interruption, || false), Err(Interrupted));
    assert_eq!(waits.wait_until_interrupted(&interruption, || true), Ok(()), "what has come goes first");
    interruption.clear();
    assert!(!interruption.is_requested());
}
