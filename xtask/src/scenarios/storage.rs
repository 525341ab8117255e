//! Disks on every controller that is driven: what is written is on them, and what they can't read is told.

use std::fs;
use std::path::Path;
use std::time::Duration;

use gfx::Font;

use super::Scenario;
use super::stage::Stage;
use crate::build::disk;
use crate::error::{Context, Result, fail};
use crate::machine::READY;
use crate::qemu::hardware::{Chipset, Controller, Hardware};

pub const SCENARIOS: &[Scenario] = &[
    ("an_ide_disk_keeps_what_is_copied", |stage| keeps(stage, Chipset::Pc, Controller::Ide)),
    ("an_ahci_disk_keeps_what_is_copied_on_q35", |stage| keeps(stage, Chipset::Q35, Controller::Ahci)),
    ("an_ahci_disk_keeps_what_is_copied_on_pc", |stage| keeps(stage, Chipset::Pc, Controller::Ahci)),
    ("an_nvme_disk_keeps_what_is_copied_on_q35", |stage| keeps(stage, Chipset::Q35, Controller::Nvme)),
    ("an_nvme_disk_keeps_what_is_copied_on_pc", |stage| keeps(stage, Chipset::Pc, Controller::Nvme)),
    ("a_virtio_disk_keeps_what_is_copied_on_q35", |stage| keeps(stage, Chipset::Q35, Controller::Virtio)),
    ("a_virtio_disk_keeps_what_is_copied_on_pc", |stage| keeps(stage, Chipset::Pc, Controller::Virtio)),
    ("an_nvme_disk_with_long_sectors_keeps_what_is_copied", |stage| {
        keeps(stage, Chipset::Q35, Controller::NvmeOfPages)
    }),
    ("a_virtio_disk_with_long_sectors_keeps_what_is_copied", |stage| {
        keeps(stage, Chipset::Pc, Controller::VirtioOfPages)
    }),
    ("a_disk_in_memory_has_files_and_forgets", forgets),
    ("a_request_that_fails_once_on_ide_is_tried_again", |stage| {
        fails_once(stage, Chipset::Pc, Controller::Ide)
    }),
    ("a_request_that_fails_once_on_ahci_is_tried_again", |stage| {
        fails_once(stage, Chipset::Q35, Controller::Ahci)
    }),
    ("a_request_that_fails_once_on_nvme_is_tried_again", |stage| {
        fails_once(stage, Chipset::Q35, Controller::Nvme)
    }),
    ("a_request_that_fails_once_on_virtio_is_tried_again_on_q35", |stage| {
        fails_once(stage, Chipset::Q35, Controller::Virtio)
    }),
    ("a_request_that_fails_once_on_virtio_is_tried_again_on_pc", |stage| {
        fails_once(stage, Chipset::Pc, Controller::Virtio)
    }),
    ("a_bad_sector_among_long_ones_is_named", |stage| {
        bad_sector(stage, Chipset::Q35, Controller::NvmeOfPages)
    }),
    ("a_bad_sector_on_ide_is_named", |stage| bad_sector(stage, Chipset::Pc, Controller::Ide)),
    ("a_bad_sector_on_ahci_is_named", |stage| bad_sector(stage, Chipset::Q35, Controller::Ahci)),
    ("a_bad_sector_on_nvme_is_named", |stage| bad_sector(stage, Chipset::Q35, Controller::Nvme)),
    ("a_bad_sector_on_virtio_is_named_on_q35", |stage| bad_sector(stage, Chipset::Q35, Controller::Virtio)),
    ("a_bad_sector_on_virtio_is_named_on_pc", |stage| bad_sector(stage, Chipset::Pc, Controller::Virtio)),
];

/// What is copied: 20 MiB, no two pages alike.
fn large_file() -> Vec<u8> {
    (0..20 << 20).map(|at: u32| (at ^ at >> 8 ^ at >> 12) as u8).collect()
}

fn hardware(stage: &Stage, chipset: Chipset, controller: Controller, image: &Path) -> Hardware {
    Hardware { chipset, controller, ..stage.hardware(Some(image.to_path_buf())) }
}

/// Writes a file and copies a large one, reboots, reads the one, and looks at the other from outside.
fn keeps(stage: &Stage, chipset: Chipset, controller: Controller) -> Result {
    let image = stage.disk()?;
    let large = large_file();
    disk::write(&image, "large.bin", &large)?;
    let mut machine = stage.boot(hardware(stage, chipset, controller, &image))?;
    machine.enter("write /disk/hello.txt hi there")?;
    machine.settle()?;
    // The date is printed only once the copy is there.
    machine.enter("cp /disk/large.bin /disk/copy.bin ; date")?;
    machine.wait_for_text("UTC", Font::Mono)?;
    machine.enter("reboot")?;
    machine.wait_for_line(READY, Duration::from_secs(60))?;
    machine.enter("cat /disk/hello.txt")?;
    machine.wait_for_text("hi there", Font::Mono)?;
    if machine.serial_log()?.contains("interrupts of a disk controller don't come") {
        fail!("the disk works without its interrupts");
    }
    stage.power_off(machine, Some(&image))?;
    for name in ["copy.bin", "large.bin"] {
        if disk::read_bytes(&image, name)? != large {
            fail!("{name} is not what was copied");
        }
    }
    Ok(())
}

/// A machine whose only disk is an image beside the kernel: there are files, they can be written, the person is told that
/// this does not last, and at the next boot all is as it was.
fn forgets(stage: &Stage) -> Result {
    let boot = stage.direct_with_disk_in_memory(&stage.disk()?)?;
    let mut machine = stage.boot(Hardware { boot, ..stage.hardware(None) })?;
    if !machine.serial_log()?.contains("/disk is in memory: what is written there is lost at power-off.") {
        fail!("the log does not say that files are lost at power-off");
    }
    machine.enter("cat /disk/notes/shopping.txt")?;
    machine.wait_for_text("goggles", Font::Mono)?;
    machine.enter("write /disk/hello.txt hi there")?;
    machine.settle()?;
    machine.enter("clear")?;
    machine.settle()?;
    machine.enter("cat /disk/hello.txt")?;
    machine.wait_for_text("hi there", Font::Mono)?;
    machine.enter("reboot")?;
    machine.wait_for_line(READY, Duration::from_secs(60))?;
    machine.enter("cat /disk/hello.txt")?;
    machine.wait_for_text("no such file", Font::Mono)?;
    machine.power_off()
}

/// The first sector of the image with these bytes.
fn sector_with(image: &Path, bytes: &[u8]) -> Result<usize> {
    let contents = fs::read(image).context("read the disk image")?;
    match contents.windows(bytes.len()).position(|window| window == bytes) {
        Some(at) => Ok(at / 512),
        None => fail!("the disk image does not hold {:?}", String::from_utf8_lossy(bytes)),
    }
}

/// Rules for `blkdebug`: reading `sector` fails with EIO, once or for ever.
fn faults(stage: &Stage, sector: usize, once: bool) -> Result<std::path::PathBuf> {
    let rules = stage.folder().join("faults");
    let once = if once { "on" } else { "off" };
    let text = format!(
        "[inject-error]\nevent = \"read_aio\"\nerrno = \"5\"\nsector = \"{sector}\"\nonce = \"{once}\"\n"
    );
    fs::write(&rules, text).context("write the rules for blkdebug")?;
    Ok(rules)
}

/// The disk can't read a sector, the first time it is asked: nobody notices.
fn fails_once(stage: &Stage, chipset: Chipset, controller: Controller) -> Result {
    let image = stage.disk()?;
    let sector = sector_with(&image, b"goggles")?;
    let disk_faults = Some(faults(stage, sector, true)?);
    let mut machine = stage.boot(Hardware { disk_faults, ..hardware(stage, chipset, controller, &image) })?;
    machine.enter("cat /disk/notes/shopping.txt")?;
    machine.wait_for_text("goggles", Font::Mono)?;
    stage.power_off(machine, Some(&image))
}

/// The disk can't ever read a sector: whoever wants it is told, the log names it, and all else goes on.
fn bad_sector(stage: &Stage, chipset: Chipset, controller: Controller) -> Result {
    let image = stage.disk()?;
    let sector = sector_with(&image, b"goggles")?;
    let disk_faults = Some(faults(stage, sector, false)?);
    let mut machine = stage.boot(Hardware { disk_faults, ..hardware(stage, chipset, controller, &image) })?;
    machine.enter("cat /disk/notes/shopping.txt")?;
    machine.wait_for_text("the disk failed", Font::Mono)?;
    let log = machine.serial_log()?;
    // The disk's own sector, of which the file system asked for a part.
    let long = matches!(controller, Controller::NvmeOfPages | Controller::VirtioOfPages);
    let sector = if long { sector / 8 * 8 } else { sector };
    if !log.contains(&format!("(sector {sector})")) {
        fail!("the log does not name sector {sector}");
    }
    machine.enter("clear")?;
    machine.settle()?;
    machine.enter("write /disk/after.txt still here")?;
    machine.settle()?;
    machine.enter("cat /disk/after.txt")?;
    machine.wait_for_text("still here", Font::Mono)?;
    machine.power_off()?;
    if disk::read(&image, "after.txt")?.trim_end() == "still here" {
        Ok(())
    } else {
        fail!("after.txt was not kept")
    }
}
