//! Commands about the machine: what it holds, how busy it is, when it stops.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ui::{ProcessFigures, ThreadFigures};

use super::table::table;
use super::{split_options, usage};
use crate::failure::{Failure, Outcome};
use crate::shell::Session;
use crate::system::{CancelError, PowerAction};

pub(super) fn df(session: &mut Session<'_>, _arguments: &[String]) -> Outcome {
    let mut mounted = session.system.file_systems();
    mounted.sort_by(|left, right| left.mount_point.cmp(&right.mount_point));
    let has_disk = mounted.iter().any(|file_system| file_system.mount_point == "/disk");
    let rows: Vec<Vec<String>> = mounted
        .into_iter()
        .map(|file_system| {
            let mut row = Vec::from([file_system.mount_point, file_system.kind, file_system.device]);
            let used = file_system.used.min(file_system.total);
            if file_system.total == 0 {
                // Nothing is kept there, such as in `/proc`.
                row.extend(["-"; 4].map(String::from));
                return row;
            }
            let percent = (u128::from(used) * 100).div_ceil(u128::from(file_system.total));
            row.extend([file_system.total, used, file_system.total - used].map(units::bytes));
            row.push(format!("{percent}%"));
            row
        })
        .collect();
    let header = ["PATH", "KIND", "DEVICE", "SIZE", "USED", "FREE", "USE"];
    session.print(&table(&header, &[false, false, false, true, true, true, true], &rows));
    if !has_disk {
        session.print("No disk is mounted at /disk: what you write is lost at power-off.\n");
    }
    Ok(())
}

pub(super) fn mount(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    if !arguments.is_empty() {
        return Err(usage("mount"));
    }
    let lines: Vec<String> = session
        .system
        .file_systems()
        .into_iter()
        .map(|mounted| {
            let (device, point) = (mounted.device, mounted.mount_point);
            format!("{device} on {point} type {} ({})\n", mounted.kind, mounted.options)
        })
        .collect();
    session.print(&lines.concat());
    Ok(())
}

pub(super) fn devices(session: &mut Session<'_>, _arguments: &[String]) -> Outcome {
    let devices = session.system.devices();
    if devices.is_empty() {
        session.print("This machine has no PCI bus.\n");
        return Ok(());
    }
    let rows: Vec<Vec<String>> = devices
        .into_iter()
        .map(|device| {
            let driver = device.driver.unwrap_or_else(|| "-".to_string());
            Vec::from([device.place, device.identity, device.kind, driver])
        })
        .collect();
    session.print(&table(&["PLACE", "IDENTITY", "KIND", "DRIVER"], &[false; 4], &rows));
    Ok(())
}

pub(super) fn free(session: &mut Session<'_>, _arguments: &[String]) -> Outcome {
    let figures = session.system.figures();
    let free = figures.memory_total.saturating_sub(figures.memory_used);
    let row = [figures.memory_total, figures.memory_used, free, figures.heap_used].map(units::bytes);
    session.print(&table(&["TOTAL", "USED", "FREE", "KERNEL HEAP"], &[true; 4], &[Vec::from(row)]));
    Ok(())
}

pub(super) fn ps(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let (options, names) = split_options(arguments, "t").ok_or_else(|| usage("ps"))?;
    if !names.is_empty() {
        return Err(usage("ps"));
    }
    let figures = session.system.figures();
    let text = if options.is_empty() { processes(figures.processes) } else { threads(figures.threads) };
    session.print(&text);
    Ok(())
}

fn processes(mut processes: Vec<ProcessFigures>) -> String {
    processes.sort_by_key(|process| process.id);
    let rows: Vec<Vec<String>> = processes
        .into_iter()
        .map(|process| {
            Vec::from([
                process.id.to_string(),
                process.parent.to_string(),
                process.name,
                process.state.name().to_string(),
                process.threads.to_string(),
                units::cpu_time(process.cpu_time_ms),
            ])
        })
        .collect();
    let header = ["PID", "PPID", "NAME", "STATE", "THREADS", "TIME"];
    table(&header, &[true, true, false, false, true, true], &rows)
}

fn threads(mut threads: Vec<ThreadFigures>) -> String {
    threads.sort_by_key(|thread| thread.id);
    let rows: Vec<Vec<String>> = threads
        .into_iter()
        .map(|thread| {
            Vec::from([
                thread.id.to_string(),
                thread.process.to_string(),
                thread.name,
                thread.state.name().to_string(),
                thread.class.to_string(),
                thread.cpu.to_string(),
                units::cpu_time(thread.cpu_time_ms),
            ])
        })
        .collect();
    let header = ["ID", "PID", "NAME", "STATE", "LEVEL", "CPU", "TIME"];
    table(&header, &[true, true, false, false, false, true, true], &rows)
}

pub(super) fn kill(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    if arguments.is_empty() || arguments.iter().any(|argument| argument.starts_with('-')) {
        return Err(usage("kill"));
    }
    let mut failures = Vec::new();
    for argument in arguments {
        let result = match argument.parse() {
            Ok(process) => session.system.cancel(process),
            Err(_) if argument.bytes().all(|byte| byte.is_ascii_digit()) => Err(CancelError::NoSuchProcess),
            Err(_) => {
                failures.push(format!("{argument}: not a number of a process (see ps)"));
                continue;
            }
        };
        failures.extend(match result {
            Ok(()) => None,
            Err(CancelError::NoSuchProcess) => Some(format!("{argument}: no such process (see ps)")),
            Err(CancelError::Service) => Some(format!("{argument}: the system needs this process")),
        });
    }
    if failures.is_empty() { Ok(()) } else { Err(Failure::Message(failures.join("\nkill: "))) }
}

pub(super) fn uptime(session: &mut Session<'_>, _arguments: &[String]) -> Outcome {
    let figures = session.system.figures();
    let busy: Vec<String> = figures.cpu_busy_percent.iter().map(|percent| format!("{percent}%")).collect();
    let plural = if busy.len() == 1 { "" } else { "s" };
    let line = format!(
        "up {}, {} CPU{plural}, {} processes, {} threads, load {}\n",
        units::duration(figures.uptime_ms),
        busy.len(),
        figures.processes.len(),
        figures.threads.len(),
        busy.join(" "),
    );
    session.print(&line);
    Ok(())
}

pub(super) fn dmesg(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let last: usize = match arguments {
        [] => usize::MAX,
        [lines] => lines.parse().map_err(|_| format!("{lines}: not a number of lines (try dmesg 20)"))?,
        _ => return Err(usage("dmesg")),
    };
    let log = session.system.kernel_log();
    let skipped = log.lines().count().saturating_sub(last);
    let mut text = String::new();
    for line in log.lines().skip(skipped) {
        // `[seconds] LEVEL module: text`
        let color =
            match line.split_whitespace().find(|word| word.bytes().all(|byte| byte.is_ascii_uppercase())) {
                Some("ERROR") => "\x1b[91m",
                Some("WARN") => "\x1b[93m",
                Some("DEBUG" | "TRACE") => "\x1b[90m",
                _ => "",
            };
        let line = line.replace(|character: char| character.is_control() && character != '\t', "?");
        text.push_str(&format!("{color}{line}\x1b[m\n"));
        // A window's worth at a time, so that Ctrl+C is noticed.
        if text.len() > 4096 {
            session.console.check_interrupt()?;
            session.print(&text);
            text.clear();
        }
    }
    session.print(&text);
    Ok(())
}

pub(super) fn date(session: &mut Session<'_>, _arguments: &[String]) -> Outcome {
    let now = session.system.wall_clock();
    let line = format!(
        "{} {} {} {} {:02}:{:02}:{:02} UTC\n",
        now.weekday_name(),
        now.day,
        now.month_name(),
        now.year,
        now.hour,
        now.minute,
        now.second
    );
    session.print(&line);
    Ok(())
}

pub(super) fn version(session: &mut Session<'_>, _arguments: &[String]) -> Outcome {
    let version = session.system.version();
    session.print(&format!("{version}\n"));
    Ok(())
}

pub(super) fn power_off(session: &mut Session<'_>, _arguments: &[String]) -> Outcome {
    power(session, PowerAction::PowerOff, "Switching off.\n")
}

pub(super) fn reboot(session: &mut Session<'_>, _arguments: &[String]) -> Outcome {
    power(session, PowerAction::Reboot, "Restarting.\n")
}

fn power(session: &mut Session<'_>, action: PowerAction, message: &str) -> Outcome {
    session.print(message);
    session.system.power(action).map_err(|error| Failure::Message(error.0))
}
