//! Machines for a person: `make run`, `run-uefi`, `run-direct` and `debug`.

use std::fs;
use std::path::Path;

use crate::build::compile::{self, Profile};
use crate::build::{bundle, disk, iso};
use crate::error::{Context, Result};
use crate::host::{accelerator, display, run};
use crate::project::Project;
use crate::qemu::firmware::Uefi;
use crate::qemu::hardware::{Boot, Hardware, Serial};

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

/// Boots through the loader a kernel with symbols, stopped before its first instruction, and says
/// how to attach gdb: the terminal itself shows the serial log.
pub fn under_gdb(project: &Project) -> Result {
    let kernel = compile::kernel(project, Profile::Debugging)?;
    let boot = direct_boot(project, &kernel)?;
    let script = project.build.join("debug.gdb");
    run::write_file(&script, gdb_script(&kernel))?;
    println!("The machine waits for gdb. In another terminal: gdb -x {}", script.display());
    start(project, boot, &["-gdb", "tcp:127.0.0.1:1234", "-S"])
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
    let display = display::choose();
    let serial = project.build.join("serial.log");
    let hardware = Hardware {
        boot,
        serial: Serial::TerminalAndFile(serial.clone()),
        accelerator: accelerator::choose(),
        cpus: project.cpus,
        memory_mib: project.memory_mib,
        disk: Some(disk::prepare(project)?),
        ps2: true,
        exit_port: false,
        count_instructions: false,
        extra: display.arguments.into_iter().chain(extra.iter().map(|&word| word.to_owned())).collect(),
    };
    fs::create_dir_all(&project.build).context("make the build folder")?;
    println!("Serial log: {} (and below). Ctrl+C ends the machine.", serial.display());
    if let Some(hint) = display.hint {
        println!("{hint}");
    }
    run::visibly(&mut hardware.command())
}

/// Commands for gdb: symbols of `kernel`, and a stop where it is entered. A hardware breakpoint, for the
/// kernel's pages do not exist yet.
fn gdb_script(kernel: &Path) -> String {
    format!(
        "set architecture i386:x86-64\n\
         symbol-file {}\n\
         target remote 127.0.0.1:1234\n\
         hbreak kernel_entry\n\
         continue\n",
        kernel.display()
    )
}
