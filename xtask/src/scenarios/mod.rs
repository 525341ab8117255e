//! Scenarios: the built system, used from outside as a person uses it.
//!
//! A scenario is a function that gets a [`Stage`], boots machines on it and says what went wrong. To add
//! one, write it in the file of its subject and name it in that file's `SCENARIOS`. On failure its folder,
//! build/test/NAME, holds the serial log, the last picture of the screen and the disk.

mod apps;
mod boot;
mod debug;
mod disks;
mod files;
mod machines;
mod monkey;
mod panics;
mod processes;
mod stage;
mod storage;
mod windows;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use crate::error::{Result, fail};
use crate::host::run;
use crate::project::Project;
use stage::{Artifacts, Stage};

/// A name, which `make test ONLY=` filters by, and what to do.
type Scenario = (&'static str, fn(&Stage) -> Result);

/// How many run at a time: each guest has several CPUs, but mostly one of them works.
const AT_A_TIME: usize = 2;

fn list() -> Vec<Scenario> {
    [
        files::SCENARIOS,
        windows::SCENARIOS,
        apps::SCENARIOS,
        processes::SCENARIOS,
        machines::SCENARIOS,
        disks::SCENARIOS,
        storage::SCENARIOS,
        debug::SCENARIOS,
        panics::SCENARIOS,
        monkey::SCENARIOS,
        boot::SCENARIOS,
    ]
    .concat()
}

/// Runs the scenarios that `ONLY` selects, and returns the verdict on each in the order of the list.
pub fn run(project: &Project) -> Result<Vec<(&'static str, Result)>> {
    let wanted = |name: &str| project.only.as_ref().is_none_or(|only| name.contains(only.as_str()));
    let scenarios: Vec<Scenario> = list().into_iter().filter(|(name, _)| wanted(name)).collect();
    if scenarios.is_empty() {
        return Ok(Vec::new());
    }
    let artifacts = Artifacts::build(project)?;
    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some((name, act)) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict = perform(project, &artifacts, name, *act);
                    if let Ok(mut all) = verdicts.lock() {
                        all.push((*name, verdict));
                    }
                }
            });
        }
    });
    let mut verdicts = verdicts.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    verdicts.sort_by_key(|(name, _)| scenarios.iter().position(|(listed, _)| listed == name));
    Ok(verdicts)
}

/// Runs one scenario; a failure carries the end of the serial log and where to look.
fn perform(
    project: &Project,
    artifacts: &Artifacts,
    name: &'static str,
    act: fn(&Stage) -> Result,
) -> Result {
    let started = Instant::now();
    let stage = Stage::new(project, artifacts, name)?;
    match act(&stage) {
        Ok(()) => {
            println!("test {name} ... ok ({:.1}s)", started.elapsed().as_secs_f64());
            Ok(())
        }
        Err(error) => {
            let log = std::fs::read_to_string(stage.folder().join("serial.log")).unwrap_or_default();
            fail!(
                "{error}\n--- the end of its serial log:\n{}\n--- more in {}",
                run::tail(&log, 20),
                stage.folder().display()
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_fit_a_folder() {
        let mut names: Vec<&str> = list().iter().map(|(name, _)| *name).collect();
        assert!(
            names
                .iter()
                .all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
        );
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
