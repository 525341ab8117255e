//! Machines for a person: `make run`, `run-uefi`, `run-direct` and `debug`.

use std::fs;
use std::io::IsTerminal;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::build::compile::{self, Profile};
use crate::build::{bundle, disk, iso};
use crate::error::{Context, Result};
use crate::host::{accelerator, display, run};
use crate::project::Project;
use crate::qemu::firmware::Uefi;
use crate::qemu::hardware::{Boot, Chipset, Controller, Hardware, Serial};

/// Boots the ISO with BIOS firmware.
pub fn from_iso(project: &Project) -> Result {
    start(project, Boot::BiosCd(iso::build(project)?), &[])
}

/// Boots the ISO with UEFI firmware.
pub fn from_iso_with_uefi(project: &Project) -> Result {
    let iso = iso::build(project)?;
    let firmware = Uefi::prepare(&project.build.join("uefi-variables.fd"))?;
    start(project, Boot::UefiCd(iso, firmware), &[])
}

/// Boots through the loader.
pub fn direct(project: &Project) -> Result {
    let kernel = compile::kernel(project, Profile::Release)?;
    start(project, direct_boot(project, &kernel)?, &[])
}

/// Boots through the loader a kernel with symbols, stopped before its first instruction. gdb runs in this
/// terminal; without one, a line says how to attach it, and the serial log runs here.
pub fn under_gdb(project: &Project) -> Result {
    let kernel = compile::kernel(project, Profile::Debugging)?;
    let boot = direct_boot(project, &kernel)?;
    let script = project.build.join("debug.gdb");
    run::write_file(&script, gdb_script(&kernel))?;
    let stopped = ["-gdb", "tcp:127.0.0.1:1234", "-S"];
    if !std::io::stdin().is_terminal() {
        println!("The machine waits for gdb: gdb -x {}", script.display());
        return start(project, boot, &stopped);
    }
    let serial = project.build.join("serial.log");
    let (hardware, hint) = hardware(project, boot, Serial::File(serial.clone()), &stopped)?;
    println!("Serial log: {}. Leaving gdb ends the machine.", serial.display());
    if let Some(hint) = hint {
        println!("{hint}");
    }
    // In a process group of its own, for the terminal's Ctrl+C is gdb's. A shell that ignores it takes our
    // place, and ends QEMU after gdb.
    let qemu = hardware.command().stdin(Stdio::null()).process_group(0).spawn().context("start QEMU")?;
    let end = "trap '' INT; gdb -q -x \"$1\"; kill \"$2\"";
    let error = Command::new("sh").args(["-c", end, "debug"]).arg(&script).arg(qemu.id().to_string()).exec();
    Err(error).context("start gdb")
}

/// The kernel through the loader, with the command line of this run.
pub fn direct_boot(project: &Project, kernel: &Path) -> Result<Boot> {
    Ok(Boot::Direct {
        loader: compile::loader(project)?,
        bundle: bundle::build(project, kernel)?,
        command_line: project.kernel_command_line(),
    })
}

fn start(project: &Project, boot: Boot, extra: &[&str]) -> Result {
    let serial = project.build.join("serial.log");
    let (hardware, hint) = hardware(project, boot, Serial::TerminalAndFile(serial.clone()), extra)?;
    println!("Serial log: {} (and below). Ctrl+C ends the machine.", serial.display());
    if let Some(hint) = hint {
        println!("{hint}");
    }
    run::visibly(&mut hardware.command())
}

/// The machine for a person, and how to see its screen where that isn't plain.
fn hardware(
    project: &Project,
    boot: Boot,
    serial: Serial,
    extra: &[&str],
) -> Result<(Hardware, Option<String>)> {
    fs::create_dir_all(&project.build).context("make the build folder")?;
    let display = display::choose();
    let hardware = Hardware {
        chipset: Chipset::Pc,
        controller: Controller::Ide,
        boot,
        serial,
        accelerator: accelerator::choose(),
        cpus: project.cpus,
        memory_mib: project.memory_mib,
        disk: Some(disk::prepare(project)?),
        disk_faults: None,
        disk_log: None,
        ps2: true,
        exit_port: false,
        count_instructions: false,
        extra: display.arguments.into_iter().chain(extra.iter().map(|&word| word.to_owned())).collect(),
    };
    Ok((hardware, display.hint))
}

/// Commands for gdb: symbols of `kernel`, and a stop where it is entered. A hardware breakpoint, for the
/// kernel's pages do not exist yet.
fn gdb_script(kernel: &Path) -> String {
    format!(
        "set architecture i386:x86-64\n\
         file {}\n\
         target remote 127.0.0.1:1234\n\
         hbreak kernel_entry\n\
         continue\n",
        kernel.display()
    )
}
