//! `run` opens an app or executes a file of commands; `edit` and `files` open an app on a path.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ui::FileError;

use super::usage;
use crate::failure::{self, Failure, Outcome};
use crate::shell::Session;
use crate::system::{FileKind, System};

/// A longer script is surely no script.
const SCRIPT_LIMIT: u64 = 64 * 1024;

pub(super) fn run(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    match arguments {
        [] => list(session),
        [name] => run_named(session, name),
        _ => Err(usage("run")),
    }
}

/// `edit`: a file that is not there yet is made when it is saved.
pub(super) fn edit(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let [name] = arguments else { return Err(usage("edit")) };
    let path = session.resolve(name)?;
    let system = session.system.clone();
    match system.status(&path) {
        Ok(status) if status.kind == FileKind::Directory => {
            Err(Failure::Message(format!("{path}: is a directory (try files {path})")))
        }
        Ok(_) | Err(FileError::NotFound) => open_on(&*system, "editor", &path),
        Err(error) => Err(failure::about_file(&*system, &path, error)),
    }
}

/// `files`: the current directory, or another one.
pub(super) fn files(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let path = match arguments {
        [] => session.state.directory.clone(),
        [name] => session.resolve(name)?,
        _ => return Err(usage("files")),
    };
    let system = session.system.clone();
    let status = system.status(&path).map_err(|error| failure::about_file(&*system, &path, error))?;
    if status.kind != FileKind::Directory {
        return Err(Failure::Message(format!("{path}: not a directory (try edit {path})")));
    }
    open_on(&*system, "files", &path)
}

fn open_on(system: &dyn System, app: &str, path: &str) -> Outcome {
    if system.launch(app, Some(path)) {
        Ok(())
    } else {
        Err(Failure::Message(format!("{path}: there is no program called {app} (run alone lists them)")))
    }
}

fn list(session: &mut Session<'_>) -> Outcome {
    let applications = session.system.applications();
    let width = applications.iter().map(|application| application.id.chars().count()).max().unwrap_or(0);
    let lines: Vec<String> = applications
        .iter()
        .map(|application| format!("\x1b[1m{:width$}\x1b[m  {}\n", application.id, application.summary))
        .collect();
    session.print(&lines.concat());
    Ok(())
}

/// An app's name wins over a file in the current directory; `./NAME` means the file.
fn run_named(session: &mut Session<'_>, name: &str) -> Outcome {
    let system = session.system.clone();
    let application = system
        .applications()
        .into_iter()
        .find(|application| application.id == name || application.name.eq_ignore_ascii_case(name));
    if let Some(application) = application {
        return if system.launch(&application.id, None) {
            Ok(())
        } else {
            Err(Failure::Message(format!("{name}: the window could not be opened (see free)")))
        };
    }
    let path = session.resolve(name)?;
    match system.status(&path) {
        Ok(status) if status.kind == FileKind::Directory => {
            Err(Failure::Message(format!("{path}: is a directory (try ls {path})")))
        }
        Ok(_) => run_script(session, &path),
        Err(_) if !name.contains('/') => {
            Err(Failure::Message(format!("{name}: no such app or script (run alone lists the apps)")))
        }
        Err(error) => Err(failure::about_file(&*system, &path, error)),
    }
}

/// Runs a file's lines as if typed; the first that fails ends it.
fn run_script(session: &mut Session<'_>, path: &str) -> Outcome {
    if !session.may_nest() {
        return Err(Failure::Message(format!("{path}: scripts call each other too deep")));
    }
    let script = read_script(&**session.system, path)?;
    session.state.script_depth += 1;
    let outcome = run_lines(session, path, &script);
    session.state.script_depth -= 1;
    outcome
}

fn run_lines(session: &mut Session<'_>, path: &str, script: &str) -> Outcome {
    for (index, line) in script.lines().enumerate() {
        session.console.check_interrupt()?;
        match session.run_line(line) {
            Ok(()) => {}
            Err(Failure::Interrupted) => return Err(Failure::Interrupted),
            Err(_) => return Err(Failure::Message(format!("{path} stopped at line {}", index + 1))),
        }
        if session.state.ended {
            break;
        }
    }
    Ok(())
}

fn read_script(system: &dyn System, path: &str) -> Result<String, Failure> {
    let about = |error| failure::about_file(system, path, error);
    if system.status(path).map_err(about)?.length > SCRIPT_LIMIT {
        return Err(Failure::Message(format!("{path}: too long for a script (64 KiB at most)")));
    }
    let mut bytes = Vec::new();
    let mut buffer = [0; 1024];
    // The length may change while we read, so the limit holds here too.
    while bytes.len() as u64 <= SCRIPT_LIMIT {
        let count = system.read_file(path, bytes.len() as u64, &mut buffer).map_err(about)?;
        if count == 0 {
            break;
        }
        bytes.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8(bytes).map_err(|_| Failure::Message(format!("{path}: not a text file")))
}
