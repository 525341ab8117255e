//! `prof`: where the CPUs spend their time.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use diagnosis::profile::{FunctionShare, Profile};

use super::table::{TooLong, table_within};
use super::usage;
use crate::failure::{Failure, Outcome};
use crate::format::parse_seconds;
use crate::shell::Session;

/// Without an argument, so long.
const DEFAULT_MS: u64 = 5_000;
/// The samples of a minute are half a mebibyte a CPU.
const LONGEST_MS: u64 = 60_000;
/// Functions shown: what follows is seldom worth a look.
const SHOWN: usize = 20;

pub(super) fn prof(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let milliseconds = match arguments {
        [] => DEFAULT_MS,
        [seconds] => parse_seconds(seconds)
            .filter(|milliseconds| (1..=LONGEST_MS).contains(milliseconds))
            .ok_or_else(|| format!("{seconds}: not a number of seconds up to 60 (try prof 5)"))?,
        _ => return Err(usage("prof")),
    };
    let system = session.system.clone();
    let inspector = system.inspector();
    inspector.start_profile(milliseconds).map_err(|error| Failure::Message(format!("{error}")))?;
    let outcome = session.console.pause("prof", milliseconds);
    // Also when interrupted: the sampling has to end.
    let profile = inspector.finish_profile();
    outcome?;
    let text = show(&profile, session.console.columns());
    session.print(&text);
    Ok(())
}

fn show(profile: &Profile, columns: usize) -> String {
    let samples: u64 = profile.cpus.iter().map(|cpu| cpu.samples).sum();
    let lost: u64 = profile.cpus.iter().map(|cpu| cpu.lost).sum();
    let idle: Vec<String> = profile
        .cpus
        .iter()
        .enumerate()
        .map(|(number, cpu)| format!("CPU {number} {}", percent(cpu.idle_permille, 1000)))
        .collect();
    let mut text = format!(
        "{samples} samples in {}, {} a second on a busy CPU. Idle: {}.\n",
        units::cpu_time(profile.milliseconds),
        profile.hertz,
        idle.join(", ")
    );
    if lost > 0 {
        text.push_str(&format!("{lost} more samples were lost for want of room.\n"));
    }
    if samples == 0 {
        text.push_str("Nothing ran long enough to be seen.\n");
        return text;
    }
    let row = |function: &FunctionShare| {
        Vec::from([
            percent(function.total(), samples),
            format!("{}", function.total()),
            shares(function),
            function.name.clone(),
        ])
    };
    let rows: Vec<Vec<String>> = profile.functions.iter().take(SHOWN).map(row).collect();
    let header = ["SHARE", "SAMPLES", "ON CPUS", "FUNCTION"];
    text.push_str(&table_within(columns, TooLong::LosesMiddle, &header, &[true, true, false, false], &rows));
    let rest: u64 = profile.functions.iter().skip(SHOWN).map(FunctionShare::total).sum();
    if rest > 0 {
        let functions = profile.functions.len() - SHOWN;
        text.push_str(&format!("{:>5}  in {functions} more functions\n", percent(rest, samples)));
    }
    text
}

/// Which CPUs a function ran on, the most frequent first, and what part of its samples each has: `2:75% 0:25%`.
fn shares(function: &FunctionShare) -> String {
    let mut cpus: Vec<(usize, u64)> = function.samples.iter().copied().enumerate().collect();
    cpus.retain(|(_, samples)| *samples > 0);
    cpus.sort_by_key(|&(cpu, samples)| (core::cmp::Reverse(samples), cpu));
    let total = function.total().max(1);
    let share = |&(cpu, samples): &(usize, u64)| format!("{cpu}:{}%", (samples * 100 + total / 2) / total);
    let mut text = cpus.iter().take(4).map(share).collect::<Vec<_>>().join(" ");
    if cpus.len() > 4 {
        text.push_str(" ...");
    }
    text
}

/// With one decimal.
fn percent(part: u64, whole: u64) -> String {
    let permille = (u128::from(part) * 1000 + u128::from(whole) / 2) / u128::from(whole.max(1));
    format!("{}.{}%", permille / 10, permille % 10)
}
