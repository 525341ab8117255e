//! Spin locks, test-and-test-and-set. A ticket lock would be fair, but under an emulator or hypervisor it
//! hands the lock to a CPU that may not be running, and everybody waits for it; stretches under these locks
//! are short enough that fairness buys nothing.

use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicBool, Ordering};

use super::rank::{HeldRanks, Rank, is_checked};
use crate::arch::{interrupts, percpu};

/// The bit that is the lock, and its rank.
struct RawSpin {
    locked: AtomicBool,
    rank: Rank,
}

impl RawSpin {
    /// Preemption is off already.
    fn acquire(&self) {
        self.note_acquired();
        if self.locked.swap(true, Ordering::Acquire) {
            self.contend();
        }
    }

    /// Somebody else holds it.
    #[cold]
    fn contend(&self) {
        loop {
            while self.locked.load(Ordering::Relaxed) {
                core::hint::spin_loop();
            }
            if !self.locked.swap(true, Ordering::Acquire) {
                return;
            }
        }
    }

    fn try_acquire(&self) -> bool {
        let taken = self.locked.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if taken && is_checked() {
            // An attempt can't deadlock, so its order is not checked; but what is taken after it is.
            percpu::push_rank(self.rank as u8);
        }
        taken
    }

    fn release(&self) {
        if is_checked() && !self.locked.load(Ordering::Relaxed) {
            panic!("a lock of rank {:?} was released twice", self.rank);
        }
        self.locked.store(false, Ordering::Release);
        if is_checked() {
            percpu::pop_rank(self.rank as u8);
        }
    }

    fn note_acquired(&self) {
        if is_checked() && !percpu::push_rank(self.rank as u8) {
            percpu::pop_rank(self.rank as u8);
            out_of_order(self.rank);
        }
    }
}

/// Out of line: what only fails must not make every acquisition longer.
#[cold]
#[inline(never)]
fn out_of_order(rank: Rank) -> ! {
    panic!("lock order: {rank:?} must be taken before {}, and was taken under it", HeldRanks(percpu::id()));
}

macro_rules! spin_lock {
    ($(#[$doc:meta])* $lock:ident, $(#[$guard_doc:meta])* $guard:ident, $saved:ty, $enter:expr, $leave:expr) => {
        $(#[$doc])*
        pub struct $lock<T: ?Sized> {
            raw: RawSpin,
            value: UnsafeCell<T>,
        }

        // SAFETY: `raw` lets one CPU at a time reach the value, so sharing the lock only sends the value.
        unsafe impl<T: ?Sized + Send> Sync for $lock<T> {}

        impl<T> $lock<T> {
            /// A free lock around `value`.
            pub const fn new(rank: Rank, value: T) -> Self {
                Self { raw: RawSpin { locked: AtomicBool::new(false), rank }, value: UnsafeCell::new(value) }
            }
        }

        impl<T: ?Sized> $lock<T> {
            /// Waits for the lock.
            pub fn lock(&self) -> $guard<'_, T> {
                let saved = $enter;
                self.raw.acquire();
                $guard { lock: self, saved, not_send: core::marker::PhantomData }
            }
        }

        $(#[$guard_doc])*
        pub struct $guard<'a, T: ?Sized> {
            lock: &'a $lock<T>,
            saved: $saved,
            /// A guard is released on the CPU that took it.
            not_send: core::marker::PhantomData<*mut ()>,
        }

        impl<T: ?Sized> Deref for $guard<'_, T> {
            type Target = T;
            fn deref(&self) -> &T {
                // SAFETY: the guard exists, so this CPU holds the lock and nobody else reaches the value.
                unsafe { &*self.lock.value.get() }
            }
        }

        impl<T: ?Sized> DerefMut for $guard<'_, T> {
            fn deref_mut(&mut self) -> &mut T {
                // SAFETY: as for `deref`, and `&mut self` makes this the guard's only reference.
                unsafe { &mut *self.lock.value.get() }
            }
        }

        impl<T: ?Sized> Drop for $guard<'_, T> {
            fn drop(&mut self) {
                self.lock.raw.release();
                ($leave)(self.saved);
            }
        }
    };
}

impl<T: ?Sized> IrqSpinLock<T> {
    /// Takes the lock if it is free.
    pub fn try_lock(&self) -> Option<IrqSpinGuard<'_, T>> {
        let saved = enter();
        if self.raw.try_acquire() {
            return Some(IrqSpinGuard { lock: self, saved, not_send: core::marker::PhantomData });
        }
        leave(saved);
        None
    }

    /// The value, whoever holds the lock: for a look when every other CPU has stopped. Following the pointer is for
    /// those who can say that nobody writes what they read.
    pub fn as_ptr(&self) -> *const T {
        self.value.get()
    }

    /// As `lock`, for the scheduler's own path: interrupts are off and stay off until the guard is gone, so
    /// nothing needs to be remembered or checked.
    pub fn lock_in_trap(&self) -> TrapGuard<'_, T> {
        debug_assert!(!interrupts::are_enabled(), "a lock for traps was taken with interrupts on");
        self.raw.acquire();
        TrapGuard { lock: self, not_send: core::marker::PhantomData }
    }
}

/// Gives access to the value of an [`IrqSpinLock`] taken with interrupts off.
pub struct TrapGuard<'a, T: ?Sized> {
    lock: &'a IrqSpinLock<T>,
    /// A guard is released on the CPU that took it.
    not_send: core::marker::PhantomData<*mut ()>,
}

impl<T: ?Sized> Deref for TrapGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the guard exists, so this CPU holds the lock and nobody else reaches the value.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: ?Sized> DerefMut for TrapGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as for `deref`, and `&mut self` makes this the guard's only reference.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T: ?Sized> Drop for TrapGuard<'_, T> {
    fn drop(&mut self) {
        self.lock.raw.release();
    }
}

spin_lock!(
    /// A lock between threads: preemption is off while it is held. Never take it in an interrupt handler.
    SpinLock,
    /// Gives access to a [`SpinLock`]'s value.
    SpinGuard,
    (),
    enter_thread_only(),
    |()| percpu::preempt_enable()
);

spin_lock!(
    /// A lock between threads and interrupt handlers: interrupts are off while it is held.
    IrqSpinLock,
    /// Gives access to an [`IrqSpinLock`]'s value.
    IrqSpinGuard,
    bool,
    enter(),
    leave
);

/// Turns preemption off, for a lock that handlers never take: one of them may have interrupted its owner.
fn enter_thread_only() {
    debug_assert!(!percpu::in_trap(), "a lock between threads was taken in an interrupt handler");
    percpu::preempt_disable();
}

/// Turns interrupts off, and with them preemption: whoever could switch threads runs in an interrupt or yields. Builds
/// that check count the lock as well, so that a yield under it is found. Returns whether interrupts were on.
#[inline]
fn enter() -> bool {
    let were_enabled = interrupts::disable();
    if cfg!(debug_assertions) {
        percpu::preempt_disable();
    }
    were_enabled
}

#[inline]
fn leave(were_enabled: bool) {
    if cfg!(debug_assertions) {
        // Interrupts are still off, so this never switches.
        percpu::preempt_enable();
    }
    if were_enabled {
        interrupts::restore(true);
        if percpu::need_resched() {
            percpu::catch_up();
        }
    }
}
