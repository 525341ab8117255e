//! Requests that the disk refuses: first a run that counts them, then runs in each of which one request fails with EIO,
//! once, and runs in which a write or flush fails as often as a driver is likely to try. Whoever asked is told or never
//! notices; nothing panics, everything else goes on, and in the end all files are as they should be.

use std::fs;
use std::path::Path;

use workload::{History, Random, Session};

use super::log::{Entry, Log};
use super::replay::CutDisk;
use super::verdict::Verdict;
use super::{Kernel, LIFETIME, fresh, make_disk, run_to_end, side_by_side, summarise};
use crate::error::{Context, Result, fail};
use crate::host::run;
use crate::machine::Machine;
use crate::project::Project;
use crate::qemu::hardware::{Chipset, Controller, Hardware};

/// What the session does, in operations: short, for it runs once for each of its requests.
const OPERATIONS: u64 = 40;
/// Requests of one kind that fail in a row, for the driver's own attempts to be in vain.
const STUBBORN: u64 = 6;
/// The kernel's line at the session's end.
const ENDED: &str = "workload: passed";

/// A kind of request: the event at which `blkdebug` counts it, and its name there.
type Kind = (&'static str, &'static str);
const READ: Kind = ("read_aio", "read");
const WRITE: Kind = ("write_aio", "write");
const FLUSH: Kind = ("flush_to_disk", "flush");

/// Requests to fail.
pub struct Failures {
    pub seed: u64,
    pub machine: (Chipset, Controller),
    /// How many requests are made to fail, each in a run of its own; None: all.
    pub sample: Option<usize>,
}

/// One run: the request of this kind and number, counted from 1, and as many after it fail.
#[derive(Clone, Copy, Debug)]
struct Fault {
    kind: Kind,
    number: u64,
    times: u64,
}

impl Failures {
    /// Counts, and has requests fail. An error if anything is not as it should be then.
    pub fn run(&self, project: &Project, kernel: &Kernel) -> Result {
        let folder =
            project.build.join("crash").join(format!("failures-{:?}", self.machine.1).to_lowercase());
        fresh(&folder)?;
        let faults = self.faults(kernel, &folder)?;
        let told = std::sync::atomic::AtomicU64::new(0);
        let errors = side_by_side(faults.len(), |number| {
            let own = folder.join(number.to_string());
            let errors =
                self.fail(kernel, faults[number], &own).context(format!("bear {:?}", faults[number]))?;
            told.fetch_add(errors, std::sync::atomic::Ordering::Relaxed);
            fs::remove_dir_all(&own).context("remove what went well")
        });
        let told = told.into_inner();
        println!(
            "failures on {:?}: seed {}, {} runs with requests that fail, {told} errors told, {} runs not as they should be",
            self.machine.1,
            self.seed,
            faults.len(),
            errors.len()
        );
        summarise("runs", faults.len(), &errors, &folder)?;
        if told == 0 {
            fail!("requests failed {STUBBORN} times in a row, and nobody was told");
        }
        Ok(())
    }

    /// Counts the requests of a session in which none fails, and chooses.
    fn faults(&self, kernel: &Kernel, folder: &Path) -> Result<Vec<Fault>> {
        let (image, writes) = (folder.join("counted.img"), folder.join("writes.log"));
        make_disk(&image)?;
        fs::write(&writes, []).context("make the log")?;
        let hardware = kernel.machine(self.machine, &image, &self.words());
        let hardware = Hardware { exit_port: false, disk_log: Some(writes.clone()), ..hardware };
        let mut machine = Machine::start(hardware, folder, LIFETIME)?;
        machine.wait_for_line(ENDED, LIFETIME)?;
        let reads = machine.disk_reads()?;
        drop(machine);
        // Not all of QEMU's controllers count flushes; the log has them.
        let log = Log::read(&writes)?;
        let flushes = log.entries.iter().filter(|entry| **entry == Entry::Flush).count() as u64;
        let kinds = [(READ, reads), (WRITE, log.entries.len() as u64 - flushes), (FLUSH, flushes)];
        println!(
            "failures on {:?}: {:?} of a session without any",
            self.machine.1,
            kinds.map(|(kind, n)| (kind.1, n))
        );
        let all = |times: u64, skip: usize| {
            kinds
                .into_iter()
                .skip(skip)
                .flat_map(move |(kind, count)| (1..=count).map(move |number| Fault { kind, number, times }))
        };
        let Some(sample) = self.sample else {
            return Ok(all(1, 0).chain(all(STUBBORN, 1).step_by(5)).collect());
        };
        let mut random = Random::new(self.seed);
        // Reads at mounting may fail once, not for good: without a disk there is nothing to see.
        let choose = |(times, skip): (u64, usize), random: &mut Random| {
            let (kind, count) = kinds[skip + random.below((kinds.len() - skip) as u64) as usize];
            Fault { kind, number: 1 + random.below(count.max(1)), times }
        };
        let kind = |number: usize| if number % 3 == 2 { (STUBBORN, 1) } else { (1, 0) };
        Ok((0..sample).map(|number| choose(kind(number), &mut random)).collect())
    }

    fn words(&self) -> String {
        format!("workload={} workload_operations={OPERATIONS}", self.seed)
    }

    /// One run; returns how many errors operations were told.
    fn fail(&self, kernel: &Kernel, fault: Fault, folder: &Path) -> Result<u64> {
        let (image, rules) = (folder.join("disk.img"), folder.join("faults"));
        make_disk(&image)?;
        run::write_file(&rules, rules_for(fault))?;
        let hardware =
            Hardware { disk_faults: Some(rules), ..kernel.machine(self.machine, &image, &self.words()) };
        run_to_end(Machine::start(hardware, folder, LIFETIME)?, folder)?;
        let log = fs::read_to_string(folder.join("serial.log")).context("read the serial log")?;
        let history = History::of(Session::new(self.seed, OPERATIONS));
        let bytes = fs::read(&image).context("read the disk")?;
        let verdict = Verdict::of(&CutDisk::new(bytes), &history.after(history.promises()));
        if !verdict.is_right() {
            fail!("{verdict}");
        }
        super::fsck(&image)?;
        Ok(errors_told(&log))
    }
}

/// The number in front of "errors told".
fn errors_told(log: &str) -> u64 {
    let number = log.split(" errors told").next().and_then(|text| text.rsplit(' ').next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Rules for `blkdebug` (QEMU's docs/devel/blkdebug.rst): each request of the kind takes it one state further, and in
/// the state of the one to fail a rule of one use waits for it.
fn rules_for(fault: Fault) -> String {
    let (event, kind) = fault.kind;
    let end = fault.number + fault.times;
    let mut rules = String::new();
    for state in 1..end {
        let next = state + 1;
        rules +=
            &format!("[set-state]\nevent = \"{event}\"\nstate = \"{state}\"\nnew_state = \"{next}\"\n\n");
    }
    for state in fault.number..end {
        rules += &format!(
            "[inject-error]\nevent = \"{event}\"\niotype = \"{kind}\"\nstate = \"{state}\"\nerrno = \"5\"\nonce = \"on\"\n\n"
        );
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_count_to_the_request_that_fails() {
        let rules = rules_for(Fault { kind: WRITE, number: 3, times: 1 });
        assert_eq!(rules.matches("[set-state]").count(), 3);
        assert_eq!(rules.matches("[inject-error]").count(), 1);
        assert!(rules.contains("iotype = \"write\"\nstate = \"3\""));
        assert_eq!(rules_for(Fault { kind: FLUSH, number: 2, times: 4 }).matches("once").count(), 4);
    }

    #[test]
    fn the_errors_are_counted_by_the_kernel() {
        assert_eq!(
            errors_told(
                "x\n[1] INFO workload: passed: 40 operations from seed 1, 9 promises, 3 errors told\n"
            ),
            3
        );
        assert_eq!(errors_told("nothing"), 0);
    }
}
