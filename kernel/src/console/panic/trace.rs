//! The backtrace: which functions led to the failure.

use super::Failure;
use super::lines::{head, say, show};
use super::page::{Area, Wish, colour};
use super::text::Text;
use crate::arch::stack;
use crate::console::symbols::{Function, Symbol};

/// Functions of one stack that are told at most.
const MAX_TOLD: usize = 60;

/// One row of a backtrace.
enum Step {
    At(Symbol),
    /// The step before, so many times more: recursion would fill the screen with one line otherwise.
    Repeated(u32),
}

/// Calls `visit` with each step of the stack of the CPU that failed, innermost first.
fn steps(failure: &Failure, mut visit: impl FnMut(Step)) {
    if let Some((frame, address)) = &failure.fault {
        visit(Step::At(Symbol::At(frame.rip)));
        // A call into nowhere: who called has no frame between.
        if frame.rip == *address
            && let Some(caller) = stack::pushed(frame.rsp)
        {
            visit(Step::At(Symbol::ReturnTo(caller)));
        }
    }
    let (mut last, mut repeated) = (0, 0_u32);
    let mut machinery = Machinery::default();
    stack::walk(failure.frame_pointer, |address| {
        if machinery.includes(address) {
            return;
        }
        if address == last {
            repeated += 1;
            return;
        }
        if repeated > 0 {
            visit(Step::Repeated(repeated));
        }
        (last, repeated) = (address, 0);
        visit(Step::At(Symbol::ReturnTo(address)));
    });
    if repeated > 0 {
        visit(Step::Repeated(repeated));
    }
}

/// What lies between a `panic!` and this report, the same every time, and tells nobody anything.
#[derive(Default)]
pub struct Machinery {
    left: bool,
}

impl Machinery {
    /// Whether the innermost functions up to this one are all of that kind.
    pub fn includes(&mut self, address: u64) -> bool {
        if self.left {
            return false;
        }
        let name = Text::<64>::of(format_args!("{}", Function(Symbol::ReturnTo(address))));
        let known = [
            "kernel::console::panic::",
            "__rustc::rust_begin_unwind",
            "rust_begin_unwind",
            "core::panicking::",
        ];
        self.left = !known.iter().any(|with| name.as_str().starts_with(with));
        !self.left
    }
}

/// What a backtrace of this failure can fill.
pub fn wish(failure: &Failure) -> Wish {
    let mut count = 0;
    steps(failure, |_| count += 1);
    Wish { least: 6, most: count.min(MAX_TOLD) + 2 }
}

/// The functions that led there, innermost first.
pub fn trace(failure: &Failure, mut area: Option<Area>) {
    say(format_args!("backtrace:"));
    head(&mut area, "Backtrace, innermost first");
    let mut total = 0;
    steps(failure, |_| total += 1);
    let rows = area.map_or(0, |area| area.rows());
    let mut index = 0;
    steps(failure, |step| {
        index += 1;
        if index <= MAX_TOLD {
            match &step {
                Step::At(symbol) => say(format_args!("  {symbol}")),
                Step::Repeated(times) => say(format_args!("    {times} more of these")),
            }
        }
        match (&step, index < rows || total <= rows) {
            (Step::At(symbol), true) => show(&mut area, colour::TEXT, format_args!("{}", Function(*symbol))),
            (Step::Repeated(times), true) => {
                show(&mut area, colour::DIM, format_args!("  {times} more of these"))
            }
            // Written once: then the area is full.
            (_, false) => {
                show(&mut area, colour::DIM, format_args!("{} more on the serial port", total - index + 1));
            }
        }
    });
    if total > MAX_TOLD {
        say(format_args!("  and {} more", total - MAX_TOLD));
    }
}
