//! The part of `make bench` about files: our kernel and Debian's do the same steps (kernel/src/bench/storage.rs,
//! xtask/linux/storage.c), each in the same machine on a fresh copy of the same disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::bench::{DONE, Figures, parse, readable};
use super::run::direct_boot;
use crate::build::disk;
use crate::build::fat32::{self, Node};
use crate::build::linux::Linux;
use crate::crash::make_marked_disk;
use crate::error::{Context, Result, fail};
use crate::host::accelerator::Accelerator;
use crate::host::run;
use crate::machine::Machine;
use crate::project::Project;
use crate::qemu::hardware::{Boot, Chipset, Controller, Hardware, Serial};

/// What the disk hangs on: what hypervisors offer, what machines of today have, and the oldest.
const CONTROLLERS: [Controller; 3] = [Controller::Virtio, Controller::Nvme, Controller::Ide];
const TIME: Duration = Duration::from_secs(400);
const VOLUME_KIB: u64 = 1 << 20;
/// Runs of each kernel by the clock, of which the better figures count.
const RUNS: u32 = 2;
/// Room for the bare disk's figures, and the marker.
const TAIL_KIB: u64 = 65 << 10;
/// The kernel's word, and Linux's, for all by the clock and for what is counted in instructions.
const WORDS: [&str; 2] = ["bench_storage", "bench_cached"];
const LINUX_WORDS: [&str; 2] = [
    "console=ttyS0 quiet transparent_hugepage=never",
    "console=ttyS0 quiet transparent_hugepage=never -- cached",
];

/// Measures on each controller, prints both kernels' figures beside each other, and returns all.
pub fn measure(project: &Project, kernel: &Path) -> Result<Figures> {
    let folder = project.build.join("bench/storage");
    let pristine = pristine(&folder)?;
    let linux = Linux::prepare(project, &project.root.join("xtask/linux/storage.c"));
    match &linux {
        Ok(linux) => {
            println!("\nFiles, beside Linux {}: how many times as fast Quicklime is.", linux.version)
        }
        Err(error) => println!("\nFiles. Not measured beside Linux, for its package can't be had: {error}"),
    }
    let mut all = Figures::new();
    let mut add =
        |name: &str, number: f64, unit: &str| all.insert(name.to_owned(), (number, unit.to_owned()));
    for (controller, counts) in
        CONTROLLERS.into_iter().map(|controller| (controller, false)).chain([(Controller::Ide, true)])
    {
        let suffix = if counts { "instructions".into() } else { format!("{controller:?}").to_lowercase() };
        let own = folder.join(&suffix);
        let ours = match direct_boot(project, kernel)? {
            Boot::Direct { loader, bundle, command_line } => Boot::Direct {
                loader,
                bundle,
                command_line: format!("{command_line} {}", WORDS[usize::from(counts)]),
            },
            other => other,
        };
        let theirs = linux.as_ref().ok().map(|linux| Boot::Direct {
            loader: linux.kernel.clone(),
            bundle: linux.initramfs.clone(),
            command_line: LINUX_WORDS[usize::from(counts)].into(),
        });
        let (mut figures, mut beside) = (Figures::new(), Figures::new());
        // In turns, so that a busy moment of the host is not one side's alone. Counts are the same each time.
        for _ in 0..if counts { 1 } else { RUNS } {
            match take(controller, counts, &ours, &pristine, &own.join("quicklime")) {
                Ok(more) => better(&mut figures, more),
                Err(error) => {
                    println!("{suffix}: not measured: {error}");
                    break;
                }
            }
            if let Some(boot) = &theirs {
                better(&mut beside, take(controller, counts, boot, &pristine, &own.join("linux"))?);
            }
        }
        for (name, (number, unit)) in figures {
            let name = format!("{name}.{suffix}");
            let mut line = format!("{name:<40} {:>14} {unit:<6}", readable(number));
            add(&name, number, &unit);
            if let Some((beside, _)) = beside.get(name.split('.').next().unwrap_or_default()) {
                let ratio = if unit == "kB/s" { number / beside } else { beside / number };
                line += &format!(" Linux {:>14}  {ratio:.2} x", readable(*beside));
                add(&format!("{name}.linux"), *beside, &unit);
                add(&format!("{name}.ratio"), ratio, "x");
            }
            println!("{line}");
        }
    }
    Ok(all)
}

/// Keeps of two runs the better figure each.
fn better(figures: &mut Figures, more: Figures) {
    for (name, (number, unit)) in more {
        let (best, _) = figures.entry(name).or_insert((number, unit.clone()));
        *best = if unit == "kB/s" { best.max(number) } else { best.min(number) };
    }
}

/// Boots once and takes the figures of the log.
fn take(
    controller: Controller,
    counts: bool,
    boot: &Boot,
    pristine: &Path,
    folder: &Path,
) -> Result<Figures> {
    let image = folder.join("disk.img");
    fs::create_dir_all(folder).context("make a folder for figures")?;
    run::copy_filled(pristine, &image)?;
    let hardware = Hardware {
        chipset: Chipset::Pc,
        controller,
        boot: boot.clone(),
        serial: Serial::File(PathBuf::new()),
        accelerator: Accelerator { arguments: &["-accel", "tcg", "-cpu", "max"], reason: String::new() },
        cpus: 1,
        memory_mib: 512,
        disk: Some(image.clone()),
        disk_faults: None,
        disk_log: None,
        ps2: true,
        exit_port: false,
        count_instructions: counts,
        // What the host needs to find a page for the guest's first use of one is more than what is measured.
        extra: vec!["-no-reboot".into(), "-mem-prealloc".into()],
    };
    let mut machine = Machine::start(hardware, folder, TIME)?;
    machine.wait_for_line(DONE, TIME)?;
    let figures = parse(&machine.serial_log()?);
    drop(machine);
    run::remove_file(&image)?;
    if figures.is_empty() { fail!("it measured nothing") } else { Ok(figures) }
}

/// The disk: a file of 64 MiB, one of 256 MiB, and twenty thousand small ones in four directories. Made once.
fn pristine(folder: &Path) -> Result<PathBuf> {
    let image = folder.join("pristine.img");
    if image.exists() {
        return Ok(image);
    }
    let unfinished = folder.join("part.img");
    make_marked_disk(&unfinished, VOLUME_KIB, TAIL_KIB, 8)?;
    let document = |number: u32| {
        let short = format!("DOC{number:05}TXT").into_bytes().try_into().unwrap_or(*b"DOCUMENTTXT");
        (format!("document {number}.txt"), short, Node::File(100))
    };
    let directory = |number: u8| {
        let short = [b'0' + number, b' ', b' ', b' ', b' ', b' ', b' ', b' ', b' ', b' ', b' '];
        (number.to_string(), short, Node::Directory((0..5_000).map(document).collect()))
    };
    let root = Node::Directory(vec![
        ("large.bin".into(), *b"LARGE   BIN", Node::File(64 << 20)),
        ("many".into(), *b"MANY       ", Node::Directory((0..4).map(directory).collect())),
        ("long.bin".into(), *b"LONG    BIN", Node::File(256 << 20)),
    ]);
    let file = fs::File::options().read(true).write(true).open(&unfinished)?;
    fat32::fill(&file, &root)?;
    disk::check(&unfinished)?;
    fs::rename(&unfinished, &image).context("keep the disk")?;
    Ok(image)
}
