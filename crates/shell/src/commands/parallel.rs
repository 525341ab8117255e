//! `parallel CMD & CMD`: each command on a thread of its own, so that several CPUs work.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::usage;
use crate::console::{Console, Job};
use crate::failure::{Failure, Outcome};
use crate::shell::Session;

/// Threads one line may start.
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
    let interrupted = Arc::new(AtomicBool::new(false));
    let remaining = Arc::new(AtomicUsize::new(commands.len()));
    let failed = Arc::new(AtomicUsize::new(0));
    let count = commands.len();
    let mut outcome = Ok(());
    for (index, words) in commands.into_iter().enumerate() {
        let name = format!("job {}: {}", index + 1, words[0]);
        let system = session.system.clone();
        let mut state = session.state.clone();
        let job_interrupted = interrupted.clone();
        let (job_remaining, job_failed) = (remaining.clone(), failed.clone());
        let work = move || {
            let mut job = Job::new(system.clone(), index + 1, job_interrupted);
            let mut job_session = Session { system: &system, console: &mut job, state: &mut state };
            let outcome = job_session.run_words(&words);
            job_session.show_failure(&words[0], &outcome);
            job.flush();
            job_failed.fetch_add(usize::from(outcome.is_err()), Ordering::Relaxed);
            // Release: whoever sees the count at zero sees the failures too.
            job_remaining.fetch_sub(1, Ordering::Release);
            system.wake_reader();
        };
        if let Err(error) = session.system.spawn(&name, Box::new(work)) {
            // Those that were never started don't have to be waited for.
            remaining.fetch_sub(count - index, Ordering::Release);
            interrupted.store(true, Ordering::Relaxed);
            outcome = Err(Failure::Message(error.to_string()));
            break;
        }
    }
    let was_interrupted = wait(session.console, &remaining, &interrupted);
    outcome?;
    if was_interrupted {
        return Err(Failure::Interrupted);
    }
    let elapsed = session.system.now_ms().saturating_sub(started_at);
    let failed = failed.load(Ordering::Relaxed);
    session.print(&format!(
        "{} of {count} commands succeeded in {}\n",
        count - failed,
        units::cpu_time(elapsed)
    ));
    Ok(())
}

/// Waits until no job remains; passes Ctrl+C on to them and tells whether it was pressed.
fn wait(console: &mut dyn Console, remaining: &AtomicUsize, interrupted: &AtomicBool) -> bool {
    let mut was_interrupted = false;
    while remaining.load(Ordering::Acquire) > 0 {
        if console.wait_for_jobs().is_err() {
            was_interrupted = true;
            interrupted.store(true, Ordering::Relaxed);
        }
    }
    was_interrupted
}
