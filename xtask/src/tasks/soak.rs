//! `make soak`, and the part of `make test` that soaks: a checked kernel with the word `soak=SEED`, in which threads do at
//! random what threads do (kernel/src/soak). It checks itself, and ends QEMU with its verdict.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::run::direct_boot;
use crate::build::compile::{self, Profile};
use crate::error::{Result, fail};
use crate::host::accelerator::{self, Accelerator};
use crate::host::run;
use crate::machine::Machine;
use crate::project::Project;
use crate::qemu::hardware::{Boot, Chipset, Controller, Hardware, Serial};

/// The seed of `make test`, unless `SEED` says another.
const SEED: u64 = 20_261_120;
const SAMPLE_SECONDS: u32 = 20;
/// QEMU's exit code when the guest writes 0x10 to the exit port.
const PASSED: i32 = 0x10 << 1 | 1;
/// Beside the time asked for: booting, the rehearsal, the looks before and after, and a busy host.
const MARGIN: Duration = Duration::from_secs(150);
/// The lines of the kernel's log that tell how it goes.
const PROGRESS: &str = "soak: ";

/// One soak.
struct Soak {
    seed: u64,
    seconds: u32,
    cpus: u32,
    /// On one CPU, by the count of instructions: the same seed gives the same run.
    count_instructions: bool,
}

/// Soaks for `MIN` minutes (thirty, if not said) from `SEED` (or one of this moment), and tells how it goes.
pub fn run(project: &Project) -> Result {
    let moment = SystemTime::now().duration_since(UNIX_EPOCH).map_or(SEED, |since| since.as_secs());
    let soak = Soak {
        seed: project.seed.unwrap_or(moment),
        seconds: project.minutes.unwrap_or(30) * 60,
        cpus: if project.count_instructions { 1 } else { project.cpus },
        count_instructions: project.count_instructions,
    };
    println!("seed {}", soak.seed);
    perform(project, &soak, &project.build.join("soak"), true)?;
    println!("test soak ... ok (seed {}, {} min on {} CPUs)", soak.seed, soak.seconds / 60, soak.cpus);
    Ok(())
}

/// A short one, on four CPUs, for `make test`.
pub fn sample(project: &Project) -> Result {
    let soak = Soak {
        seed: project.seed.unwrap_or(SEED),
        seconds: SAMPLE_SECONDS,
        cpus: 4,
        count_instructions: false,
    };
    perform(project, &soak, &project.build.join("test/soak"), false)?;
    println!("test soak ... ok (seed {}, {} s)", soak.seed, soak.seconds);
    Ok(())
}

fn perform(project: &Project, soak: &Soak, folder: &Path, show: bool) -> Result {
    let kernel = compile::kernel(project, Profile::Checked)?;
    let words = format!("soak={} soak_seconds={}", soak.seed, soak.seconds);
    let boot = match direct_boot(project, &kernel)? {
        Boot::Direct { loader, bundle, command_line } => {
            Boot::Direct { loader, bundle, command_line: format!("{command_line} {words}") }
        }
        other => other,
    };
    // Instructions can only be counted on one CPU that one thread of the host plays.
    let single = Accelerator { arguments: &["-accel", "tcg", "-cpu", "max"], reason: String::new() };
    let hardware = Hardware {
        chipset: Chipset::Pc,
        controller: Controller::Ide,
        boot,
        serial: Serial::File(folder.join("serial.log")),
        accelerator: if soak.count_instructions { single } else { accelerator::tcg() },
        cpus: soak.cpus,
        memory_mib: project.memory_mib,
        disk: None,
        disk_faults: None,
        disk_log: None,
        ps2: true,
        exit_port: true,
        count_instructions: soak.count_instructions,
        extra: vec!["-no-reboot".into()],
    };
    // Counted instructions are guest time, which may go much slower than the host's.
    let slowness = if soak.count_instructions { 10 } else { 2 };
    let limit = Duration::from_secs(u64::from(soak.seconds)) * slowness + MARGIN;
    let mut machine = Machine::start(hardware, folder, limit)?;
    if show {
        // Until the log ends: whether for good or bad, its exit code says.
        while let Ok(line) = machine.wait_for_line(PROGRESS, limit) {
            println!("{line}");
        }
    }
    let code = machine.wait_for_power_off(limit);
    let log = fs::read_to_string(folder.join("serial.log")).unwrap_or_default();
    let reason = match code {
        Ok(PASSED) => return Ok(()),
        Ok(code) => format!("it ended with code {code}"),
        Err(error) => error.to_string(),
    };
    let again = if soak.count_instructions { " ICOUNT=1, which is the same run again" } else { "" };
    fail!(
        "{reason}:\n{}\nTo repeat: make soak SEED={}{again}. (On several CPUs the decisions are the same, not how they meet.)",
        run::tail(&log, 30),
        soak.seed
    )
}
