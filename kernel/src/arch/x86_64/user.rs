//! Touching the memory of the address space that is entered on this CPU: one word at a time, at addresses that may be mapped,
//! protected or neither.
//!
//! The instruction that does it stands at a known place. A page fault there goes on at another one, which says that
//! it did not work: no look at the tables beforehand could say so, because another CPU may change them in between. Supervisor-mode
//! access prevention is lifted for that one instruction, with interrupts off, so that no handler runs without it.

use core::arch::{asm, global_asm};

use super::{cpu, interrupts};

/// The first address that is not user memory's: the last page of the lower half stays free, so that no access leaves it.
const END: u64 = 0x7fff_ffff_f000;

unsafe extern "C" {
    static user_read: u8;
    static user_write: u8;
    static user_fault: u8;
}

global_asm!(
    // Each: the address in rcx, the word in rax; returns 1 in rdx, or 0 from `user_fault` when the access faulted.
    ".global user_read",
    "user_read:",
    "mov rax, [rcx]",
    "mov edx, 1",
    "ret",
    ".global user_write",
    "user_write:",
    "mov [rcx], rax",
    "mov edx, 1",
    "ret",
    ".global user_fault",
    "user_fault:",
    "xor edx, edx",
    "ret",
);

/// Where to go on after a page fault at `instruction`; `None` when it was not one of ours.
pub(super) fn landing(instruction: u64) -> Option<u64> {
    let ours = [&raw const user_read, &raw const user_write];
    ours.iter().any(|place| place.addr() as u64 == instruction).then(|| (&raw const user_fault).addr() as u64)
}

/// Reads the word at `address`; `None` when it is not aligned, not a user address, not mapped or not to be read.
pub fn read(address: u64) -> Option<u64> {
    access(&raw const user_read, address, 0)
}

/// Writes a word to `address`; false when that can't be, as for [`read`].
#[must_use]
pub fn write(address: u64, word: u64) -> bool {
    access(&raw const user_write, address, word).is_some()
}

fn access(how: *const u8, address: u64, word: u64) -> Option<u64> {
    if address >= END || !address.is_multiple_of(8) {
        return None;
    }
    let prevention = cpu::features().smap;
    interrupts::without(|| {
        let (mut result, mut worked) = (word, 0_u64);
        // SAFETY: 1. `how` is `user_read` or `user_write`, which touch nothing but rax, rdx and the word at a user
        // address, where no object of the kernel's lies; 2. a page fault there ends in `user_fault` by `landing`; 3. STAC and CLAC
        // exist where SMAP does, and the flag is as before afterwards, for the kernel never runs with it set.
        unsafe {
            if prevention {
                asm!("stac", options(nomem, nostack));
            }
            asm!("call {}", in(reg) how, in("rcx") address, inout("rax") result, inout("rdx") worked);
            if prevention {
                asm!("clac", options(nomem, nostack));
            }
        }
        (worked == 1).then_some(result)
    })
}
