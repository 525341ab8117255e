//! `make crashtest`, and the part of `make test` that takes away power, machines and requests (crate::crash).

use std::time::Instant;

use crate::crash::{Failures, Kernel, Kills, States};
use crate::error::{Result, fail};
use crate::project::Project;
use crate::qemu::hardware::{Chipset, Controller};

/// The seed of `make test` and `make crashtest`, unless `SEED` says another.
const SEED: u64 = 20_261_128;

const IDE: (Chipset, Controller) = (Chipset::Pc, Controller::Ide);
const AHCI: (Chipset, Controller) = (Chipset::Q35, Controller::Ahci);
const NVME: (Chipset, Controller) = (Chipset::Q35, Controller::Nvme);

/// States of `make crashtest`, unless `N` says how many.
const STATES: usize = 10_000;
/// Sessions that they come from.
const SESSIONS: [(&str, (Chipset, Controller)); 6] =
    [("ide", IDE), ("ahci", AHCI), ("nvme", NVME), ("ide-2", IDE), ("ahci-2", AHCI), ("nvme-2", NVME)];
const KILLS: usize = 500;

/// A name in the list of tests, and what to do.
type Lane<'a> = (String, Box<dyn Fn(&Project, &Kernel) -> Result + 'a>);

/// Everything, for as long as it takes: ten thousand states, five hundred kills, every request failing once.
pub fn all(project: &Project) -> Result {
    let seed = project.seed.unwrap_or(SEED);
    let states = project.count.unwrap_or(STATES).div_ceil(SESSIONS.len());
    let mut lanes: Vec<Lane> = Vec::new();
    for (number, (name, machine)) in (0..).zip(SESSIONS) {
        let states = States { name: name.into(), seed: seed + number, machine, count: states };
        lanes.push((
            format!("power_cuts_on_{name}"),
            Box::new(move |project, kernel| states.run(project, kernel)),
        ));
    }
    let kills = Kills { seed, count: KILLS };
    lanes.push(("kills".into(), Box::new(move |project, kernel| kills.run(project, kernel))));
    for machine in [IDE, AHCI, NVME] {
        let failures = Failures { seed, machine, sample: None };
        let name = format!("failing_requests_on_{:?}", machine.1).to_lowercase();
        lanes.push((name, Box::new(move |project, kernel| failures.run(project, kernel))));
    }
    let verdicts = perform(project, &lanes)?;
    let failed: Vec<&str> =
        verdicts.iter().filter(|(_, verdict)| verdict.is_err()).map(|(name, _)| name.as_str()).collect();
    for (name, verdict) in &verdicts {
        if let Err(error) = verdict {
            println!("test {name} ... FAILED\n{error}");
        }
    }
    let (all, bad) = (verdicts.len(), failed.len());
    println!("\n{} passed, {bad} failed", all - bad);
    if failed.is_empty() { Ok(()) } else { fail!("failed: {} (SEED={seed} repeats them)", failed.join(", ")) }
}

/// Some of each, for `make test`.
pub fn sample(project: &Project) -> Result<Vec<(String, Result)>> {
    let seed = project.seed.unwrap_or(SEED);
    let states = States { name: "sample".into(), seed, machine: NVME, count: 300 };
    let kills = Kills { seed, count: 20 };
    let failures = Failures { seed, machine: AHCI, sample: Some(9) };
    let lanes: Vec<Lane> = vec![
        ("crash_power_cuts".into(), Box::new(move |project, kernel| states.run(project, kernel))),
        ("crash_kills".into(), Box::new(move |project, kernel| kills.run(project, kernel))),
        ("crash_failing_requests".into(), Box::new(move |project, kernel| failures.run(project, kernel))),
    ];
    perform(project, &lanes)
}

/// Runs the lanes that `ONLY` selects, each even if one before it failed.
fn perform(project: &Project, lanes: &[Lane]) -> Result<Vec<(String, Result)>> {
    let wanted = |name: &str| project.only.as_ref().is_none_or(|only| name.contains(only.as_str()));
    let lanes: Vec<&Lane> = lanes.iter().filter(|(name, _)| wanted(name)).collect();
    if lanes.is_empty() {
        return Ok(Vec::new());
    }
    let kernel = Kernel::build(project)?;
    let run = |(name, act): &&Lane| {
        let started = Instant::now();
        let verdict = act(project, &kernel);
        if verdict.is_ok() {
            println!("test {name} ... ok ({:.1}s)", started.elapsed().as_secs_f64());
        }
        (name.clone(), verdict)
    };
    Ok(lanes.iter().map(run).collect())
}
