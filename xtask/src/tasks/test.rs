//! `make test`: the host tests, boots that test themselves, samples of fuzzing, of soaking and of power cuts, and the scenarios.

use std::fs;
use std::time::{Duration, Instant};

use super::run::direct_boot;
use super::{crashtest, fuzz, soak};
use crate::build::compile::{self, Profile};
use crate::build::disk;
use crate::error::{Context, Result, fail};
use crate::host::{accelerator, run, toolchain};
use crate::machine::Machine;
use crate::project::Project;
use crate::qemu::hardware::{Boot, Chipset, Controller, Hardware, Serial};
use crate::scenarios;

/// QEMU's exit code when the guest writes `value` to the exit port is `value << 1 | 1`; the kernel writes
/// 0x10 when every self-test passed.
const SELFTEST_PASSED: i32 = 0x10 << 1 | 1;
/// What goes wrong differs between one CPU, where everything must be switched, two, where things meet, and more.
/// Each with another disk.
const SELFTESTS: [(u32, Controller); 4] =
    [(1, Controller::Ide), (2, Controller::Virtio), (4, Controller::Nvme), (8, Controller::Ahci)];
/// A self-test boot may take this long.
const SELFTEST_TIME: Duration = Duration::from_secs(120);

/// Runs everything; with `ONLY`, just the scenarios (and the self-test) of that name. Every part runs
/// even if one before it failed.
pub fn all(project: &Project) -> Result {
    let started = Instant::now();
    let mut failed = Vec::new();
    let mut passed = 0;
    let mut count = |name: &str, result: Result| match result {
        Ok(()) => passed += 1,
        Err(error) => {
            println!("test {name} ... FAILED\n{error}");
            failed.push(name.to_owned());
        }
    };
    if project.only.is_none() {
        count("host tests", run::visibly(toolchain::cargo(project).arg("test")));
    }
    for (cpus, controller) in SELFTESTS {
        let name = format!("selftest_on_{cpus}_cpus");
        if project.only.as_ref().is_none_or(|only| name.contains(only.as_str())) {
            let result = selftest(project, &name, cpus, controller);
            if result.is_ok() {
                println!("test {name} ... ok");
            }
            count(&name, result);
        }
    }
    if project.only.as_ref().is_none_or(|only| "soak".contains(only.as_str())) {
        count("soak", soak::sample(project));
    }
    for (name, result) in fuzz::sample(project)? {
        count(&name, result);
    }
    for (name, result) in crashtest::sample(project)? {
        count(&name, result);
    }
    for (name, result) in scenarios::run(project)? {
        count(name, result);
    }
    if passed + failed.len() == 0 {
        fail!("no test's name contains {:?}", project.only.as_deref().unwrap_or_default());
    }
    let verdict = if failed.is_empty() { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {verdict}. {passed} passed; {} failed; finished in {:.0}s",
        failed.len(),
        started.elapsed().as_secs_f64()
    );
    // The same in the plainest form, for whoever reads it by machine.
    println!("{passed} passed, {} failed", failed.len());
    if failed.is_empty() { Ok(()) } else { fail!("failed: {}", failed.join(", ")) }
}

/// Boots a checked kernel on so many CPUs and with such a disk, with the word `selftest`; it ends QEMU with its verdict.
fn selftest(project: &Project, name: &str, cpus: u32, controller: Controller) -> Result {
    let folder = project.build.join("test").join(name);
    let disk_image = folder.join("disk.img");
    disk::create(&disk_image, disk::STANDARD, &project.root.join("disk"))?;
    let kernel = compile::kernel(project, Profile::Checked)?;
    let boot = match direct_boot(project, &kernel)? {
        Boot::Direct { loader, bundle, command_line } => {
            Boot::Direct { loader, bundle, command_line: format!("{command_line} selftest") }
        }
        other => other,
    };
    let hardware = Hardware {
        chipset: Chipset::Pc,
        controller,
        boot,
        serial: Serial::File(folder.join("serial.log")),
        accelerator: accelerator::tcg(),
        cpus,
        memory_mib: 512,
        disk: Some(disk_image.clone()),
        disk_faults: None,
        disk_log: None,
        ps2: true,
        exit_port: true,
        count_instructions: false,
        extra: vec!["-no-reboot".into()],
    };
    let code = Machine::start(hardware, &folder, SELFTEST_TIME)?.wait_for_power_off(SELFTEST_TIME);
    let log = fs::read_to_string(folder.join("serial.log")).unwrap_or_default();
    match code {
        Ok(SELFTEST_PASSED) => disk::check(&disk_image).context("find the disk sound after the self-test"),
        Ok(code) => fail!("the self-test ended with code {code}:\n{}", run::tail(&log, 30)),
        Err(error) => fail!("{error}:\n{}", run::tail(&log, 30)),
    }
}
