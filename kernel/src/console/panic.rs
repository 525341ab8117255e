//! The kernel's last words: cause, registers and a symbolised backtrace, on the serial port and the screen,
//! with every other CPU stopped. Nothing here allocates or waits for a lock.

use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::symbols::Symbol;
use super::{ring, screen, serial_writer};
use crate::arch::trap::TrapFrame;
use crate::arch::{cpu, interrupts, percpu, power, serial, smp, stack};
use crate::lock::{self, Once};

const BACKGROUND: u32 = 0x2b_1020;
const TEXT: u32 = 0xf4_e9ee;
const HEADING: u32 = 0xff_8fa3;

/// CPU number + 1 of the CPU that panics; 0 while all is well.
static PANICKING: AtomicUsize = AtomicUsize::new(0);
static DEBUG_EXIT: AtomicBool = AtomicBool::new(false);
/// Names the thread that runs here; handed in from above, since threads are.
static THREAD_NAME: Once<SayName> = Once::new();

/// Calls its argument with the running thread's name, if that is known without waiting.
pub type SayName = fn(say: &mut dyn FnMut(&str));

/// Exit status of a panic through QEMU's exit device.
const EXIT_PANIC: u8 = 0x7f;

/// Makes a panic end QEMU, as tests want it.
pub fn exit_on_panic() {
    DEBUG_EXIT.store(true, Ordering::Relaxed);
}

/// Hands in what names the running thread.
pub fn set_thread_name(hook: SayName) {
    THREAD_NAME.call_once(|| hook);
}

/// A line that goes out as it is formatted, a screenful wide at most.
struct Output {
    bytes: [u8; 240],
    used: usize,
    colour: u32,
}

impl Output {
    fn line(colour: u32, text: fmt::Arguments<'_>) {
        let mut output = Self { bytes: [0; 240], used: 0, colour };
        let _ = output.write_fmt(text);
        output.end();
    }

    fn end(&self) {
        let text = &self.bytes[..self.used];
        serial::write(text);
        serial::write(b"\n");
        screen::write_last_words(text, self.colour, BACKGROUND);
    }
}

impl Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            let byte = if byte.is_ascii_graphic() || byte == b' ' { byte } else { b' ' };
            if let Some(slot) = self.bytes.get_mut(self.used) {
                *slot = byte;
                self.used += 1;
            }
        }
        Ok(())
    }
}

/// Called by the panic handler.
pub fn panic(info: &PanicInfo<'_>) -> ! {
    interrupts::disable();
    begin();
    let message = info.message();
    match info.location() {
        Some(at) => headline(format_args!("{message} ({}:{}:{})", at.file(), at.line(), at.column())),
        None => headline(format_args!("{message}")),
    }
    backtrace(None, stack::frame_pointer());
    end()
}

/// Called for a CPU exception nobody handles.
pub fn fault(frame: &TrapFrame, address: u64) -> ! {
    interrupts::disable();
    begin();
    let name = exception_name(frame.vector);
    match frame.vector {
        8 | 14 if crate::memory::stack::is_guard(address) => {
            headline(format_args!("stack overflow: the kernel stack has no room left"));
        }
        14 => {
            let (cause, place) = (page_fault_cause(frame.error_code), crate::memory::describe(address));
            headline(format_args!("{name}: {cause} {address:#x}, in {place}"));
        }
        _ => headline(format_args!("{name}, error code {:#x}", frame.error_code)),
    }
    registers(frame, address);
    backtrace(Some(frame.rip), frame.rbp);
    end()
}

/// Lets one CPU through; a second panic, on this CPU or another, is cut short.
fn begin() {
    let me = percpu::id() + 1;
    match PANICKING.compare_exchange(0, me, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => {
            lock::stop_checking();
            smp::stop_others();
            serial_writer::drain_in_panic();
            screen::begin_last_words(BACKGROUND);
        }
        Err(owner) if owner == me => {
            serial::write(b"panic: while reporting a panic\n");
            stop()
        }
        Err(_) => cpu::halt_forever(),
    }
}

fn headline(cause: fmt::Arguments<'_>) {
    Output::line(HEADING, format_args!("panic: {cause}"));
    let cpu = percpu::id();
    let mut named = false;
    if let Some(hook) = THREAD_NAME.get() {
        hook(&mut |name| {
            Output::line(TEXT, format_args!("on CPU {cpu} of {}, thread {name}", cpu::count()));
            named = true;
        });
    }
    if !named {
        Output::line(TEXT, format_args!("on CPU {cpu} of {}", cpu::count()));
    }
}

fn registers(f: &TrapFrame, address: u64) {
    let line = |a: (&str, u64), b: (&str, u64), c: (&str, u64)| {
        Output::line(
            TEXT,
            format_args!("  {:>3} {:016x}  {:>3} {:016x}  {:>3} {:016x}", a.0, a.1, b.0, b.1, c.0, c.1),
        );
    };
    line(("rip", f.rip), ("rsp", f.rsp), ("rfl", f.rflags));
    line(("rax", f.rax), ("rbx", f.rbx), ("rcx", f.rcx));
    line(("rdx", f.rdx), ("rsi", f.rsi), ("rdi", f.rdi));
    line(("rbp", f.rbp), ("r8", f.r8), ("r9", f.r9));
    line(("r10", f.r10), ("r11", f.r11), ("r12", f.r12));
    line(("r13", f.r13), ("r14", f.r14), ("r15", f.r15));
    line(("cr2", address), ("cs", f.cs), ("ss", f.ss));
}

fn backtrace(first: Option<u64>, frame_pointer: u64) {
    Output::line(HEADING, format_args!("backtrace:"));
    if let Some(address) = first {
        Output::line(TEXT, format_args!("  {}", Symbol::At(address)));
    }
    // Recursion fills the screen with one line otherwise, and pushes what led to it off the end.
    let (mut last, mut repeated) = (0, 0_u32);
    stack::walk(frame_pointer, |address| {
        if address == last {
            repeated += 1;
            return;
        }
        say_repeated(repeated);
        (last, repeated) = (address, 0);
        Output::line(TEXT, format_args!("  {}", Symbol::ReturnTo(address)));
    });
    say_repeated(repeated);
}

fn say_repeated(times: u32) {
    if times > 0 {
        Output::line(TEXT, format_args!("    {times} more of these"));
    }
}

fn end() -> ! {
    screen::write_last_words(b"last lines of the log:", HEADING, BACKGROUND);
    ring::last_lines(8, |line| {
        let text = core::str::from_utf8(line).unwrap_or("?");
        screen::write_last_words(text.as_bytes(), TEXT, BACKGROUND);
    });
    Output::line(HEADING, format_args!("The system has stopped. Restart the machine."));
    stop()
}

fn stop() -> ! {
    if DEBUG_EXIT.load(Ordering::Relaxed) {
        power::debug_exit(EXIT_PANIC);
    }
    cpu::halt_forever()
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
        8 => "double fault",
        10 => "invalid TSS",
        11 => "segment not present",
        12 => "stack fault",
        13 => "general protection fault",
        14 => "page fault",
        16 => "x87 floating-point error",
        17 => "alignment check",
        18 => "machine check",
        19 => "SIMD floating-point error",
        _ => "unexpected exception",
    }
}

/// What a page fault's error code says (SDM vol. 3A, figure 4-12).
fn page_fault_cause(code: u64) -> &'static str {
    let (present, write, fetch, reserved) = (code & 1 != 0, code & 2 != 0, code & 16 != 0, code & 8 != 0);
    match (reserved, present, write, fetch) {
        (true, ..) => "damaged page tables at",
        (_, true, true, _) => "write to the read-only page at",
        (_, true, _, true) => "execution of the non-executable page at",
        (_, true, ..) => "forbidden access to the page at",
        (_, false, true, _) => "write to unmapped",
        (_, false, _, true) => "execution of unmapped",
        (_, false, ..) => "read of unmapped",
    }
}
