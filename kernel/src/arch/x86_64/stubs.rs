//! The one way into the kernel and the one way to switch threads: 256 tiny stubs and the common path.
//!
//! A stub pushes a dummy error code where the CPU pushed none, then its vector, and jumps to the common
//! path, which saves everything else a thread has, so that the stack holds a [`TrapFrame`]:
//!
//! ```text
//!   high  ss rsp rflags cs rip      pushed by the CPU, which first aligned rsp to 16 bytes
//!         error code, vector        pushed by the CPU or the stub
//!         rax … r15                 15 registers: 22 quadwords so far, so rsp is 16-aligned again
//!   low   FXSAVE area, 512 bytes    and so is this, as FXSAVE demands
//! ```
//!
//! A thread that yields of its own will builds the same frame a shorter way: it made a function call, so the
//! registers a callee may change hold nothing, and whatever the stack held there will do. Its vector says so, and it is
//! resumed a shorter way too.
//!
//! The dispatcher returns the frame to resume, the same one or another thread's, in `rax`: switching threads is no
//! more than loading another `rsp` here. In `rdx` it returns a byte to clear once the CPU has left the old stack:
//! the old thread's `on_cpu` flag. Only then may another CPU resume that thread: cleared one instruction earlier,
//! two CPUs could run on one stack. Where nobody leaves, the byte is a spent one of the frame ([`Resume`]).

use core::arch::global_asm;
use core::mem::offset_of;

#[cfg(doc)]
use super::trap::Resume;
use super::trap::{TrapFrame, YIELD, dispatch, vector};

/// Bytes from one stub to the next.
const STUB_BYTES: usize = 16;

const FXSAVE_BYTES: usize = 512;
/// What the stub adds below what the CPU pushed.
const STUB_FRAME_BYTES: usize = size_of::<TrapFrame>() - 5 * 8;

// What the assembly below relies on.
const _: () = assert!(offset_of!(TrapFrame, fxsave) == 0);
const _: () = assert!(offset_of!(TrapFrame, r15) == FXSAVE_BYTES);
const _: () = assert!(size_of::<TrapFrame>() == FXSAVE_BYTES + 22 * 8);

unsafe extern "C" {
    static trap_stubs: u8;
    static trap_yield: u8;
}

/// Address of the stub for vector `number`.
pub fn address(number: usize) -> u64 {
    if number == usize::from(vector::YIELD) {
        return &raw const trap_yield as u64;
    }
    &raw const trap_stubs as u64 + (number * STUB_BYTES) as u64
}

global_asm!(
    ".balign 16",
    ".global trap_stubs",
    "trap_stubs:",
    ".set vector, 0",
    ".rept 256",
    ".balign 16",
    // Vectors for which the CPU pushes an error code: SDM vol. 3A, table 6-1.
    ".if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30",
    ".else",
    "push 0",
    ".endif",
    "push vector",
    "jmp trap_common",
    ".set vector, vector + 1",
    ".endr",
    ".balign 16",
    "trap_common:",
    "push rax",
    "push rbx",
    "push rcx",
    "push rdx",
    "push rsi",
    "push rdi",
    "push rbp",
    "push r8",
    "push r9",
    "push r10",
    "push r11",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    "sub rsp, {fxsave}",
    "fxsave64 [rsp]",
    "cld",
    "mov rdi, rsp",
    "call {dispatch}",
    "trap_resume:",
    // From here on this CPU is on the stack of the thread to resume.
    "mov rsp, rax",
    "mov byte ptr [rdx], 0",
    "fxrstor64 [rsp]",
    "cmp byte ptr [rsp + {vector}], {yield_vector}",
    "je 2f",
    "add rsp, {fxsave}",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop r11",
    "pop r10",
    "pop r9",
    "pop r8",
    "pop rbp",
    "pop rdi",
    "pop rsi",
    "pop rdx",
    "pop rcx",
    "pop rbx",
    "pop rax",
    "add rsp, 16",
    "iretq",
    "2:",
    "mov rbx, [rsp + {rbx}]",
    "mov rbp, [rsp + {rbp}]",
    "mov r12, [rsp + {r12}]",
    "mov r13, [rsp + {r13}]",
    "mov r14, [rsp + {r14}]",
    "mov r15, [rsp + {r15}]",
    "add rsp, {stub_frame}",
    "iretq",
    ".balign 16",
    ".global trap_yield",
    "trap_yield:",
    "sub rsp, {stub_frame}",
    "mov byte ptr [rsp + {vector}], {yield_vector}",
    "mov [rsp + {rbx}], rbx",
    "mov [rsp + {rbp}], rbp",
    "mov [rsp + {r12}], r12",
    "mov [rsp + {r13}], r13",
    "mov [rsp + {r14}], r14",
    "mov [rsp + {r15}], r15",
    "fxsave64 [rsp]",
    "mov rdi, rsp",
    "call [rip + {give_way}]",
    "jmp trap_resume",
    stub_frame = const STUB_FRAME_BYTES,
    vector = const offset_of!(TrapFrame, vector),
    yield_vector = const vector::YIELD,
    rbx = const offset_of!(TrapFrame, rbx),
    rbp = const offset_of!(TrapFrame, rbp),
    r12 = const offset_of!(TrapFrame, r12),
    r13 = const offset_of!(TrapFrame, r13),
    r14 = const offset_of!(TrapFrame, r14),
    r15 = const offset_of!(TrapFrame, r15),
    give_way = sym YIELD,
    fxsave = const FXSAVE_BYTES,
    dispatch = sym dispatch,
);
