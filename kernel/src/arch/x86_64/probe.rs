//! Instructions that only the self-tests and the `provoke` word want. None takes an address: safe code must not
//! reach memory through here.

use core::arch::asm;

use super::trap::vector::ISA_BASE;

/// Executes `int3`.
pub fn breakpoint() {
    // SAFETY: the gate's handler logs and returns.
    unsafe { asm!("int3", options(nomem, nostack)) };
}

/// Fills the SSE registers with patterns made from `seed`, calls `meanwhile`, and says whether all of them
/// are as before.
pub fn sse_survives(seed: u64, meanwhile: fn()) -> bool {
    let filled: [u64; 32] = core::array::from_fn(|i| seed.wrapping_mul(0x9e37_79b9).wrapping_add(i as u64));
    let mut found = [0_u64; 32];
    // SAFETY: the kernel is soft-float, so no compiled code has a value in these registers, and `meanwhile`
    // is an ordinary function that keeps its ABI; both arrays are 256 bytes, 16 registers of 16.
    unsafe {
        asm!(
            "movups xmm0, [{0}]", "movups xmm1, [{0} + 16]", "movups xmm2, [{0} + 32]", "movups xmm3, [{0} + 48]",
            "movups xmm4, [{0} + 64]", "movups xmm5, [{0} + 80]", "movups xmm6, [{0} + 96]", "movups xmm7, [{0} + 112]",
            "movups xmm8, [{0} + 128]", "movups xmm9, [{0} + 144]", "movups xmm10, [{0} + 160]", "movups xmm11, [{0} + 176]",
            "movups xmm12, [{0} + 192]", "movups xmm13, [{0} + 208]", "movups xmm14, [{0} + 224]", "movups xmm15, [{0} + 240]",
            in(reg) filled.as_ptr(), options(nostack, readonly)
        );
    }
    meanwhile();
    // SAFETY: as above.
    unsafe {
        asm!(
            "movups [{0}], xmm0", "movups [{0} + 16], xmm1", "movups [{0} + 32], xmm2", "movups [{0} + 48], xmm3",
            "movups [{0} + 64], xmm4", "movups [{0} + 80], xmm5", "movups [{0} + 96], xmm6", "movups [{0} + 112], xmm7",
            "movups [{0} + 128], xmm8", "movups [{0} + 144], xmm9", "movups [{0} + 160], xmm10", "movups [{0} + 176], xmm11",
            "movups [{0} + 192], xmm12", "movups [{0} + 208], xmm13", "movups [{0} + 224], xmm14", "movups [{0} + 240], xmm15",
            in(reg) found.as_mut_ptr(), options(nostack)
        );
    }
    filled == found
}

/// Reads from the null page, which nothing is ever mapped at: faults.
#[inline(never)]
pub fn read_null_page() -> u8 {
    // SAFETY: a page fault is the point, and reading changes nothing if there is none.
    unsafe { core::ptr::without_provenance::<u8>(0x10).read_volatile() }
}

/// Writes over the kernel's code, namely over its own first byte: faults.
#[inline(never)]
pub fn write_to_code() {
    // SAFETY: a page fault is the point: code is mapped read-only (memory/kernel_space.rs). If it were not,
    // what is lost is the first byte of a function that is called once and has begun already.
    unsafe { (write_to_code as *const () as *mut u8).write_volatile(0xf4) };
}

/// Calls a null pointer: faults.
#[inline(never)]
pub fn call_null() {
    // SAFETY: a page fault is the point. If there were none, the call would return or not, and it is a test that
    // would see it.
    unsafe { asm!("call {}", in(reg) 0_u64, clobber_abi("C")) };
}

/// Loses the stack pointer and pushes: the page fault has no stack to go to, and becomes a double fault.
#[inline(never)]
pub fn lose_stack() -> ! {
    // SAFETY: a double fault is the point; it has a stack of its own, and nothing returns from it.
    unsafe { asm!("mov esp, 0x800", "push rax", "2: hlt", "jmp 2b", options(noreturn)) };
}

/// The line that [`raise_spare_line`] raises: nothing on a PC has it by itself.
pub const SPARE_LINE: u8 = 5;

/// Raises interrupt line [`SPARE_LINE`] by an instruction.
pub fn raise_spare_line() {
    // SAFETY: the gate leads to the stub, which keeps every register; what the handler does is its own affair.
    unsafe { asm!("int {}", const ISA_BASE + SPARE_LINE) };
}
