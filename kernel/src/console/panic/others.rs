//! The other CPUs: what each was doing when it was stopped.

use core::fmt::Write;

use super::lines::{Line, head, say, show};
use super::page::{Area, Wish, colour};
use super::text::Text;
use super::trace::Machinery;
use super::{Failure, other_cause};
use crate::arch::{cpu, smp, stack};
use crate::console::symbols::{Function, Symbol};
use crate::lock::HeldRanks;
use crate::task;

/// Callers of a CPU's function that are told at most.
const MAX_CALLERS: usize = 4;

/// What a list of the other CPUs can fill.
pub fn wish(failure: &Failure) -> Wish {
    let others = cpu::count() - 1;
    let mut callers = 0;
    for number in other_cpus(failure).filter(|&number| !is_idle(number)) {
        let mut count = usize::from(other_cause(number).is_some());
        for_callers(number, |_| count += 1);
        callers += count.min(MAX_CALLERS);
    }
    match others {
        0 => Wish { least: 0, most: 0 },
        _ => Wish { least: 1 + others.min(7), most: 2 + others + callers },
    }
}

fn other_cpus(failure: &Failure) -> impl Iterator<Item = usize> {
    (0..cpu::count()).filter(move |&number| number != failure.cpu)
}

/// The other CPUs: which thread each ran and where, or that it panicked too, or that it does not answer.
pub fn others(failure: &Failure, mut area: Option<Area>) {
    let others = cpu::count() - 1;
    if others == 0 {
        return;
    }
    say(format_args!("other CPUs:"));
    head(&mut area, "The other CPUs");
    let rows = area.map_or(0, |area| area.rows());
    // First a row for each, and then as many callers as there is room for.
    let busy = other_cpus(failure).filter(|&number| !is_idle(number)).count();
    let callers_shown = (rows.saturating_sub(others) / busy.max(1)).min(MAX_CALLERS);
    for (index, number) in other_cpus(failure).enumerate() {
        let line = describe_other(number);
        say(format_args!("  {}", line.as_str()));
        if index + 1 < rows || others <= rows {
            show(&mut area, colour::TEXT, format_args!("{}", line.as_str()));
        } else if index + 1 == rows {
            show(&mut area, colour::DIM, format_args!("{} more on the serial port", others - index));
        }
        if is_idle(number) {
            continue;
        }
        let mut told = 0;
        if let Some(cause) = other_cause(number) {
            told += 1;
            say(format_args!("    {}", cause.as_str()));
            if told <= callers_shown {
                show(&mut area, colour::CAUSE, format_args!("  {}", cause.as_str()));
            }
        }
        for_callers(number, |symbol| {
            told += 1;
            if told <= MAX_CALLERS {
                say(format_args!("    from {symbol}"));
            }
            if told <= callers_shown {
                show(&mut area, colour::DIM, format_args!("  from {}", Function(symbol)));
            }
        });
    }
}

/// Calls `visit` with the functions that led to where a stopped CPU was, innermost first.
fn for_callers(cpu: usize, mut visit: impl FnMut(Symbol)) {
    let mut machinery = Machinery::default();
    stack::walk_stopped(cpu, |address| {
        if !machinery.includes(address) {
            visit(Symbol::ReturnTo(address));
        }
    });
}

fn is_idle(cpu: usize) -> bool {
    other_cause(cpu).is_none() && task::with_running_thread(cpu, |thread| thread.idle) == Some(true)
}

/// One CPU in one line.
fn describe_other(number: usize) -> Line {
    let mut line = Line::new();
    let _ = write!(line, "CPU {number}: ");
    if is_idle(number) && smp::stopped(number).is_some() {
        let _ = line.write_str("idle");
        return line;
    }
    if task::with_running_thread(number, |thread| write!(line, "thread {} ({})", thread.name, thread.id))
        .is_none()
    {
        let _ = line.write_str("no thread");
    }
    match (other_cause(number), smp::stopped(number)) {
        (Some(_), _) => drop(line.write_str(", panicked too")),
        (None, None) => drop(line.write_str(", does not answer")),
        (None, Some(place)) => {
            if !place.interrupts_on {
                let _ = line.write_str(", interrupts off");
            }
            let held = Text::<80>::of(format_args!("{}", HeldRanks(number)));
            if !held.as_bytes().is_empty() {
                let _ = write!(line, ", holding {}", held.as_str());
            }
            if let Some(address) = place.instruction {
                let _ = write!(line, ", in {}", Function(Symbol::At(address)));
            }
        }
    }
    line
}
