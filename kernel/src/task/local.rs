//! Data of which every thread has its own: a typed key, and a value that is made when a thread first asks for it and
//! dropped when the thread ends.
//!
//! ```ignore
//! static DEPTH: Local<Cell<u32>> = Local::new(|| Cell::new(0));
//! DEPTH.with(|depth| depth.set(depth.get() + 1))?;
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::any::Any;
use core::cell::UnsafeCell;

use super::scheduler;
use super::table::OutOfMemory;
use crate::arch::percpu;
use crate::memory::heap::fallible;

/// A key to one value in each thread that asks. Always a `static`: the key is its address.
pub struct Local<T: 'static> {
    initialise: fn() -> T,
    /// Two keys never share an address, even if the value has no size.
    _address: u8,
}

impl<T: 'static> Local<T> {
    /// A key whose values `initialise` makes, each on the thread it belongs to.
    pub const fn new(initialise: fn() -> T) -> Self {
        Self { initialise, _address: 0 }
    }

    /// Runs `f` with the running thread's value, which is made if this is the first time.
    ///
    /// # Errors
    /// There is no memory to keep the value; `f` has not run.
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, OutOfMemory> {
        debug_assert!(!percpu::in_trap(), "an interrupt handler has no data of its own");
        let key = core::ptr::from_ref(self).addr();
        let thread = scheduler::current();
        let locals = thread.own.locals();
        let value = match locals.find(key) {
            Some(value) => value,
            None => {
                // May ask for other keys, and find nothing borrowed.
                let value = fallible::boxed((self.initialise)()).map_err(|_| OutOfMemory)?;
                locals.insert(key, value)?
            }
        };
        // SAFETY: the value is in a box that is dropped by this very thread when it ends, and `f` has returned by then:
        // what `drop_all` calls can't be inside this function. It is shared with nobody but later calls of this
        // function on this thread, which share it too.
        let value = unsafe { &*value };
        let value = value.downcast_ref::<T>();
        Ok(f(value.expect("a key's address stands for one type")))
    }
}

/// The values of one thread, by key. A thread has a handful, so they are searched one by one.
pub(super) struct Locals(UnsafeCell<Vec<(usize, Box<dyn Any>)>>);

// SAFETY: only the thread that owns the record reaches the list, through `Local::with` and `drop_all`, both of which it
// calls itself, and no interrupt handler does. Others merely pass the record around.
unsafe impl Sync for Locals {}
// SAFETY: the list is empty whenever the record goes to another thread: before that runs and after it has ended.
unsafe impl Send for Locals {}

impl Locals {
    /// None.
    pub const fn new() -> Self {
        Self(UnsafeCell::new(Vec::new()))
    }

    /// The value of a key. It stays where it is until the thread ends.
    fn find(&self, key: usize) -> Option<*const dyn Any> {
        // SAFETY: by the type's rule nobody else is at the list, and the reference ends here.
        let list = unsafe { &*self.0.get() };
        list.iter()
            .find(|(other, _)| *other == key)
            .map(|(_, value)| core::ptr::from_ref::<dyn Any>(&**value))
    }

    fn insert(&self, key: usize, value: Box<dyn Any>) -> Result<*const dyn Any, OutOfMemory> {
        // SAFETY: as in `find`; nothing below calls back.
        let list = unsafe { &mut *self.0.get() };
        list.try_reserve(1).map_err(|_| OutOfMemory)?;
        let place = core::ptr::from_ref::<dyn Any>(&*value);
        list.push((key, value));
        Ok(place)
    }

    /// Drops all values, the last made first. One that is dropped may ask for others, even make them anew.
    pub(super) fn drop_all(&self) {
        loop {
            // SAFETY: as in `find`; the reference ends before anything is dropped.
            let last = unsafe { (*self.0.get()).pop() };
            if last.is_none() {
                break;
            }
        }
        // SAFETY: as in `find`. The list is empty, so nothing runs when it is dropped.
        unsafe { *self.0.get() = Vec::new() };
    }
}
