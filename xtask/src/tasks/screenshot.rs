//! `make screenshot`: boots without a window and takes a picture of the desktop.

use std::thread::sleep;
use std::time::Duration;

use gfx::Font;

use super::run::direct_boot;
use crate::build::compile::{self, Profile};
use crate::build::disk;
use crate::error::Result;
use crate::host::accelerator;
use crate::machine::Machine;
use crate::project::Project;
use crate::qemu::hardware::{Hardware, Serial};
use crate::qemu::image::Area;

/// The middle of a text on the screen.
fn middle(text: Area) -> (i32, i32) {
    ((text.x + text.width / 2) as i32, (text.y + text.height / 2) as i32)
}

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
    for command in ["ls -l /disk/notes", "cat /disk/notes/poem.txt", "free", "date"] {
        machine.enter(command)?;
        machine.settle()?;
    }
    // Two windows, as far apart as they fit: one shows words, the other graphs.
    let (x, y) = middle(machine.wait_for_text("Terminal", Font::UiBold)?);
    machine.drag((x - 60, y), (x - 280, y - 70))?;
    machine.enter("run monitor")?;
    let (x, y) = middle(machine.wait_for_text("System Monitor", Font::UiBold)?);
    machine.drag((x - 80, y), (x - 80, y - 70))?;
    // Time for the graphs to have something to show.
    sleep(Duration::from_secs(12));
    let path = project.build.join("screenshot.png");
    machine.settle()?.save_png(&path)?;
    println!("{}", path.display());
    Ok(())
}
