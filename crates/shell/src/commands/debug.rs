//! `debug`: what the kernel knows about itself. The kernel answers in plain values (crate `diagnosis`); here they
//! become tables.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use diagnosis::machine::{LockReport, MemoryReport, PageReport};
use diagnosis::thread::ThreadName;
use diagnosis::{Inspector, entry};

use super::table::{TooLong, table, table_within, without_middle};
use super::usage;
use crate::failure::{Failure, Outcome};
use crate::shell::Session;

/// What may be asked: the word, what follows it, what it shows.
struct Subject {
    name: &'static str,
    argument: &'static str,
    brief: &'static str,
    run: fn(&dyn Inspector, &[String], columns: usize) -> Result<String, Failure>,
}

/// In the order of the alphabet.
const SUBJECTS: [Subject; 8] = [
    Subject { name: "backtrace", argument: "ID", brief: "where a thread is, by its number", run: backtrace },
    Subject { name: "cpus", argument: "", brief: "what runs on each CPU", run: cpus },
    Subject { name: "interrupts", argument: "", brief: "interrupts so far, by CPU", run: interrupts },
    Subject { name: "locks", argument: "", brief: "who holds which locks, who waits", run: locks },
    Subject { name: "memory", argument: "", brief: "the memory map, heap and frames", run: memory },
    Subject { name: "page", argument: "ADDRESS", brief: "how an address is translated", run: page },
    Subject { name: "tasks", argument: "", brief: "each task of the executor", run: tasks },
    Subject { name: "threads", argument: "", brief: "each thread and what it waits for", run: threads },
];

/// What Tab proposes.
pub(crate) fn subjects() -> impl Iterator<Item = &'static str> {
    SUBJECTS.iter().map(|subject| subject.name)
}

pub(super) fn debug(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let Some((name, rest)) = arguments.split_first() else {
        let lines = SUBJECTS.iter().map(|subject| {
            let call = format!("{} {}", subject.name, subject.argument);
            format!("debug \x1b[1m{call:17}\x1b[m {}\n", subject.brief)
        });
        session.print(&lines.collect::<String>());
        return Ok(());
    };
    let Some(subject) = SUBJECTS.iter().find(|subject| subject.name == name) else {
        let known: Vec<&str> = subjects().collect();
        return Err(Failure::Message(format!("{name}: nothing to show (try one of {})", known.join(", "))));
    };
    if rest.len() != usize::from(!subject.argument.is_empty()) {
        return Err(usage("debug"));
    }
    let columns = session.console.columns();
    let text = (subject.run)(session.system.inspector(), rest, columns)?;
    session.print(&text);
    Ok(())
}

fn threads(inspector: &dyn Inspector, _: &[String], columns: usize) -> Result<String, Failure> {
    let rows: Vec<Vec<String>> = inspector
        .threads()
        .into_iter()
        .map(|report| {
            Vec::from([
                report.thread.id.to_string(),
                report.thread.name,
                report.state.name().to_string(),
                report.cpu.to_string(),
                report.level,
                units::cpu_time(report.cpu_time_ms),
                report.wait.map_or_else(String::new, |wait| wait.to_string()),
            ])
        })
        .collect();
    let header = ["ID", "NAME", "STATE", "CPU", "LEVEL", "TIME", "WAITS FOR"];
    let right = [true, false, false, true, true, true, false];
    Ok(table_within(columns, TooLong::Wraps, &header, &right, &rows))
}

fn tasks(inspector: &dyn Inspector, _: &[String], _: usize) -> Result<String, Failure> {
    let rows: Vec<Vec<String>> = inspector
        .tasks()
        .into_iter()
        .map(|task| {
            Vec::from([
                task.id.to_string(),
                task.name.to_string(),
                task.state.name().to_string(),
                task.polls.to_string(),
            ])
        })
        .collect();
    Ok(table(&["ID", "NAME", "STATE", "POLLS"], &[true, false, false, true], &rows))
}

fn backtrace(inspector: &dyn Inspector, arguments: &[String], columns: usize) -> Result<String, Failure> {
    let wanted = arguments.first().map_or("", String::as_str);
    let id: u64 =
        wanted.parse().map_err(|_| format!("{wanted}: not a thread's number (debug threads lists them)"))?;
    match inspector.backtrace(id) {
        None => Err(Failure::Message(format!("{id}: no such thread (debug threads lists them)"))),
        Some(functions) if functions.is_empty() => {
            Err(Failure::Message(format!("{id} is running: its stack is changing (try again, or prof)")))
        }
        Some(functions) => {
            Ok(functions.iter().map(|function| without_middle(function, columns) + "\n").collect())
        }
    }
}

fn locks(inspector: &dyn Inspector, _: &[String], columns: usize) -> Result<String, Failure> {
    let LockReport { sleeping, spinning } = inspector.locks();
    let mut text = String::new();
    if sleeping.is_empty() {
        text.push_str("Nobody holds or waits for a lock that sleeps.\n");
    } else {
        let names = |threads: &[ThreadName]| {
            threads.iter().map(ToString::to_string).collect::<Vec<String>>().join(", ")
        };
        let rows: Vec<Vec<String>> = sleeping
            .into_iter()
            .map(|held| {
                let holders =
                    if held.holders.is_empty() { "unknown".to_string() } else { names(&held.holders) };
                Vec::from([held.lock.to_string(), holders, names(&held.waiters)])
            })
            .collect();
        let header = ["LOCK", "HELD BY", "WAITED FOR BY"];
        text.push_str(&table_within(columns, TooLong::Wraps, &header, &[false; 3], &rows));
    }
    match spinning {
        None => text.push_str("Who holds spin locks is noted by the checked kernel only.\n"),
        Some(cpus) => {
            for cpu in cpus {
                text.push_str(&format!("CPU {} holds {}\n", cpu.cpu, cpu.ranks));
            }
        }
    }
    Ok(text)
}

fn memory(inspector: &dyn Inspector, _: &[String], _: usize) -> Result<String, Failure> {
    let report = inspector.memory();
    let regions: Vec<Vec<String>> = report
        .regions
        .iter()
        .map(|region| {
            let end = region.start.saturating_add(region.length);
            Vec::from([hex(region.start), hex(end), units::bytes(region.length), region.kind.to_string()])
        })
        .collect();
    let mut text = table(&["FROM", "TO", "SIZE", "PHYSICAL MEMORY"], &[true, true, true, false], &regions);
    let windows: Vec<Vec<String>> = report
        .windows
        .iter()
        .map(|window| {
            let used = window.used.map_or_else(String::new, units::bytes);
            Vec::from([hex(window.start), used, window.name.to_string()])
        })
        .collect();
    text.push('\n');
    text.push_str(&table(&["FROM", "IN USE", "KERNEL ADDRESSES"], &[true, true, false], &windows));
    text.push('\n');
    text.push_str(&heap(&report));
    Ok(text)
}

fn heap(report: &MemoryReport) -> String {
    let rows: Vec<Vec<String>> = report
        .classes
        .iter()
        .map(|class| {
            Vec::from([
                class.size.to_string(),
                class.used.to_string(),
                units::bytes(class.held),
                class.allocations.to_string(),
            ])
        })
        .collect();
    let mut text = table(&["OBJECT BYTES", "IN USE", "HELD", "ALLOCATED SINCE BOOT"], &[true; 4], &rows);
    let free = report.usable.saturating_sub(report.used);
    for (what, bytes) in [
        ("Heap, below 64 KiB in use", report.heap_used),
        ("Heap, held for them", report.heap_held),
        ("Heap, from 64 KiB on", report.large),
        ("Frames in use", report.used),
        ("Frames free", free),
        ("Kernel, its file, modules", report.kernel),
        ("The loader's", report.loader),
    ] {
        text.push_str(&format!("{what:27} {:>9}\n", units::bytes(bytes)));
    }
    text
}

fn page(inspector: &dyn Inspector, arguments: &[String], _: usize) -> Result<String, Failure> {
    let wanted = arguments.first().map_or("", String::as_str);
    let address = parse_address(wanted)
        .ok_or_else(|| format!("{wanted}: not an address (try debug page 0xffffffff80000000)"))?;
    let PageReport { owner, entries, target } = inspector.page(address);
    let mut text = format!("{} belongs to {owner}\n", hex(address));
    let rows: Vec<Vec<String>> = entries
        .iter()
        .map(|step| {
            let leads =
                if step.bits & 1 == 0 { String::new() } else { hex(entry::address(step.level, step.bits)) };
            Vec::from([
                step.level.to_string(),
                step.index.to_string(),
                format!("{:016x}", step.bits),
                leads,
                entry::words(step.level, step.bits).join(", "),
            ])
        })
        .collect();
    if !rows.is_empty() {
        let header = ["LEVEL", "INDEX", "ENTRY", "LEADS TO", "MEANING"];
        text.push_str(&table(&header, &[true, true, true, true, false], &rows));
    }
    match target {
        Some((physical, kind)) => text.push_str(&format!("physical {}, {kind}\n", hex(physical))),
        None => text.push_str("Nothing is mapped there: an access is a page fault.\n"),
    }
    Ok(text)
}

fn interrupts(inspector: &dyn Inspector, _: &[String], _: usize) -> Result<String, Failure> {
    let reports = inspector.interrupts();
    let cpus = reports.iter().map(|report| report.counts.len()).max().unwrap_or(0);
    let cpu_names: Vec<String> = (0..cpus).map(|cpu| format!("CPU {cpu}")).collect();
    let mut header = Vec::from(["VECTOR"]);
    header.extend(cpu_names.iter().map(String::as_str));
    header.push("NAME");
    let mut right = alloc::vec![true; cpus + 1];
    right.push(false);
    let rows: Vec<Vec<String>> = reports
        .into_iter()
        .map(|report| {
            let mut row = Vec::from([format!("{:#04x}", report.vector)]);
            row.extend((0..cpus).map(|cpu| report.counts.get(cpu).map_or_else(String::new, u64::to_string)));
            row.push(report.name);
            row
        })
        .collect();
    Ok(table(&header, &right, &rows))
}

fn cpus(inspector: &dyn Inspector, _: &[String], _: usize) -> Result<String, Failure> {
    let rows: Vec<Vec<String>> = inspector
        .cpus()
        .into_iter()
        .map(|report| {
            let total = (report.busy_ms + report.idle_ms).max(1);
            Vec::from([
                report.cpu.to_string(),
                report.thread.map_or_else(String::new, |thread| thread.to_string()),
                report.queued.to_string(),
                format!("{}%", u128::from(report.busy_ms) * 100 / u128::from(total)),
                units::cpu_time(report.busy_ms),
                report.ticks.to_string(),
            ])
        })
        .collect();
    let header = ["CPU", "RUNS", "QUEUED", "BUSY", "BUSY TIME", "TIMER INTERRUPTS"];
    Ok(table(&header, &[true, false, true, true, true, true], &rows))
}

/// A hexadecimal number, with or without `0x`, perhaps with `_` between digits.
fn parse_address(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x").unwrap_or(text).replace('_', "");
    // `from_str_radix` takes a sign.
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| u64::from_str_radix(&digits, 16).ok()).flatten()
}

fn hex(address: u64) -> String {
    format!("{address:#x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_hexadecimal() {
        for (text, address) in [("0xffff_e000", 0xffff_e000), ("10", 0x10), ("0", 0)] {
            assert_eq!(parse_address(text), Some(address));
        }
        for bad in ["", "0x", "main", "-1", "+1", "11112222333344445"] {
            assert_eq!(parse_address(bad), None, "{bad}");
        }
    }

    #[test]
    fn subjects_are_sorted() {
        assert!(SUBJECTS.is_sorted_by_key(|subject| subject.name));
    }
}
