//! The ISO, the way `make run` boots it and the ways a PC does.

use gfx::Font;

use super::Scenario;
use super::machines::looks_like_a_desktop;
use super::stage::Stage;
use crate::error::Result;
use crate::qemu::firmware::Uefi;
use crate::qemu::hardware::{Boot, Hardware};

pub const SCENARIOS: &[Scenario] = &[
    ("the_iso_boots_with_bios", |stage| boots(stage, Boot::BiosCd(stage.iso()))),
    ("the_iso_boots_with_uefi", |stage| {
        let firmware = Uefi::prepare(&stage.folder().join("uefi-variables.fd"))?;
        boots(stage, Boot::UefiCd(stage.iso(), firmware))
    }),
    ("the_iso_boots_from_a_usb_stick", |stage| boots(stage, Boot::BiosStick(stage.iso()))),
];

fn boots(stage: &Stage, boot: Boot) -> Result {
    let image = stage.disk()?;
    let mut machine = stage.boot(Hardware { boot, ..stage.hardware(Some(image.clone())) })?;
    looks_like_a_desktop(&mut machine)?;
    machine.enter("cat /disk/notes/shopping.txt")?;
    machine.wait_for_text("goggles", Font::Mono)?;
    stage.power_off(machine, Some(&image))
}
