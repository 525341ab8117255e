//! `make bench`: measures a release kernel twice, once counting instructions and once by the clock, measures its files
//! beside those of Debian's kernel (storage_bench), and writes build/bench.json.
//!
//! Under `-icount shift=0,sleep=off` one executed instruction is one nanosecond of guest time, run after
//! run the same; those figures are named as the kernel names them. By the clock, on this host and under
//! TCG, the same figures get `.tcg` behind their names.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::run::direct_boot;
use super::storage_bench;
use crate::build::compile;
use crate::build::disk;
use crate::error::{Context, Result, fail};
use crate::host::accelerator::{self, Accelerator};
use crate::host::run;
use crate::machine::serial::timestamp;
use crate::machine::{ENTERED, Machine, READY};
use crate::project::Project;
use crate::qemu::hardware::{Boot, Chipset, Controller, Hardware, Serial};

/// The kernel says this when its measurements are done.
pub const DONE: &str = "bench: done";
const TIME: Duration = Duration::from_secs(240);

/// Disks whose speed is measured, by the name that their figures get.
const DISKS: [(&str, Chipset, Controller); 4] = [
    ("ide", Chipset::Pc, Controller::Ide),
    ("ahci", Chipset::Q35, Controller::Ahci),
    ("nvme", Chipset::Q35, Controller::Nvme),
    ("virtio", Chipset::Q35, Controller::Virtio),
];
/// What the kernel asks for before it writes to a disk (`kernel/src/bench/disks.rs`).
const SCRATCH_MARK: &[u8] = b"Quicklime scratch disk";
const SCRATCH_BYTES: u64 = 64 << 20;

/// A measured number and its unit.
pub type Figures = BTreeMap<String, (f64, String)>;

/// What `ONLY` may name.
const PARTS: [&str; 4] = ["counts", "parallel", "disks", "storage"];

/// Measures, prints and writes; `ONLY=PART` measures that part, and only prints.
pub fn all(project: &Project) -> Result {
    let only = project.only.as_deref();
    if let Some(part) = only.filter(|part| !PARTS.contains(part)) {
        fail!("nothing called \"{part}\" is measured by itself; ONLY can be {}", PARTS.join(", "));
    }
    let kernel = compile::kernel_with_twin(project)?;
    let wants = |part: &str| only.is_none_or(|only| only == part);
    let mut figures = Figures::new();
    if wants("counts") {
        figures = measure(project, &kernel, "bench", true)?;
    }
    if wants("parallel") {
        let words = if only.is_none() { "bench" } else { "bench=parallel" };
        for (name, figure) in measure(project, &kernel, words, false)? {
            figures.insert(format!("{name}.tcg"), figure);
        }
    }
    if wants("disks") {
        for (name, chipset, controller) in DISKS {
            for (figure, value) in measure_disk(project, &kernel, name, chipset, controller)? {
                figures.insert(format!("{figure}.{name}"), value);
            }
        }
    }
    for (name, (number, unit)) in &figures {
        println!("{name:<40} {:>16} {unit}", readable(*number));
    }
    if wants("storage") {
        figures.extend(storage_bench::measure(project, &kernel)?);
    }
    if only.is_some() {
        return Ok(());
    }
    let object: Map<String, Value> =
        figures.into_iter().map(|(name, (number, _))| (name, number.into())).collect();
    let path = project.build.join("bench.json");
    run::write_file(&path, serde_json::to_string_pretty(&object).context("write JSON")? + "\n")?;
    println!("\n{}", path.display());
    Ok(())
}

/// Boots with these words of the command line and reads the figures that the kernel prints.
fn measure(
    project: &Project,
    kernel: &std::path::Path,
    words: &str,
    count_instructions: bool,
) -> Result<Figures> {
    let folder = project.build.join("bench").join(if count_instructions { "instructions" } else { "time" });
    let disk_image = folder.join("disk.img");
    disk::create(&disk_image, disk::STANDARD, &project.root.join("disk"))?;
    let boot = match direct_boot(project, kernel)? {
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
        accelerator: if count_instructions { single } else { accelerator::tcg() },
        cpus: if count_instructions { 1 } else { project.cpus },
        memory_mib: project.memory_mib,
        disk: Some(disk_image),
        disk_faults: None,
        disk_log: None,
        ps2: true,
        exit_port: false,
        count_instructions,
        extra: Vec::new(),
    };
    let mut machine = Machine::start(hardware, &folder, TIME)?;
    machine.wait_for_line(DONE, TIME)?;
    let log = machine.serial_log()?;
    let mut figures = parse(&log);
    let (entered, ready) = (stamp_of(&log, ENTERED), stamp_of(&log, READY));
    let (Some(entered), Some(ready)) = (entered, ready) else { fail!("the log has no time of the boot") };
    let (scale, unit) = if count_instructions { (1e9, "instructions") } else { (1e3, "ms") };
    figures.insert("boot_to_desktop".into(), ((ready - entered) * scale, unit.into()));
    Ok(figures)
}

/// The speed of a disk on this controller, by the clock.
fn measure_disk(
    project: &Project,
    kernel: &std::path::Path,
    name: &str,
    chipset: Chipset,
    controller: Controller,
) -> Result<Figures> {
    let folder = project.build.join("bench").join(name);
    let image = folder.join("scratch.img");
    run::write_file(&image, SCRATCH_MARK)?;
    std::fs::File::options().write(true).open(&image)?.set_len(SCRATCH_BYTES).context("size the disk")?;
    let boot = match direct_boot(project, kernel)? {
        Boot::Direct { loader, bundle, command_line } => {
            Boot::Direct { loader, bundle, command_line: format!("{command_line} bench=disks") }
        }
        other => other,
    };
    let hardware = Hardware {
        chipset,
        controller,
        boot,
        serial: Serial::File(folder.join("serial.log")),
        accelerator: accelerator::tcg(),
        cpus: project.cpus,
        memory_mib: project.memory_mib,
        disk: Some(image),
        disk_faults: None,
        disk_log: None,
        ps2: true,
        exit_port: false,
        count_instructions: false,
        extra: Vec::new(),
    };
    let mut machine = Machine::start(hardware, &folder, TIME)?;
    machine.wait_for_line(DONE, TIME)?;
    Ok(parse(&machine.serial_log()?))
}

/// The time of the first line that contains `milestone`.
fn stamp_of(log: &str, milestone: &str) -> Option<f64> {
    log.lines().find(|line| line.contains(milestone)).and_then(timestamp)
}

/// The figures among the lines of a log: `bench: NAME VALUE UNIT`, in front of which may stand anything.
pub fn parse(log: &str) -> Figures {
    let figure = |line: &str| {
        let mut words = line.split_once("bench: ")?.1.split_whitespace();
        let (name, number, unit) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
        words.next().is_none().then(|| (name.to_owned(), (number, unit.to_owned())))
    };
    log.lines().filter_map(figure).collect()
}

/// A number with commas between thousands, and decimals only where they say something.
pub fn readable(number: f64) -> String {
    let text = if number.fract() == 0.0 || number.abs() >= 1000.0 {
        format!("{number:.0}")
    } else {
        format!("{number:.2}")
    };
    let (whole, decimals) = text.split_at(text.find('.').unwrap_or(text.len()));
    let digits = whole.trim_start_matches('-').len();
    let mut grouped = String::new();
    for (index, character) in whole.trim_start_matches('-').chars().enumerate() {
        if index > 0 && (digits - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(character);
    }
    format!("{}{grouped}{decimals}", if number < 0.0 { "-" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "[0.000010] INFO boot: kernel entered\n[0.100000] INFO bench: yield_switch 140 instructions\n\
                       [0.110000] INFO bench: no figure here\n[0.2] INFO bench: fps 31.5 frames/s\n\
                       [0.500010] INFO boot: desktop ready\n[0.6] INFO bench: done\n";

    #[test]
    fn figures_are_read_from_the_log() {
        let figures = parse(LOG);
        assert_eq!(figures.len(), 2);
        assert_eq!(figures["yield_switch"], (140.0, "instructions".into()));
        assert_eq!(figures["fps"].0, 31.5);
    }

    #[test]
    fn the_boot_is_timed_between_its_milestones() {
        assert_eq!(stamp_of(LOG, ENTERED), Some(0.00001));
        assert_eq!(stamp_of(LOG, READY), Some(0.50001));
        assert_eq!(stamp_of(LOG, "never"), None);
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!(readable(150_000_000.0), "150,000,000");
        assert_eq!(readable(999.0), "999");
        assert_eq!(readable(31.5), "31.50");
        assert_eq!(readable(-1234.5), "-1,234");
    }
}
