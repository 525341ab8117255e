//! A lock that many readers hold at a time, or one writer.

use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use blocking::RawRwLock;

use super::platform::{Kernel, assert_may_sleep, queue};

/// Readers together, writers alone; waiting writers go before readers that come later, and nobody starves.
/// Never taken in an interrupt handler or under a spin lock.
pub struct RwLock<T: ?Sized> {
    raw: RawRwLock<Kernel>,
    value: UnsafeCell<T>,
}

// SAFETY: `raw` lets several threads read the value at once, hence `T: Sync`, or one write it, hence `T: Send`.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}
// SAFETY: owning the lock is owning the value.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}

impl<T> RwLock<T> {
    /// A free lock around `value`.
    pub fn new(value: T) -> Self {
        Self { raw: RawRwLock::new(queue(), queue()), value: UnsafeCell::new(value) }
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits until it may read.
    ///
    /// # Panics
    /// In debug builds, where nobody may sleep; as [`Mutex::lock`](super::Mutex::lock).
    pub fn read(&self) -> ReadGuard<'_, T> {
        assert_may_sleep();
        self.raw.acquire_shared();
        ReadGuard { lock: self, stays: PhantomData }
    }

    /// By what diagnosis knows it.
    pub fn address(&self) -> usize {
        self.raw.address()
    }

    /// Waits until it may write.
    ///
    /// # Panics
    /// As [`RwLock::read`].
    pub fn write(&self) -> WriteGuard<'_, T> {
        assert_may_sleep();
        self.raw.acquire_exclusive();
        WriteGuard { lock: self, stays: PhantomData }
    }
}

/// Lets an [`RwLock`]'s value be read. It stays with its thread, which is noted to be inside.
pub struct ReadGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    stays: PhantomData<*const ()>,
}

/// Lets an [`RwLock`]'s value be written. It stays with its thread, as a [`ReadGuard`] does.
pub struct WriteGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    stays: PhantomData<*const ()>,
}

impl<T: ?Sized> Deref for ReadGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the guard exists, so its thread is inside as a reader, and no writer is.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: ?Sized> Drop for ReadGuard<'_, T> {
    fn drop(&mut self) {
        self.lock.raw.release_shared();
    }
}

impl<T: ?Sized> Deref for WriteGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the guard exists, so its thread is inside alone.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: ?Sized> DerefMut for WriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as for `deref`, and `&mut self` makes this the guard's only reference.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T: ?Sized> Drop for WriteGuard<'_, T> {
    fn drop(&mut self) {
        self.lock.raw.release_exclusive();
    }
}
