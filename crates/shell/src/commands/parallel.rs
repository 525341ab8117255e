//! `parallel CMD & CMD`: each command a process of its own, so that several CPUs work.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::usage;
use crate::console::{Job, wait_or_cancel};
use crate::failure::{Failure, Outcome};
use crate::shell::Session;
use crate::system::{ProcessEnd, SpawnError, System};

/// Processes one line may start.
const MAX_JOBS: usize = 16;

/// `parallel` inside a parallel job or with `--help`: the shell handles all other cases.
pub(super) fn alone(_session: &mut Session<'_>, _arguments: &[String]) -> Outcome {
    Err(usage("parallel"))
}

/// Runs each list of words as a command, all at once, and waits for all.
pub(crate) fn parallel(session: &mut Session<'_>, commands: Vec<Vec<String>>) -> Outcome {
    let commands: Vec<Vec<String>> = commands.into_iter().filter(|words| !words.is_empty()).collect();
    if commands.is_empty() {
        return Err(usage("parallel"));
    }
    if commands.len() > MAX_JOBS {
        return Err(Failure::Message(format!("at most {MAX_JOBS} commands at once")));
    }
    let started_at = session.system.now_ms();
    let count = commands.len();
    let mut jobs = Vec::new();
    let mut outcome = Ok(());
    for (index, words) in commands.into_iter().enumerate() {
        match start(session, index + 1, words) {
            Ok(process) => jobs.push(process),
            Err(error) => {
                outcome = Err(Failure::Message(error.to_string()));
                break;
            }
        }
    }
    if outcome.is_err() {
        end(session.system, &jobs);
    }
    let ends = wait_for_all(session, &jobs);
    outcome?;
    let ends = ends?;
    for (index, _) in ends.iter().enumerate().filter(|(_, end)| **end == ProcessEnd::Cancelled) {
        session.print(&format!("[{}] was told to end\n", index + 1));
    }
    let succeeded = ends.iter().filter(|end| **end == ProcessEnd::Exited(0)).count();
    let elapsed = session.system.now_ms().saturating_sub(started_at);
    session.print(&format!("{succeeded} of {count} commands succeeded in {}\n", units::cpu_time(elapsed)));
    Ok(())
}

/// Starts a command as a process; returns its number.
fn start(session: &Session<'_>, number: usize, words: Vec<String>) -> Result<u32, SpawnError> {
    let name = words.join(" ");
    let system = session.system.clone();
    let mut state = session.state.clone();
    let work = move || {
        let mut job = Job::new(system.clone(), number);
        let mut job_session = Session { system: &system, console: &mut job, state: &mut state };
        let outcome = job_session.run_words(&words);
        // That it was interrupted is told by who waits for it.
        if !matches!(outcome, Err(Failure::Interrupted)) {
            job_session.show_failure(&words[0], &outcome);
        }
        job.flush();
        u8::from(outcome.is_err())
    };
    session.system.spawn(&name, Box::new(work))
}

/// Waits for all jobs; on Ctrl+C they are all told to end.
fn wait_for_all(session: &mut Session<'_>, jobs: &[u32]) -> Result<Vec<ProcessEnd>, Failure> {
    let mut ends = Vec::new();
    let mut was_interrupted = false;
    for &job in jobs {
        match wait_or_cancel(session.console, &**session.system, job) {
            Ok(end) => ends.push(end),
            Err(_) => {
                was_interrupted = true;
                end(session.system, jobs);
            }
        }
    }
    if was_interrupted { Err(Failure::Interrupted) } else { Ok(ends) }
}

fn end(system: &Arc<dyn System>, jobs: &[u32]) {
    for &job in jobs {
        // One that has ended needs no telling.
        let _ = system.cancel(job);
    }
}
