//! A lock that sleeps while another thread holds it.
//!
//! Releasing it wakes the thread that has waited longest, but does not hand the mutex over: whoever asks first
//! gets it. Handing over would have every contended release wait for a switch; the price is that a thread on
//! another CPU that lets go for a moment only may come first again, and the woken one queues anew.

use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use blocking::RawMutex;

use super::platform::{Kernel, assert_may_sleep, queue};
use crate::task;

/// Mutual exclusion between threads. Never taken in an interrupt handler or under a spin lock.
pub struct Mutex<T: ?Sized> {
    raw: RawMutex<Kernel>,
    value: UnsafeCell<T>,
}

// SAFETY: `raw` lets one thread at a time reach the value, so sharing the mutex only sends the value.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}
// SAFETY: owning the mutex is owning the value.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}

impl<T> Mutex<T> {
    /// A free mutex around `value`.
    pub const fn new(value: T) -> Self {
        Self { raw: RawMutex::new(queue()), value: UnsafeCell::new(value) }
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits for the lock.
    ///
    /// # Panics
    /// In debug builds, when a spin lock is held or an interrupt is being handled, even if the mutex is free:
    /// the next time it may not be.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        assert_may_sleep();
        self.raw.acquire();
        MutexGuard { mutex: self, shared_as: PhantomData }
    }

    /// Has `debug locks` tell who holds this mutex, by `name`. It should stay for good. One in a static variable needs
    /// no such call.
    pub fn list(&self, name: &'static str) {
        task::list_mutex(self.raw.address(), Some(name));
    }
}

/// Gives access to a [`Mutex`]'s value.
pub struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    /// Left to itself the guard could be shared whenever the mutex can, but it gives out `&T`.
    shared_as: PhantomData<&'a T>,
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// Runs `f`, which gives the lock back and takes it again.
    pub(super) fn while_released(self, f: impl FnOnce(&RawMutex<Kernel>)) -> Self {
        let mutex = self.mutex;
        core::mem::forget(self);
        f(&mutex.raw);
        MutexGuard { mutex, shared_as: PhantomData }
    }
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
    #[inline]
    fn drop(&mut self) {
        self.mutex.raw.release();
    }
}
