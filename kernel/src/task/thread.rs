//! A kernel thread's record.
//!
//! Records are made when more threads are wanted than ever before, and used again and again, but never freed
//! (`table.rs`). So a plain reference to one is always good, and asking whether it is still about the same thread is
//! asking for its number, or for the number of its sleep, which never comes again either. That spares every wake-up
//! and every switch the counting of references.

use alloc::boxed::Box;
use core::ops::Deref;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU64, AtomicUsize, Ordering};

use blocking::StateWord;
pub use blocking::ThreadState;
use sched::{Level, Linked, Standing};

use crate::arch::trap::TrapFrame;
use crate::lock::{IrqSpinLock, Rank};
use crate::memory::stack::KernelStack;

use super::belonging::Belonging;
use super::block::Ticket;
use super::inside::Inside;
use super::realtime::Budget;
use super::waiting::{Note, Wait};

/// A thread's record. Its context lies on its stack while it does not run. In the order of the fields, so that the
/// record's address is the flag's: one instruction less a switch.
#[repr(C)]
pub struct Thread {
    /// A CPU is on this thread's stack. The stub clears it once the CPU has left.
    pub(super) on_cpu: AtomicBool,
    /// Its [`Standing`], in two parts. While it runs, its CPU's tick changes it; while it is queued, whoever holds
    /// the queue's lock.
    level: AtomicU8,
    ticks_left: AtomicU8,
    /// It has a reservation: whoever queues, stops or ticks it looks at `budget`.
    is_realtime: AtomicBool,
    /// The next thread of its list. Belongs to whoever owns the list: the holder of a run queue's lock, or of that
    /// of the finished or the free records.
    link: AtomicPtr<Thread>,
    /// The record made before this one; set once.
    older: AtomicPtr<Thread>,
    /// State and number of the sleep; model-checked with everything that waits (`crates/blocking`).
    pub(super) state: StateWord,
    /// The saved frame. Written by the CPU that switches away, read by the one that switches to it, and
    /// between the two lies `on_cpu`'s release and acquire.
    pub(super) context: AtomicPtr<TrapFrame>,
    /// Time-stamp counts spent running; while it runs, less the time at which it began to.
    run_counts: AtomicU64,
    /// Where it ran last; while it is queued, whose queue it is in.
    pub(super) last_cpu: AtomicUsize,
    /// The CPUs it may run on, a bit each.
    affinity: AtomicU64,
    /// Why it sleeps, while it does.
    pub(super) note: Note,
    /// The reader-writer locks it is inside.
    pub(super) inside: Inside,
    /// End of the stack.
    stack_top: AtomicU64,
    /// Which thread this is: unique since boot, 0 for none.
    id: AtomicU64,
    slot: usize,
    pub(super) details: IrqSpinLock<Details>,
    /// Its part of the real-time class.
    pub(super) budget: IrqSpinLock<Budget>,
    /// What the floors above keep with it.
    pub(super) own: Belonging,
}

/// What is rarely asked.
pub(super) struct Details {
    pub name: Box<str>,
    /// Given back when the reaper drops it.
    #[allow(dead_code, reason = "held, not read")]
    pub stack: Option<KernelStack>,
    /// Who waits for the end.
    pub joiner: Joiner,
}

/// The end of a thread, as its joiner sees it.
pub(super) enum Joiner {
    Nobody,
    Waiting(Ticket),
    Over,
}

impl Thread {
    /// The record of no thread, the one of that slot.
    pub(super) fn vacant(slot: usize) -> Self {
        let nothing = Details { name: Box::default(), stack: None, joiner: Joiner::Over };
        Self {
            link: AtomicPtr::new(null_mut()),
            older: AtomicPtr::new(null_mut()),
            state: StateWord::new(ThreadState::Finished),
            context: AtomicPtr::new(null_mut()),
            on_cpu: AtomicBool::new(false),
            level: AtomicU8::new(0),
            ticks_left: AtomicU8::new(0),
            is_realtime: AtomicBool::new(false),
            run_counts: AtomicU64::new(0),
            last_cpu: AtomicUsize::new(0),
            affinity: AtomicU64::new(u64::MAX),
            note: Note::new(),
            inside: Inside::new(),
            stack_top: AtomicU64::new(0),
            id: AtomicU64::new(0),
            slot,
            details: IrqSpinLock::new(Rank::Queue, nothing),
            budget: IrqSpinLock::new(Rank::Budget, Budget::NONE),
            own: Belonging::new(),
        }
    }

    /// Makes this record, which is nobody's, that of thread `id`. The number of its sleep goes on, so that tickets
    /// of its predecessors stay void.
    pub(super) fn settle(&self, id: u64, name: Box<str>, state: ThreadState, stack: KernelStack) {
        self.context.store(null_mut(), Ordering::Relaxed);
        self.on_cpu.store(state == ThreadState::Running, Ordering::Relaxed);
        self.set_standing(Standing::at(Level::TOP_FEEDBACK));
        self.run_counts.store(0, Ordering::Relaxed);
        self.last_cpu.store(0, Ordering::Relaxed);
        self.affinity.store(u64::MAX, Ordering::Relaxed);
        self.stack_top.store(stack.top(), Ordering::Relaxed);
        self.state.set(state);
        self.inside.clear();
        self.own.renew();
        let mut details = self.details.lock();
        *details = Details { name, stack: Some(stack), joiner: Joiner::Nobody };
        self.id.store(id, Ordering::Relaxed);
    }

    /// Makes this record, whose thread has ended, nobody's; returns what the thread leaves behind.
    pub(super) fn vacate(&self) -> Details {
        let nothing = Details { name: Box::default(), stack: None, joiner: Joiner::Over };
        let mut details = self.details.lock();
        self.id.store(0, Ordering::Relaxed);
        core::mem::replace(&mut *details, nothing)
    }

    /// Its number: unique since boot, from 1; 0 when the record is nobody's.
    pub fn id(&self) -> u64 {
        self.id.load(Ordering::Relaxed)
    }

    /// Its place in tables; used again after it has ended.
    pub fn slot(&self) -> usize {
        self.slot
    }

    /// End of its stack.
    pub(super) fn stack_top(&self) -> u64 {
        self.stack_top.load(Ordering::Relaxed)
    }

    /// The level it stands on among the threads that want to run.
    pub(super) fn level(&self) -> Level {
        Level::from_index(self.level.load(Ordering::Relaxed).into())
    }

    /// The level's number, to be compared with others.
    #[inline]
    pub(super) fn level_index(&self) -> u32 {
        self.level.load(Ordering::Relaxed).into()
    }

    /// Level and what is left of the slice there.
    pub(super) fn standing(&self) -> Standing {
        Standing::new(self.level(), self.ticks_left.load(Ordering::Relaxed))
    }

    pub(super) fn set_standing(&self, standing: Standing) {
        self.level.store(standing.level().index() as u8, Ordering::Relaxed);
        self.ticks_left.store(standing.ticks_left(), Ordering::Relaxed);
    }

    /// Lifts it to the top if it sleeps below: a boost is for everybody, and who sleeps is in no queue to be lifted
    /// with.
    pub(super) fn lift_if_asleep(&self) {
        let level = self.level_index() as u8;
        if level <= Level::TOP_FEEDBACK.index() as u8 || self.state() != ThreadState::Blocked {
            return;
        }
        // It may be woken this very moment, run, and be given a real-time priority, which has to stay.
        let top = Standing::at(Level::TOP_FEEDBACK);
        let lifted = self.level.compare_exchange(
            level,
            top.level().index() as u8,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        if lifted.is_ok() {
            self.ticks_left.store(top.ticks_left(), Ordering::Relaxed);
        }
    }

    /// Whether it has a reservation.
    #[inline]
    pub(super) fn is_realtime(&self) -> bool {
        self.is_realtime.load(Ordering::Relaxed)
    }

    pub(super) fn set_realtime(&self, is_realtime: bool) {
        self.is_realtime.store(is_realtime, Ordering::Relaxed);
    }

    /// Whether it may run on that CPU.
    pub(super) fn may_run_on(&self, cpu: usize) -> bool {
        self.affinity() & 1 << cpu != 0
    }

    /// The CPUs it may run on, a bit each.
    pub(super) fn affinity(&self) -> u64 {
        self.affinity.load(Ordering::Relaxed)
    }

    /// Keeps the thread on these CPUs, a bit each, from its next turn on.
    pub(super) fn set_affinity(&self, cpus: u64) {
        self.affinity.store(cpus, Ordering::Relaxed);
    }

    /// A CPU switches to it at `now`, in time-stamp counts. Two additions a switch, this one and the next
    /// function's, are all that exact accounting costs.
    #[inline]
    pub(super) fn begin_turn(&self, now: u64) {
        self.run_counts.store(self.run_counts.load(Ordering::Relaxed).wrapping_sub(now), Ordering::Relaxed);
    }

    /// Its CPU switches away from it at `now`.
    #[inline]
    pub(super) fn end_turn(&self, now: u64) {
        self.run_counts.store(self.run_counts.load(Ordering::Relaxed).wrapping_add(now), Ordering::Relaxed);
    }

    /// A number that is another one in each of its turns.
    pub(super) fn turn(&self) -> u64 {
        self.run_counts.load(Ordering::Relaxed)
    }

    /// Time-stamp counts it has run until `now`.
    pub(super) fn ran(&self, now: u64) -> u64 {
        let counts = self.run_counts.load(Ordering::Relaxed);
        // Nobody has run for longer than the counter counts, so what is negative belongs to one that runs. Counters
        // of two CPUs may differ a little, and then the sum is too.
        if counts.cast_signed() < 0 { counts.wrapping_add(now).cast_signed().max(0) as u64 } else { counts }
    }

    /// Where its saved frame lies, while no CPU is on its stack.
    pub(super) fn context(&self) -> Option<u64> {
        let on_cpu = self.on_cpu.load(Ordering::Acquire);
        let context = self.context.load(Ordering::Relaxed).addr() as u64;
        (!on_cpu && context != 0).then_some(context)
    }

    /// What it waits for, while it sleeps.
    pub(super) fn waits(&self) -> Option<Wait> {
        self.note.read(&self.state)
    }

    /// What it is doing, which may have changed by the time you look.
    pub fn state(&self) -> ThreadState {
        self.state.get()
    }
}

/// A thread as CPUs and queues refer to it.
#[derive(Clone, Copy)]
pub(super) struct ThreadRef(&'static Thread);

impl ThreadRef {
    /// Refers to a record, which is never freed.
    pub const fn new(thread: &'static Thread) -> Self {
        Self(thread)
    }

    /// What [`ThreadRef::as_ptr`] gave; `None` for null.
    ///
    /// # Safety
    /// The pointer is null or came from there.
    #[inline]
    pub unsafe fn from_ptr(record: *const Thread) -> Option<Self> {
        // SAFETY: not null, then it was made of a `&'static Thread`, by the caller's promise.
        NonNull::new(record.cast_mut()).map(|record| Self(unsafe { record.as_ref() }))
    }

    /// The record's address.
    #[inline]
    pub fn as_ptr(self) -> *const Thread {
        self.0
    }

    /// The record that was made before this one.
    pub fn older(self) -> Option<Self> {
        // SAFETY: `older` is null or was set to a record's address, below.
        unsafe { Self::from_ptr(self.older.load(Ordering::Relaxed)) }
    }

    /// Notes, once, which record was made before this one.
    pub fn set_older(self, older: Option<Self>) {
        let older = older.map_or(null_mut(), |older| older.as_ptr().cast_mut());
        self.older.store(older, Ordering::Relaxed);
    }

    /// The next of a list that ends, as the finished and the free ones are.
    pub fn after(self) -> Option<Self> {
        // SAFETY: `link` is null or was set to a record's address, below.
        unsafe { Self::from_ptr(self.link.load(Ordering::Relaxed)) }
    }

    /// Sets the next of a list that ends.
    pub fn set_after(self, after: Option<Self>) {
        let link = after.map_or(null_mut(), |after| after.as_ptr().cast_mut());
        self.link.store(link, Ordering::Relaxed);
    }
}

impl PartialEq for ThreadRef {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self.0, other.0)
    }
}

impl Deref for ThreadRef {
    type Target = Thread;
    #[inline]
    fn deref(&self) -> &Thread {
        self.0
    }
}

impl Linked for ThreadRef {
    #[inline]
    fn next(self) -> Self {
        // SAFETY: a run queue asks only threads it has linked, so this is the address of a record.
        Self(unsafe { &*self.link.load(Ordering::Relaxed) })
    }

    #[inline]
    fn set_next(self, next: Self) {
        self.link.store(next.as_ptr().cast_mut(), Ordering::Relaxed);
    }
}
