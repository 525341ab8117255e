//! The ISO, the way `make run` boots it and the ways a PC does.

use gfx::Font;

use super::Scenario;
use super::machines::looks_like_a_desktop;
use super::stage::Stage;
use crate::error::{Result, fail};
use crate::qemu::firmware::Uefi;
use crate::qemu::hardware::{Boot, Hardware};

pub const SCENARIOS: &[Scenario] = &[
    ("the_iso_boots_with_bios", |stage| boots(stage, Boot::BiosCd(stage.iso()))),
    ("the_iso_boots_with_uefi", |stage| {
        let firmware = Uefi::prepare(&stage.folder().join("uefi-variables.fd"))?;
        boots(stage, Boot::UefiCd(stage.iso(), firmware))
    }),
    ("the_iso_boots_from_a_usb_stick", |stage| boots(stage, Boot::BiosStick(stage.iso()))),
    ("the_iso_without_a_disk_brings_files", |stage| brings_files(stage, Boot::BiosCd(stage.iso()))),
    ("a_usb_stick_without_a_disk_brings_files", |stage| brings_files(stage, Boot::BiosStick(stage.iso()))),
];

fn boots(stage: &Stage, boot: Boot) -> Result {
    let image = stage.disk()?;
    let mut machine = stage.boot(Hardware { boot, ..stage.hardware(Some(image.clone())) })?;
    looks_like_a_desktop(&mut machine)?;
    if machine.serial_log()?.contains("is in memory") {
        fail!("the files are not those of the disk");
    }
    machine.enter("cat /disk/notes/shopping.txt")?;
    machine.wait_for_text("goggles", Font::Mono)?;
    stage.power_off(machine, Some(&image))
}

/// The machine has no disk: the files of the ISO are there, can be written, and the person is told that this does not last.
fn brings_files(stage: &Stage, boot: Boot) -> Result {
    let mut machine = stage.boot(Hardware { boot, ..stage.hardware(None) })?;
    looks_like_a_desktop(&mut machine)?;
    if !machine.serial_log()?.contains("/disk is in memory: what is written there is lost at power-off.") {
        fail!("the log does not say that files are lost at power-off");
    }
    machine.enter("cat /disk/welcome.txt")?;
    machine.wait_for_text("lost at power-off.", Font::Mono)?;
    // More than the image that the ISO holds: the disk has room.
    machine.enter("clear")?;
    machine.settle()?;
    machine.enter("cp /disk/notes/shopping.txt /disk/copy.txt")?;
    machine.settle()?;
    machine.enter("cat /disk/copy.txt")?;
    machine.wait_for_text("goggles", Font::Mono)?;
    machine.power_off()
}
