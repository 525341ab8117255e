//! The bridge to `kernel/twin`, the kernel's mutex and table of processes in C: what it calls of the kernel, and what
//! benchmarks call of it. Only in the image with feature `twin`.

use alloc::alloc::{Layout, alloc, dealloc};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::cell::UnsafeCell;
use core::ffi::c_void;

use super::reenix::{Adder, Family, INIT_THREAD};
use crate::arch::{cpu, interrupts, percpu};
use crate::memory::heap::fallible;
use crate::sync::WaitQueue;
use crate::task;

/// A condition of C's, and what it is about.
type Condition = unsafe extern "C" fn(argument: *mut c_void) -> bool;

/// `struct twin_sum`: a mutex and what it guards.
#[repr(C)]
struct CSum {
    word: u64,
    /// A [`WaitQueue`].
    waiters: *const c_void,
    value: u64,
    began: u64,
    ended: u64,
}

/// `struct twin_data`.
#[repr(C)]
struct CData {
    references: u64,
    /// A [`WaitQueue`].
    children: *const c_void,
    changes: u64,
    run_counts: u64,
    on_child_end: Option<extern "C" fn()>,
}

/// What is kept with a process: C's part first, so that both have one address.
#[repr(C)]
struct Kept {
    data: CData,
    queue: WaitQueue,
    name: Box<str>,
}

unsafe extern "C" {
    fn twin_mutex_lock_unlock(sum: *mut CSum, times: u64);
    fn twin_add_up(sum: *mut CSum, target: u64, pause: u64);
    fn twin_spawn(table: *mut c_void, parent: u32, thread: u32, data: *mut CData) -> u32;
    fn twin_exit_thread(table: *mut c_void, thread: u32, status: u8, run_counts: u64) -> bool;
    fn twin_wait(table: *mut c_void, thread: u32, own: *mut CData, wanted: u32, status: *mut u8) -> u32;
    fn twin_table_size() -> usize;
    fn twin_data_size() -> usize;
}

/// Waits in a queue of ours until C's condition holds.
#[unsafe(no_mangle)]
unsafe extern "C" fn twin_hook_wait_until(queue: &WaitQueue, condition: Condition, argument: *mut c_void) {
    // SAFETY: C says that its condition may be called with its argument until this returns.
    queue.wait_until(|| unsafe { condition(argument) });
}

/// As above; false when the thread was called out.
#[unsafe(no_mangle)]
unsafe extern "C" fn twin_hook_wait_until_interruptible(
    queue: &WaitQueue,
    condition: Condition,
    argument: *mut c_void,
) -> bool {
    // SAFETY: as above.
    queue.wait_until_interruptible(|| unsafe { condition(argument) }).is_ok()
}

#[unsafe(no_mangle)]
extern "C" fn twin_hook_wake_one(queue: &WaitQueue) {
    queue.wake_one();
}

#[unsafe(no_mangle)]
extern "C" fn twin_hook_wake_all(queue: &WaitQueue) {
    queue.wake_all();
}

#[unsafe(no_mangle)]
extern "C" fn twin_hook_yield() {
    task::yield_now();
}

#[unsafe(no_mangle)]
extern "C" fn twin_hook_catch_up() {
    if interrupts::are_enabled() {
        percpu::catch_up();
    }
}

#[unsafe(no_mangle)]
extern "C" fn twin_hook_time_stamp() -> u64 {
    cpu::time_stamp()
}

/// Zeroed memory; null when there is none.
#[unsafe(no_mangle)]
extern "C" fn twin_hook_allocate(bytes: usize) -> *mut u8 {
    let Ok(layout) = Layout::from_size_align(bytes.max(1), 8) else { return core::ptr::null_mut() };
    // SAFETY: the layout has some bytes, and what was allocated is as long as it says.
    unsafe {
        let memory = alloc(layout);
        if !memory.is_null() {
            memory.write_bytes(0, bytes);
        }
        memory
    }
}

/// # Safety
/// `memory` came from [`twin_hook_allocate`] for as many bytes, and nobody uses it.
#[unsafe(no_mangle)]
unsafe extern "C" fn twin_hook_free(memory: *mut u8, bytes: usize) {
    if let Ok(layout) = Layout::from_size_align(bytes.max(1), 8) {
        // SAFETY: the caller's promise, and the layout is the same.
        unsafe { dealloc(memory, layout) };
    }
}

/// # Safety
/// `data` came from [`data`], and this was its last reference.
#[unsafe(no_mangle)]
unsafe extern "C" fn twin_hook_drop_data(data: *mut CData) {
    // SAFETY: the caller's promise; it was a box.
    drop(unsafe { Box::from_raw(data.cast::<Kept>()) });
}

/// Whether both sides agree about the layout of what they share.
pub(super) fn is_sound() -> bool {
    // SAFETY: returns a constant.
    let sound = unsafe { twin_data_size() } == size_of::<CData>();
    if !sound {
        log::error!("kernel/twin does not fit this kernel");
    }
    sound
}

/// A number under C's mutex.
struct Sum {
    sum: UnsafeCell<CSum>,
    /// What `sum.waiters` points to.
    _waiters: Box<WaitQueue>,
}

// SAFETY: C's functions may be called by several threads at once: they reach the numbers under the mutex only.
unsafe impl Sync for Sum {}
// SAFETY: it belongs to no thread, and the queue it points to comes with it.
unsafe impl Send for Sum {}

impl Sum {
    fn new() -> Option<Self> {
        let waiters = fallible::boxed(WaitQueue::new()).ok()?;
        let sum = CSum { word: 0, waiters: (&raw const *waiters).cast(), value: 0, began: 0, ended: 0 };
        Some(Self { sum: UnsafeCell::new(sum), _waiters: waiters })
    }
}

impl Adder for Sum {
    fn add_up(&self, target: u64, pause: u64) {
        // SAFETY: `sum` is as C declares it, and its queue lives as long.
        unsafe { twin_add_up(self.sum.get(), target, pause) };
    }

    fn elapsed(&self) -> u64 {
        // SAFETY: asked when all threads have ended.
        unsafe { (*self.sum.get()).ended.saturating_sub((*self.sum.get()).began) }
    }
}

/// As the kernel's own, in C.
pub(super) fn sum() -> Option<Arc<dyn Adder>> {
    Some(Arc::new(Sum::new()?))
}

/// Locks and unlocks C's mutex so often, without others.
pub(super) fn lock_unlock(times: u64) {
    if let Some(sum) = Sum::new() {
        // SAFETY: as in `add_up`.
        unsafe { twin_mutex_lock_unlock(sum.sum.get(), times) };
    }
}

/// A table of processes in C.
struct Table {
    table: *mut c_void,
    init: *mut CData,
}

// SAFETY: C's functions may be called by several threads at once: the table has a lock of its own.
unsafe impl Sync for Table {}
// SAFETY: it belongs to no thread.
unsafe impl Send for Table {}

/// What is kept with a process, referred to once.
fn data(name: &str) -> Option<*mut CData> {
    let data =
        CData { references: 1, children: core::ptr::null(), changes: 0, run_counts: 0, on_child_end: None };
    let kept = Kept { data, queue: WaitQueue::new(), name: fallible::text(name)? };
    let mut kept = fallible::boxed(kept).ok()?;
    kept.data.children = (&raw const kept.queue).cast();
    Some(Box::into_raw(kept).cast())
}

/// As the kernel's own, in C. It is made twice a boot, and stays.
pub(super) fn family() -> Option<Arc<dyn Family>> {
    // SAFETY: returns a constant.
    let table = twin_hook_allocate(unsafe { twin_table_size() }).cast::<c_void>();
    if table.is_null() {
        return None;
    }
    let init = data("init")?;
    // SAFETY: a zeroed table is an empty one; the data are fresh.
    let number = unsafe { twin_spawn(table, 0, INIT_THREAD, init) };
    (number == 1).then(|| Arc::new(Table { table, init }) as Arc<dyn Family>)
}

impl Family for Table {
    fn spawn(&self, thread: u32) -> Option<u32> {
        let data = data("child")?;
        // SAFETY: the table lives for ever; the data are fresh, and given to it.
        let child = unsafe { twin_spawn(self.table, 1, thread, data) };
        (child != 0).then_some(child)
    }

    fn exit(&self, thread: u32) {
        // SAFETY: the table lives for ever. Refused only for init's thread.
        unsafe { twin_exit_thread(self.table, thread, 0, 1) };
    }

    fn wait(&self, child: u32) -> bool {
        let mut status = 0;
        // SAFETY: table and init's data live for ever.
        unsafe { twin_wait(self.table, INIT_THREAD, self.init, child, &mut status) != 0 }
    }
}
