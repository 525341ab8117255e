//! Commands about the shell itself.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{COMMANDS, find, layout, similar, split_options, usage};
use crate::failure::{self, Failure, Outcome};
use crate::format::parse_seconds;
use crate::shell::Session;
use crate::system::FileKind;

/// Lines of history kept.
const HISTORY_LIMIT: usize = 500;

/// Adds a line to the history: no blank ones, none twice in a row.
pub(crate) fn remember(history: &mut Vec<String>, line: &str) {
    let line = line.trim();
    if line.is_empty() || history.last().is_some_and(|last| last == line) {
        return;
    }
    if history.len() == HISTORY_LIMIT {
        history.remove(0);
    }
    history.push(line.to_string());
}

pub(crate) fn cd(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let target = match arguments {
        [] => "/",
        [target] => target,
        _ => return Err(usage("cd")),
    };
    let target = session.resolve(target)?;
    let system = &**session.system;
    let status = system.status(&target).map_err(|error| failure::about_file(system, &target, error))?;
    if status.kind != FileKind::Directory {
        return Err(Failure::Message(format!("{target}: not a directory (try cat {target})")));
    }
    system.enter(&target).map_err(|error| failure::about_file(system, &target, error))?;
    session.state.directory = target;
    Ok(())
}

pub(crate) fn pwd(session: &mut Session<'_>, _arguments: &[String]) -> Outcome {
    let line = format!("{}\n", session.state.directory);
    session.print(&line);
    Ok(())
}

pub(crate) fn clear(session: &mut Session<'_>, _arguments: &[String]) -> Outcome {
    session.print("\x1b[H\x1b[2J\x1b[3J");
    Ok(())
}

pub(crate) fn echo(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let (words, end) = match arguments.split_first() {
        Some((option, rest)) if option == "-n" => (rest, ""),
        _ => (arguments, "\n"),
    };
    session.print(&format!("{}{end}", words.join(" ")));
    Ok(())
}

pub(crate) fn sleep(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let [seconds] = arguments else { return Err(usage("sleep")) };
    let milliseconds = parse_seconds(seconds)
        .ok_or_else(|| format!("{seconds}: not a number of seconds (try sleep 1.5)"))?;
    session.console.pause(&format!("sleep {seconds}"), milliseconds)
}

pub(crate) fn history(session: &mut Session<'_>, _arguments: &[String]) -> Outcome {
    let lines: Vec<String> = session
        .state
        .history
        .iter()
        .enumerate()
        .map(|(index, line)| format!("{:5}  {line}\n", index + 1))
        .collect();
    session.print(&lines.concat());
    Ok(())
}

pub(crate) fn exit(session: &mut Session<'_>, _arguments: &[String]) -> Outcome {
    session.state.ended = true;
    Ok(())
}

pub(crate) fn help(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let (_, names) = split_options(arguments, "").ok_or_else(|| usage("help"))?;
    match names.as_slice() {
        [] => {
            let width = COMMANDS.iter().map(|command| command.name.len()).max().unwrap_or(0);
            let entries: Vec<(String, usize)> = COMMANDS
                .iter()
                .map(|command| {
                    let entry = format!("\x1b[1m{:width$}\x1b[m  {}", command.name, command.brief);
                    (entry, width + 2 + command.brief.len())
                })
                .collect();
            let mut text = layout(&entries, session.console.columns(), 4);
            text.push_str("\nhelp COMMAND says more. Tab completes, Up recalls, Ctrl+C interrupts.\n");
            session.print(&text);
            Ok(())
        }
        [name] => match find(name) {
            Some(command) => Err(Failure::Usage(command)),
            None => Err(Failure::Message(match similar(name) {
                Some(similar) => format!("{name}: no such command (did you mean {similar}?)"),
                None => format!("{name}: no such command"),
            })),
        },
        _ => Err(usage("help")),
    }
}
