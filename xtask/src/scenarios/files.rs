//! Files: what is written is there at the next boot, and what can't be written is refused in words.

use gfx::Font;

use super::Scenario;
use super::stage::Stage;
use crate::build::disk;
use crate::error::{Result, fail};
use crate::machine::READY;
use crate::qemu::image::Image;
use std::time::Duration;

pub const SCENARIOS: &[Scenario] = &[
    ("a_written_file_survives_a_reboot", written_file_survives_reboot),
    ("a_written_file_survives_the_reset_button", written_file_survives_reset),
    ("directories_are_made_and_files_copied_moved_removed", directories),
    ("an_invalid_file_name_is_refused", invalid_name),
    ("a_full_disk_is_refused_and_stays_sound", full_disk),
    ("devices_and_processes_are_files", devices_and_processes),
];

fn written_file_survives_reboot(stage: &Stage) -> Result {
    let image = stage.disk()?;
    let mut machine = stage.boot(stage.hardware(Some(image.clone())))?;
    machine.enter("write /disk/hello.txt hi")?;
    machine.settle()?;
    machine.enter("reboot")?;
    machine.wait_for_line(READY, Duration::from_secs(60))?;
    machine.enter("cat /disk/hello.txt")?;
    machine.wait_for_text("hi", Font::Mono)?;
    stage.power_off(machine, Some(&image))?;
    expect_file(&image, "hello.txt", "hi")
}

/// No farewell: what the shell said was written must be on the disk already.
fn written_file_survives_reset(stage: &Stage) -> Result {
    let image = stage.disk()?;
    let mut machine = stage.boot(stage.hardware(Some(image.clone())))?;
    machine.enter("write /disk/hello.txt hi")?;
    machine.settle()?;
    machine.reset()?;
    machine.wait_for_line(READY, Duration::from_secs(60))?;
    machine.enter("cat /disk/hello.txt")?;
    machine.wait_for_text("hi", Font::Mono)?;
    stage.power_off(machine, Some(&image))?;
    expect_file(&image, "hello.txt", "hi")
}

fn directories(stage: &Stage) -> Result {
    let image = stage.disk()?;
    let mut machine = stage.boot(stage.hardware(Some(image.clone())))?;
    for command in [
        "mkdir /disk/made",
        "write /disk/made/one.txt first",
        "cp /disk/made/one.txt /disk/made/two.txt",
        "mv /disk/made/two.txt /disk/made/three.txt",
        "rm /disk/made/one.txt",
    ] {
        machine.enter(command)?;
        machine.settle()?;
    }
    stage.power_off(machine, Some(&image))?;
    expect_file(&image, "made/three.txt", "first")?;
    for gone in ["made/one.txt", "made/two.txt"] {
        if disk::read(&image, gone).is_ok() {
            fail!("{gone} is still there");
        }
    }
    Ok(())
}

fn invalid_name(stage: &Stage) -> Result {
    let image = stage.disk()?;
    let mut machine = stage.boot(stage.hardware(Some(image.clone())))?;
    machine.enter("write /disk/a?b.txt lost")?;
    machine.wait_for_text("nvalid", Font::Mono)?;
    machine.enter("write /disk/after.txt kept")?;
    machine.settle()?;
    stage.power_off(machine, Some(&image))?;
    expect_file(&image, "after.txt", "kept")
}

/// Room for less than one copy of the file is left.
fn full_disk(stage: &Stage) -> Result {
    let image = stage.disk()?;
    let large: Vec<u8> = (0..40 << 20).map(|i: u32| (i >> 8) as u8).collect();
    disk::write(&image, "large.bin", &large)?;
    disk::write(&image, "filler.bin", &large[..22 << 20])?;
    let mut machine = stage.boot(stage.hardware(Some(image.clone())))?;
    machine.enter("cp /disk/large.bin /disk/copy.bin")?;
    machine.wait_for_text("space", Font::Mono)?;
    machine.enter("cat /disk/notes/shopping.txt")?;
    machine.wait_for_text("goggles", Font::Mono)?;
    stage.power_off(machine, Some(&image))?;
    if disk::read_bytes(&image, "large.bin")? != large {
        fail!("large.bin is no longer what it was");
    }
    Ok(())
}

/// What a person finds in `/dev` and `/proc`, links on the way, and a device that is read until Ctrl+C.
fn devices_and_processes(stage: &Stage) -> Result {
    let image = stage.disk()?;
    // Four pixels of one colour for each of another, which no picture of the desktop has.
    let stripes: Vec<u8> = [[1, 2, 253, 0]; 4].iter().chain(&[[1, 254, 3, 0]]).flatten().copied().collect();
    disk::write(&image, "stripes.bin", &stripes.repeat(10_000))?;
    let mut machine = stage.boot(stage.hardware(Some(image.clone())))?;
    machine.enter("cp /disk/stripes.bin /dev/fb0")?;
    // Not all of it: the desktop may draw over it.
    let stripe = |image: &Image, y| {
        let colours = (200..210).map(|x| image.pixel(x, y));
        let (red, green) = ([253, 2, 1], [3, 254, 1]);
        colours.enumerate().all(|(at, colour)| colour == if at % 5 == 4 { green } else { red })
    };
    machine.wait_for_screen("what was copied to /dev/fb0", |image| stripe(image, 3) && stripe(image, 30))?;
    machine.enter("ls -l /dev")?;
    for name in ["disk0", "null", "urandom", "fb0"] {
        machine.wait_for_text(name, Font::Mono)?;
    }
    machine.enter("clear")?;
    machine.enter("ln -s /disk/welcome.txt /tmp/w; cat /tmp/w; ls -l /tmp")?;
    machine.wait_for_text("Welcome", Font::Mono)?;
    machine.wait_for_text("-> /disk/welcome.txt", Font::Mono)?;
    machine.enter("clear")?;
    machine.enter("mount; df")?;
    machine.wait_for_text("/dev/disk0 on /disk type vfat (rw,relatime)", Font::Mono)?;
    machine.wait_for_text("proc on /proc type proc (ro,relatime)", Font::Mono)?;
    machine.enter("clear")?;
    machine.enter("cat /proc/self/comm /proc/meminfo")?;
    machine.wait_for_text("shell", Font::Mono)?;
    machine.wait_for_text("MemTotal:", Font::Mono)?;
    machine.wait_for_text("kB", Font::Mono)?;
    machine.enter("clear")?;
    // Keys arrive as events too, and Ctrl+C ends who reads them.
    machine.enter("cat /dev/input/event0")?;
    machine.settle()?;
    machine.press(&["ctrl", "c"])?;
    machine.wait_for_text("^C", Font::Mono)?;
    machine.enter("write /dev/tty s'ee'n; cat /proc/uptime; stat /dev/null")?;
    machine.wait_for_text("character device 1:3", Font::Mono)?;
    machine.wait_for_text("seen", Font::Mono)?;
    stage.power_off(machine, Some(&image))
}

/// Fails unless the file is in the image with these contents; a line's end at its end is forgiven.
fn expect_file(image: &std::path::Path, name: &str, wanted: &str) -> Result {
    let found = disk::read(image, name)?;
    if found.trim_end_matches('\n') == wanted {
        Ok(())
    } else {
        fail!("{name} holds {found:?}, not {wanted:?}")
    }
}
