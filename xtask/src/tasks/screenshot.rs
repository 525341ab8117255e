//! `make screenshot`: boots without a window and takes a picture of the desktop.

use std::thread::sleep;
use std::time::Duration;

use gfx::Font;

use super::run::direct_boot;
use crate::build::compile::{self, Profile};
use crate::build::disk;
use crate::error::{Result, fail};
use crate::host::accelerator;
use crate::machine::Machine;
use crate::project::Project;
use crate::qemu::hardware::{Chipset, Controller, Hardware, Serial};

/// Small enough to leave room for the others.
const SNAKE_WIDTH: i32 = 350;
const SNAKE_HEIGHT: i32 = 268;

/// Half the height of a title bar, in whose middle the title stands.
const HALF_TITLE: i32 = 18;

/// A window, from its upper left corner.
struct Window {
    title: &'static str,
    at: (i32, i32),
    size: (i32, i32),
}

impl Window {
    /// The window of this title, which is `size` pixels large.
    fn find(machine: &mut Machine, title: &'static str, size: (i32, i32)) -> Result<Self> {
        let text = machine.wait_for_text(title, Font::UiBold)?;
        let middle = ((text.x + text.width / 2) as i32, (text.y + text.height / 2) as i32);
        Ok(Self { title, at: (middle.0 - size.0 / 2, middle.1 - HALF_TITLE), size })
    }

    fn drag_to(&mut self, machine: &mut Machine, to: (i32, i32)) -> Result {
        // Beside the title, right of the buttons.
        let grip = |at: (i32, i32)| (at.0 + self.size.0 * 3 / 4, at.1 + HALF_TITLE);
        machine.drag(grip(self.at), grip(to))?;
        machine.settle()?;
        *self = Self::find(machine, self.title, self.size)?;
        if (self.at.0 - to.0).abs() > 1 || (self.at.1 - to.1).abs() > 1 {
            fail!("{} did not follow the mouse to {to:?}: it is at {:?}", self.title, self.at);
        }
        Ok(())
    }

    /// Drags the lower right corner.
    fn resize(&mut self, machine: &mut Machine, to: (i32, i32)) -> Result {
        let corner = |size: (i32, i32)| (self.at.0 + size.0 - 1, self.at.1 + size.1 - 1);
        machine.drag(corner(self.size), corner(to))?;
        self.size = to;
        machine.settle().map(drop)
    }
}

/// Writes build/screenshot.png.
pub fn take(project: &Project) -> Result {
    let kernel = compile::kernel(project, Profile::Release)?;
    let folder = project.build.join("screenshot");
    // A disk of its own: a picture must not depend on what was saved on the user's.
    let disk_image = folder.join("disk.img");
    disk::create(&disk_image, disk::STANDARD, &project.root.join("disk"))?;
    let hardware = Hardware {
        chipset: Chipset::Pc,
        controller: Controller::Ide,
        boot: direct_boot(project, &kernel)?,
        serial: Serial::File(folder.join("serial.log")),
        accelerator: accelerator::tcg(),
        cpus: project.cpus,
        memory_mib: project.memory_mib,
        disk: Some(disk_image),
        disk_faults: None,
        disk_log: None,
        ps2: true,
        exit_port: false,
        count_instructions: false,
        extra: Vec::new(),
    };
    let mut machine = Machine::start(hardware, &folder, Duration::from_secs(60))?;
    machine.wait_for_desktop()?;
    // Three windows, none of which hides what another is there to show.
    let mut terminal = Window::find(&mut machine, "Terminal", (740, 488))?;
    terminal.drag_to(&mut machine, (24, 52))?;
    terminal.resize(&mut machine, (580, 416))?;
    machine.enter("run monitor")?;
    let mut monitor = Window::find(&mut machine, "System Monitor", (640, 516))?;
    monitor.drag_to(&mut machine, (616, 186))?;
    machine.press(&["alt", "tab"])?;
    for command in
        ["ls -l /disk/notes", "cat /disk/notes/poem.txt", "parallel sleep 1 & date & echo lime", "free"]
    {
        machine.enter(command)?;
        machine.settle()?;
    }
    machine.enter("run snake")?;
    let mut snake = Window::find(&mut machine, "Snake", (604, 474))?;
    snake.resize(&mut machine, (SNAKE_WIDTH, SNAKE_HEIGHT))?;
    snake.drag_to(&mut machine, (210, 448))?;
    // Time for the graphs to have something to show.
    sleep(Duration::from_secs(8));
    machine.press(&["right"])?;
    machine.press(&["up"])?;
    sleep(Duration::from_millis(600));
    let path = project.build.join("screenshot.png");
    machine.screen()?.save_png(&path)?;
    println!("{}", path.display());
    Ok(())
}
