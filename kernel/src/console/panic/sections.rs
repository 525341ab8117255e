//! The short sections of the report: where it failed, the registers, the log.

use core::fmt::Write;

use super::Failure;
use super::lines::{Line, head, say, show};
use super::page::{Area, Wish, colour};
use super::text::Text;
use crate::arch::cpu;
use crate::arch::trap::TrapFrame;
use crate::console::ring;
use crate::task;

/// Lines of the log on the screen at most.
const MAX_LOG: usize = 40;

/// Which CPU, which thread, what it was in the middle of.
pub fn place(failure: &Failure, mut area: Option<Area>) {
    let mut line = Line::new();
    let _ = write!(line, "on CPU {} of {}", failure.cpu, cpu::count());
    let _ = task::with_running_thread(failure.cpu, |thread| {
        write!(line, ", thread {} ({})", thread.name, thread.id)
    });
    if failure.in_handler {
        let _ = line.write_str(", in an interrupt handler");
    }
    if !failure.held_locks.as_bytes().is_empty() {
        let _ = write!(line, ", holding the spin locks {}", failure.held_locks.as_str());
    }
    say(format_args!("{}", line.as_str()));
    show(&mut area, colour::TEXT, format_args!("{}", line.as_str()));
}

/// The registers, those first that say most.
fn list_of(frame: &TrapFrame, address: u64) -> [(&'static str, u64); 21] {
    let f = frame;
    [
        ("rip", f.rip),
        ("rsp", f.rsp),
        ("rbp", f.rbp),
        ("cr2", address),
        ("rax", f.rax),
        ("rbx", f.rbx),
        ("rcx", f.rcx),
        ("rdx", f.rdx),
        ("rsi", f.rsi),
        ("rdi", f.rdi),
        ("r8", f.r8),
        ("r9", f.r9),
        ("r10", f.r10),
        ("r11", f.r11),
        ("r12", f.r12),
        ("r13", f.r13),
        ("r14", f.r14),
        ("r15", f.r15),
        ("rfl", f.rflags),
        ("cs", f.cs),
        ("ss", f.ss),
    ]
}

/// Characters of one register and the blanks behind it.
const REGISTER: usize = 3 + 1 + 16 + 2;

/// Registers in a row of so many characters.
fn per_row(columns: usize) -> usize {
    ((columns + 2) / REGISTER).clamp(1, 4)
}

/// Rows that all registers take.
pub fn register_rows(columns: usize) -> usize {
    21_usize.div_ceil(per_row(columns))
}

/// The registers of the context that an exception hit; a panic has none of its own.
pub fn registers(failure: &Failure, mut area: Option<Area>) {
    let Some((frame, address)) = &failure.fault else { return };
    let list = list_of(frame, *address);
    let row = |registers: &[(&str, u64)]| {
        let mut line = Text::<128>::new();
        for (name, value) in registers {
            let _ = write!(line, "{name:>3} {value:016x}  ");
        }
        line
    };
    for registers in list.chunks(3) {
        say(format_args!("  {}", row(registers).as_str()));
    }
    let columns = area.map_or(0, |area| area.columns());
    for registers in list.chunks(per_row(columns)) {
        show(&mut area, colour::TEXT, format_args!("{}", row(registers).as_str()));
    }
}

/// What the log can fill.
pub fn log_wish() -> Wish {
    Wish { least: 4, most: 1 + MAX_LOG }
}

/// The last lines of the log; on the serial port they stand above.
pub fn log(_: &Failure, mut area: Option<Area>) {
    head(&mut area, "The last lines of the log");
    let rows = area.map_or(0, |area| area.rows());
    ring::last_lines(rows, |line| {
        let line = core::str::from_utf8(line).unwrap_or("?");
        show(&mut area, colour::DIM, format_args!("{line}"));
    });
}
