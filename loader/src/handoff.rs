//! Where assembly calls Rust, and Rust leaves for good.

use core::arch::global_asm;
use core::panic::PanicInfo;

use bootload::HHDM;

use crate::{machine::serial, report};

global_asm!(include_str!("entry.s"));
global_asm!(include_str!("trampoline.s"));

// `entry.s` has a slot of the root table and the GDT's address made from it.
const _: () = assert!(HHDM == 0xffff_8000_0000_0000);

mod assembly {
    unsafe extern "C" {
        pub fn enter(entry: u64, stack: u64, root: u64) -> !;
    }
}

/// Called once by `entry.s`, in long mode, on the loader's stack.
#[unsafe(no_mangle)]
extern "C" fn loader_main(info: u32, front_end: u32) -> ! {
    serial::set_up();
    match crate::boot(front_end, info) {
        Err(error) => report::give_up(format_args!("{error}")),
    }
}

/// Leaves for the kernel: to `entry`, with the stack that ends at `stack`, both virtual, and the
/// page tables at `root`.
pub fn enter(entry: u64, stack: u64, root: u64) -> ! {
    // SAFETY: of the three arguments, `boot` has checked `entry` to lie in an executable segment,
    // and mapped it, `stack` and the higher half address of `enter` in the tables at `root`, for
    // the loader's image is bootloader-reclaimable memory and that is all in the higher half
    // direct map. The early tables have the same mapping of the first 4 GiB, so the jump to the
    // higher half works before the switch. Nothing of Rust's is used after it.
    unsafe {
        let enter: extern "C" fn(u64, u64, u64) -> ! =
            core::mem::transmute(HHDM + assembly::enter as *const () as u64);
        enter(entry, stack, root)
    }
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    report::give_up(format_args!("{info}"))
}
