//! `make screenshot`: boots without a window and takes a picture of the desktop.

use std::time::Duration;

use super::run::direct_boot;
use crate::build::compile::{self, Profile};
use crate::build::disk;
use crate::error::Result;
use crate::host::accelerator;
use crate::machine::Machine;
use crate::project::Project;
use crate::qemu::hardware::{Hardware, Serial};

/// Writes build/screenshot.png.
pub fn take(project: &Project) -> Result {
    let kernel = compile::kernel(project, Profile::Release)?;
    let folder = project.build.join("screenshot");
    // A disk of its own: a picture must not depend on what was saved on the user's.
    let disk_image = folder.join("disk.img");
    disk::create(&disk_image, disk::STANDARD, &project.root.join("disk"))?;
    let hardware = Hardware {
        boot: direct_boot(project, &kernel)?,
        serial: Serial::File(folder.join("serial.log")),
        accelerator: accelerator::tcg(),
        cpus: project.cpus,
        memory_mib: project.memory_mib,
        disk: Some(disk_image),
        ps2: true,
        exit_port: false,
        count_instructions: false,
        extra: Vec::new(),
    };
    let mut machine = Machine::start(hardware, &folder, Duration::from_secs(60))?;
    machine.wait_for_desktop()?;
    for command in ["help", "ls /disk", "free"] {
        machine.enter(command)?;
        machine.settle()?;
    }
    let path = project.build.join("screenshot.png");
    machine.settle()?.save_png(&path)?;
    println!("{}", path.display());
    Ok(())
}
