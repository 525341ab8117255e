//! The order in which spin locks are taken: a CPU may take a lock only if every lock it holds has a smaller
//! rank. Debug builds check it at every acquisition, so that a cycle shows the first time one half of it
//! runs, not the one night when both halves meet.
//!
//! From outermost to innermost, each with the reason for its place. There is no default rank.
//!
//! An interrupt handler is checked against the locks of whoever it interrupted, which is no accident: a CPU
//! that holds one of those while its handler waits for a second lock, and a CPU that holds the second and waits
//! for the first, wait for ever. So a lock that leaves interrupts on stands before all that handlers take.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::arch::percpu;

static CHECKED: AtomicBool = AtomicBool::new(cfg!(debug_assertions));

/// Ends the checks: a panic reports what it can, whatever locks the failing code held.
pub fn stop_checking() {
    CHECKED.store(false, Ordering::Relaxed);
}

/// Whether orders are checked.
pub(super) fn is_checked() -> bool {
    cfg!(debug_assertions) && CHECKED.load(Ordering::Relaxed)
}

/// Declares the ranks, and the list of all of them, from one list.
macro_rules! ranks {
    ($($(#[$reason:meta])+ $name:ident = $number:literal,)+) => {
        /// A lock's place in the order.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Rank {
            $($(#[$reason])+ $name = $number,)+
        }

        const ALL: &[Rank] = &[$(Rank::$name),+];
    };
}

ranks! {
    /// What is kept with one process: looked at, and copied to a child, before that is entered.
    KeptWithProcess = 3,
    /// All processes: cancelling one finds its threads under it. It leaves interrupts on, as the next does.
    Processes = 4,
    /// The table of all threads: spawning takes it, then run queues and the heap. It leaves interrupts on, so
    /// it stands before every lock of a handler.
    ThreadTable = 5,
    /// Which pages of files are in memory: its tables grow and pages go under it. No handler takes it, and it leaves
    /// interrupts on.
    PageCache = 7,
    /// Device state a driver guards against its own interrupt handler; handlers wake threads under it.
    Device = 10,
    /// A wait queue's list. Its condition is checked under it, and looks into a queue of messages.
    WaitQueue = 20,
    /// Who waits for which lock with priority inheritance: threads are put into other run queues under it.
    Inheritance = 25,
    /// Buffers between interrupt handlers and threads. Whoever fills one wakes after releasing it.
    Queue = 30,
    /// A pipe's bytes: whether there are any is looked at under a wait queue's lock. No handler takes it, but what it
    /// stands behind turns interrupts off.
    Pipe = 35,
    /// Sleeping threads by deadline: the tick takes it, then run queues.
    Timers = 50,
    /// What a CPU has promised to real-time threads: a tick finds those to lift, then takes its run queue.
    Promises = 55,
    /// One CPU's run queue.
    RunQueue = 60,
    /// A real-time thread's budget: charged when the thread stops, which is under its run queue's lock.
    Budget = 61,
    /// Unused kernel stacks: spawning takes one.
    Stacks = 62,
    /// Addresses of stacks or of large allocations: what is reclaimed gives frames back under it.
    Windows = 66,
    /// An address space's page tables: changing them takes frames, making them copies from the kernel's beforehand.
    AddressSpaces = 68,
    /// The kernel's page tables: mapping allocates frames.
    PageTables = 70,
    /// The heap's slabs and segments: allocated under most of the above, so almost innermost. A slab takes a
    /// frame under it; a segment maps pages, which is why its lock is given back first.
    Heap = 80,
    /// Ranges that CPUs are asked to forget: freeing adds one, whatever else is locked; the interrupt reads them.
    Shootdowns = 88,
    /// The frame allocator, used by page tables and heap.
    Frames = 90,
    /// The serial port, while a piece of the log goes from the ring to it.
    LogPort = 110,
    /// The log's ring and screen: anything may log while holding anything.
    Log = 120,
}

/// The spin locks that a CPU holds, outermost first, as words: `Device, Heap`. Empty where they are not checked.
pub struct HeldRanks(pub usize);

impl fmt::Display for HeldRanks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, number) in percpu::held_ranks(self.0).enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            match ALL.iter().find(|&&rank| rank as u8 == number) {
                Some(rank) => write!(f, "{rank:?}")?,
                None => write!(f, "rank {number}")?,
            }
        }
        Ok(())
    }
}
