//! A lock that sleeps while another thread holds it.
//!
//! Releasing it wakes the thread that has waited longest, but does not hand the mutex over: whoever asks first
//! gets it. Handing over would have every contended release wait for a switch; the price is that a thread on
//! another CPU that lets go for a moment only may come first again, and the woken one queues anew.

use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicBool, Ordering};

use super::WaitQueue;
use crate::arch::percpu;

/// Mutual exclusion between threads. Never taken in an interrupt handler or under a spin lock.
pub struct Mutex<T: ?Sized> {
    locked: AtomicBool,
    waiters: WaitQueue,
    value: UnsafeCell<T>,
}

// SAFETY: `locked` lets one thread at a time reach the value, so sharing the mutex only sends the value.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}
// SAFETY: owning the mutex is owning the value.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}

impl<T> Mutex<T> {
    /// A free mutex around `value`.
    pub const fn new(value: T) -> Self {
        Self { locked: AtomicBool::new(false), waiters: WaitQueue::new(), value: UnsafeCell::new(value) }
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits for the lock.
    ///
    /// # Panics
    /// In debug builds, when a spin lock is held or an interrupt is being handled, even if the mutex is free:
    /// the next time it may not be.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        debug_assert!(
            percpu::preemptible() && !percpu::in_trap(),
            "a mutex was taken where nobody may sleep"
        );
        if !self.try_acquire() {
            self.waiters.wait_until(|| self.try_acquire());
        }
        MutexGuard { mutex: self, shared_as: PhantomData }
    }

    fn try_acquire(&self) -> bool {
        self.locked.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }
}

/// Gives access to a [`Mutex`]'s value.
pub struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    /// Left to itself the guard could be shared whenever the mutex can, but it gives out `&T`.
    shared_as: PhantomData<&'a T>,
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the guard exists, so its thread holds the lock and nobody else reaches the value.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as for `deref`, and `&mut self` makes this the guard's only reference.
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        self.mutex.locked.store(false, Ordering::Release);
        self.mutex.waiters.wake_one();
    }
}
