//! Machines of many kinds: each gets a desktop that fits, and is told what it lacks.

use gfx::Font;

use super::Scenario;
use super::stage::Stage;
use crate::error::{Result, fail};
use crate::machine::Machine;
use crate::qemu::hardware::Hardware;
use crate::qemu::image::Area;

pub const SCENARIOS: &[Scenario] = &[
    ("without_keyboard_and_mouse_the_desktop_comes_up", no_input),
    ("with_64_mib_the_desktop_works", |stage| works(stage, |hardware| hardware.memory_mib = 64)),
    ("with_8_gib_the_desktop_works", |stage| works(stage, |hardware| hardware.memory_mib = 8192)),
    ("with_1_cpu_the_desktop_works", |stage| works(stage, |hardware| hardware.cpus = 1)),
    ("with_8_cpus_the_desktop_works", |stage| works(stage, |hardware| hardware.cpus = 8)),
    ("at_640x480_the_desktop_fits", |stage| fits(stage, 640, 480)),
    ("at_1920x1080_the_desktop_fits", |stage| fits(stage, 1920, 1080)),
    ("rows_wider_than_the_screen_are_no_trouble", |stage| fits_in_rows(stage, 1280, 800, 1472)),
];

/// QEMU can't take one away without the other: both hang on the i8042.
fn no_input(stage: &Stage) -> Result {
    let mut machine = stage.boot(Hardware { ps2: false, ..stage.hardware(Some(stage.disk()?)) })?;
    looks_like_a_desktop(&mut machine)?;
    let log = machine.serial_log()?.to_lowercase();
    for missing in ["keyboard", "mouse"] {
        if !log.lines().any(|line| line.contains(missing) && (line.contains("no ") || line.contains("not ")))
        {
            fail!("nothing in the log says that the {missing} is missing");
        }
    }
    Ok(())
}

/// Boots the changed machine, and has its shell write a file.
fn works(stage: &Stage, change: impl Fn(&mut Hardware)) -> Result {
    let image = stage.disk()?;
    let mut hardware = stage.hardware(Some(image.clone()));
    change(&mut hardware);
    let mut machine = stage.boot(hardware)?;
    looks_like_a_desktop(&mut machine)?;
    machine.enter("cat /disk/notes/shopping.txt")?;
    machine.wait_for_text("goggles", Font::Mono)?;
    stage.power_off(machine, Some(&image))
}

fn fits(stage: &Stage, width: usize, height: usize) -> Result {
    fits_in_rows(stage, width, height, width)
}

/// `row` is how many pixels lie from one row of the screen to the next: the pitch in pixels.
fn fits_in_rows(stage: &Stage, width: usize, height: usize, row: usize) -> Result {
    let mut hardware = stage.hardware(Some(stage.disk()?));
    hardware.boot = stage.direct(&format!("resolution={width}x{height} row={row}"));
    let mut machine = stage.boot(hardware)?;
    let pitch = format!("pitch {}", row * 4);
    if !machine.serial_log()?.contains(&pitch) {
        fail!("the log does not say {pitch:?}: the display was not set as asked");
    }
    let screen = machine.screen()?;
    if (screen.width, screen.height) != (width, height) {
        fail!("the screen is {}x{} instead of {width}x{height}", screen.width, screen.height);
    }
    looks_like_a_desktop(&mut machine)?;
    // A wrong pitch shears everything, and text first.
    machine.enter("cat /disk/notes/shopping.txt")?;
    machine.wait_for_text("goggles", Font::Mono)?;
    Ok(())
}

/// Fails unless the screen is full of colours to its edges, as a wallpaper with a panel is.
pub fn looks_like_a_desktop(machine: &mut Machine) -> Result {
    let screen = machine.screen()?;
    let colours = screen.colours(Area::new(0, 0, screen.width, screen.height), 200);
    if colours < 200 {
        fail!("the screen has only {colours} colours: that is no desktop");
    }
    let bottom_right = screen.mean(Area::new(screen.width - 16, screen.height - 16, 16, 16));
    if bottom_right == [0; 3] {
        fail!("the lower right corner is black");
    }
    Ok(())
}
