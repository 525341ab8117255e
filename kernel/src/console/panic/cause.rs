//! What a CPU exception means, in words that a person understands: what was tried, at which address, and whose
//! that address is.

use core::fmt::{self, Write};

use crate::arch::percpu;
use crate::arch::trap::TrapFrame;
use crate::memory::{self, layout, stack};
use crate::task;

const DOUBLE_FAULT: u64 = 8;
const PAGE_FAULT: u64 = 14;

/// An exception that nobody handles.
#[derive(Clone, Copy)]
pub struct Fault<'a> {
    /// The context it hit.
    pub frame: &'a TrapFrame,
    /// What CR2 held: for a page fault, the address.
    pub address: u64,
}

impl fmt::Display for Fault<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = exception_name(self.frame.vector);
        match self.frame.vector {
            // Without stack left, not even the page fault could be delivered.
            DOUBLE_FAULT | PAGE_FAULT if self.is_overflow() => {
                write!(f, "stack overflow: ")?;
                match task::with_running_thread(percpu::id(), |thread| write!(f, "thread {}", thread.name)) {
                    Some(written) => written?,
                    None => f.write_str("the kernel")?,
                }
                write!(f, " has used up its stack of {} KiB", stack::STACK_SIZE >> 10)
            }
            DOUBLE_FAULT => {
                let place = memory::describe(self.frame.rsp);
                write!(
                    f,
                    "{name}: an exception found no stack: the stack pointer was {:#x}, in {place}",
                    self.frame.rsp
                )
            }
            PAGE_FAULT => {
                write!(f, "{name}: ")?;
                self.page_fault(f)
            }
            _ => write!(f, "{name}, error code {:#x}", self.frame.error_code),
        }
    }
}

impl Fault<'_> {
    /// Whether the running thread ran into the guard below its own stack.
    fn is_overflow(&self) -> bool {
        stack::is_guard(self.address)
            && task::with_running_thread(percpu::id(), |thread| {
                thread.stack_bottom.wrapping_sub(self.address) <= stack::GUARD_SIZE
            })
            .unwrap_or(true)
    }

    fn page_fault(&self, f: &mut dyn Write) -> fmt::Result {
        let Attempt { present, write, fetch, reserved } = Attempt::of(self.frame.error_code);
        let address = self.address;
        let place = memory::describe(address);
        let verb = match (write, fetch) {
            (true, _) => "write to",
            (_, true) => "execute",
            _ => "read",
        };
        if reserved {
            return write!(f, "damaged page tables at {address:#x}, in {place}");
        }
        if address < layout::NULL_PAGE {
            let what = if fetch { "call a function at" } else { verb };
            return write!(f, "tried to {what} {address:#x}: a null pointer");
        }
        if !present {
            write!(f, "tried to {verb} {address:#x}, in {place}")?;
            return match address {
                layout::PAGE_RUNS..layout::STACKS => {
                    f.write_str(": behind the end of one, or in one that was freed")
                }
                // Its name says already that nothing is there.
                _ if stack::is_guard(address) => Ok(()),
                _ => f.write_str(", where nothing is mapped"),
            };
        }
        match (layout::is_user(address), write, fetch) {
            (true, _, true) => {
                write!(f, "the kernel tried to execute {address:#x}, in {place} (SMEP forbids it)")
            }
            (true, ..) => write!(f, "the kernel tried to {verb} {address:#x}, in {place} (SMAP forbids it)"),
            (_, _, true) => {
                write!(f, "tried to execute data at {address:#x}, in {place} (not executable)")
            }
            (_, true, _) => write!(f, "tried to write to {address:#x}, in {place} (read-only)"),
            _ => write!(f, "was not allowed to {verb} {address:#x}, in {place}"),
        }
    }
}

/// What a page fault's error code says (SDM vol. 3A, figure 4-12).
struct Attempt {
    present: bool,
    write: bool,
    reserved: bool,
    fetch: bool,
}

impl Attempt {
    fn of(code: u64) -> Self {
        let bit = |number: u32| code & 1 << number != 0;
        Self { present: bit(0), write: bit(1), reserved: bit(3), fetch: bit(4) }
    }
}

/// Names by vector (SDM vol. 3A, table 6-1).
fn exception_name(vector: u64) -> &'static str {
    match vector {
        0 => "division error",
        1 => "debug exception",
        2 => "non-maskable interrupt",
        4 => "overflow",
        5 => "bound range exceeded",
        6 => "invalid opcode",
        7 => "device not available",
        DOUBLE_FAULT => "double fault",
        10 => "invalid TSS",
        11 => "segment not present",
        12 => "stack fault",
        13 => "general protection fault",
        PAGE_FAULT => "page fault",
        16 => "x87 floating-point error",
        17 => "alignment check",
        18 => "machine check",
        19 => "SIMD floating-point error",
        _ => "unexpected exception",
    }
}
