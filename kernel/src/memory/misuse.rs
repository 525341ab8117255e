//! What the page tables forbid, done on purpose: so that a test sees that the processor stops it, in every build.
//!
//! Each function ends in a page fault. One that returns instead has found a protection that does not hold. What follows
//! a call keeps the compiler from making a jump of it, so that the report names the function.

use alloc::boxed::Box;
use alloc::vec;
use core::hint::black_box;
use core::sync::atomic::{AtomicU8, Ordering};

use paging::Access;

use super::{direct_map, frames, kernel_space};

/// `ret`: where it could be executed, the call comes back.
const RETURN: u8 = 0xc3;
/// A page of user space for each way to misuse one.
const USER_DATA: u64 = 0x4000_0000;
const USER_CODE: u64 = 0x4000_1000;

static CONSTANT: [u8; 16] = *b"never to change.";
static VARIABLE: AtomicU8 = AtomicU8::new(0);

/// Writes to a constant.
#[inline(never)]
pub fn write_to_constant() {
    write(black_box(CONSTANT.as_ptr()).cast_mut());
}

/// Writes to the kernel's code where the direct map shows it.
#[inline(never)]
pub fn write_to_code_alias() {
    let code = write_to_code_alias as *const () as u64;
    if let Some(mapping) = kernel_space::translate(code) {
        // The mapping is of the whole page around it, however large.
        let offset = code & (mapping.size.bytes() - 1);
        write(direct_map::pointer(mapping.physical.get() + offset));
    }
}

/// Writes behind the end of an allocation that has pages of its own.
#[inline(never)]
pub fn write_behind_allocation() {
    let mut large = black_box(vec![0_u8; 256 << 10]);
    write(large.as_mut_ptr_range().end);
}

/// Executes an object of some size on the heap.
#[inline(never)]
pub fn execute_heap() {
    let object = black_box(vec![RETURN; 8 << 10]);
    execute(object.as_ptr());
    black_box(object);
}

/// Executes an object on the stack.
#[inline(never)]
pub fn execute_stack() {
    let object = black_box([RETURN; 16]);
    execute(object.as_ptr());
    black_box(object);
}

/// Executes one of the kernel's variables.
#[inline(never)]
pub fn execute_variable() {
    // Written, or the compiler would make it a constant.
    VARIABLE.store(RETURN, Ordering::Relaxed);
    execute(VARIABLE.as_ptr());
    black_box(());
}

/// Executes a constant.
#[inline(never)]
pub fn execute_constant() {
    execute(black_box(CONSTANT.as_ptr()));
}

/// Executes a small object, which lies in the direct map.
#[inline(never)]
pub fn execute_direct_map() {
    let object = black_box(Box::new([RETURN; 16]));
    execute(object.as_ptr());
    black_box(object);
}

/// Reads a page of user space, as ring 0.
#[inline(never)]
pub fn touch_user_page() {
    if let Some(page) = user_page(USER_DATA, Access::WRITE) {
        // SAFETY: mapped just now; a fault is the point.
        unsafe { page.read_volatile() };
    }
}

/// Executes a page of user space, as ring 0.
#[inline(never)]
pub fn execute_user_page() {
    if let Some(page) = user_page(USER_CODE, Access::EXECUTE) {
        execute(page);
        black_box(());
    }
}

/// A fresh page at `address` that ring 3 may use, and execute.
fn user_page(address: u64, access: Access) -> Option<*mut u8> {
    let frame = frames::allocate()?;
    // SAFETY: the frame is ours alone, and in the direct map.
    unsafe { direct_map::pointer::<u8>(frame.address()).write_volatile(RETURN) };
    kernel_space::map_for_user(address, frame, access).ok()?;
    Some(core::ptr::with_exposed_provenance_mut(address as usize))
}

fn write(place: *mut u8) {
    // SAFETY: a page fault is the point. If there is none, a byte is changed that nobody reads but the caller's
    // own object, its own code (which has run), or nobody at all.
    unsafe { place.write_volatile(b'!') };
}

#[inline(never)]
fn execute(code: *const u8) {
    // SAFETY: a page fault is the point. If there is none, the bytes are a `ret`, or a constant's, and then
    // it is no matter any more.
    unsafe { core::mem::transmute::<*const u8, extern "C" fn()>(code)() };
    black_box(());
}
