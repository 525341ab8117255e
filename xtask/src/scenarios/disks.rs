//! Disks that are missing, foreign or damaged: the desktop comes up, and not a byte of them is changed that
//! need not be.

use std::fs;
use std::io::{Read, Seek, Write};
use std::path::PathBuf;

use gfx::Font;

use super::Scenario;
use super::machines::looks_like_a_desktop;
use super::stage::Stage;
use crate::error::{Context, Result, fail};
use crate::machine::Machine;

pub const SCENARIOS: &[Scenario] = &[
    ("without_a_disk_the_desktop_works", no_disk),
    ("a_disk_of_zeros_is_left_alone", |stage| foreign(stage, &|bytes| bytes.fill(0))),
    ("a_disk_with_another_file_system_is_left_alone", |stage| foreign(stage, &another_file_system)),
    ("a_boot_sector_of_nonsense_is_left_alone", |stage| foreign(stage, &nonsense_boot_sector)),
    ("a_root_outside_the_disk_is_survived", |stage| damaged(stage, &root_outside)),
    ("a_chain_that_never_ends_is_survived", |stage| damaged(stage, &endless_chain)),
    ("a_directory_of_noise_is_survived", |stage| damaged(stage, &noise_in_root)),
    ("a_disk_with_a_broken_file_can_be_read", broken_file),
    ("a_disk_cut_short_is_survived", cut_short),
];

/// Where FAT32's boot sector keeps the first cluster of the root directory (Microsoft's FAT32 File System
/// Specification, "Boot Sector and BPB").
const ROOT_CLUSTER: usize = 44;

/// The part of a disk that the scenarios here change, in bytes.
const CHANGED: usize = 2 << 20;

fn no_disk(stage: &Stage) -> Result {
    let mut machine = stage.boot(stage.hardware(None))?;
    looks_like_a_desktop(&mut machine)?;
    machine.enter("write /note.txt kept in memory")?;
    machine.settle()?;
    machine.enter("clear")?;
    machine.settle()?;
    machine.enter("cat /note.txt")?;
    machine.wait_for_text("kept in memory", Font::Mono)?;
    stage.power_off(machine, None)
}

/// Boots with a disk that holds no FAT32: nobody may write to it.
fn foreign(stage: &Stage, change: &dyn Fn(&mut [u8])) -> Result {
    let image = changed_disk(stage, change)?;
    let before = fs::read(&image)?;
    let mut machine = stage.boot(stage.hardware(Some(image.clone())))?;
    looks_like_a_desktop(&mut machine)?;
    says_why(&machine)?;
    machine.enter("write /disk/new.txt hi")?;
    machine.settle()?;
    machine.power_off()?;
    if fs::read(&image)? != before { fail!("the disk was written to") } else { Ok(()) }
}

/// Boots with a FAT32 that is damaged: it is refused in words, and nothing hangs or falls over.
fn damaged(stage: &Stage, change: &dyn Fn(&mut [u8])) -> Result {
    let image = changed_disk(stage, change)?;
    let mut machine = stage.boot(stage.hardware(Some(image)))?;
    looks_like_a_desktop(&mut machine)?;
    says_why(&machine)?;
    for command in ["ls /disk", "cat /disk/welcome.txt", "ls /disk/notes", "write /disk/new.txt hi", "clear"]
    {
        machine.enter(command)?;
        machine.settle()?;
    }
    machine.enter("echo 1 2 3")?;
    machine.wait_for_text("1 2 3  ", Font::Mono)?;
    stage.power_off(machine, None)
}

/// Two files begin at one place: all can be read, and nothing is written, for one would be written over the other.
fn broken_file(stage: &Stage) -> Result {
    let image = changed_disk(stage, &cross_chains)?;
    let before = fs::read(&image)?;
    let mut machine = stage.boot(stage.hardware(Some(image.clone())))?;
    looks_like_a_desktop(&mut machine)?;
    if !machine.serial_log()?.contains("/disk can only be read: ") {
        fail!("the log does not say that the disk can only be read");
    }
    machine.enter("cat /disk/notes/shopping.txt")?;
    machine.wait_for_text("goggles", Font::Mono)?;
    machine.enter("clear")?;
    machine.settle()?;
    machine.enter("write /disk/new.txt hi")?;
    machine.wait_for_text("read-only", Font::Mono)?;
    machine.power_off()?;
    if fs::read(&image)? != before { fail!("the disk was written to") } else { Ok(()) }
}

/// The image ends in the middle of the data area, as a broken copy does.
fn cut_short(stage: &Stage) -> Result {
    let image = stage.disk()?;
    fs::File::options().write(true).open(&image)?.set_len(1 << 20)?;
    let mut machine = stage.boot(stage.hardware(Some(image)))?;
    looks_like_a_desktop(&mut machine)?;
    says_why(&machine)?;
    machine.enter("ls /disk")?;
    machine.settle()?;
    stage.power_off(machine, None)
}

/// Fails unless the kernel said that the disk can't be used, or can't be written.
fn says_why(machine: &Machine) -> Result {
    let log = machine.serial_log()?;
    if log.contains("/disk is not available: ") || log.contains("/disk can only be read: ") {
        Ok(())
    } else {
        fail!("the log does not say why there is no /disk")
    }
}

/// A fresh disk whose first bytes were changed: all of FAT's own structures are among them.
fn changed_disk(stage: &Stage, change: &dyn Fn(&mut [u8])) -> Result<PathBuf> {
    let image = stage.disk()?;
    let mut file = fs::File::options().read(true).write(true).open(&image)?;
    let mut bytes = vec![0; CHANGED];
    file.read_exact(&mut bytes).context("read the disk image")?;
    change(&mut bytes);
    file.rewind()?;
    file.write_all(&bytes).context("write the disk image")?;
    Ok(image)
}

/// ext2's superblock has its magic number 56 bytes into the second kilobyte.
fn another_file_system(bytes: &mut [u8]) {
    bytes.fill(0);
    bytes[1024 + 56..1024 + 58].copy_from_slice(&0xef53_u16.to_le_bytes());
    noise(&mut bytes[4096..1 << 20], 1);
}

fn nonsense_boot_sector(bytes: &mut [u8]) {
    noise(&mut bytes[11..500], 2);
}

fn root_outside(bytes: &mut [u8]) {
    bytes[ROOT_CLUSTER..ROOT_CLUSTER + 4].copy_from_slice(&0x00ff_fff0_u32.to_le_bytes());
}

/// Every chain leads into a ring of two clusters, in both copies of the table.
fn endless_chain(bytes: &mut [u8]) {
    let Layout { tables, table_length, .. } = layout(bytes);
    for table in tables {
        for entry in 2..16.min(table_length / 4) {
            let next = if entry == 5 { 6_u32 } else { 5 };
            bytes[table + 4 * entry..table + 4 * entry + 4].copy_from_slice(&next.to_le_bytes());
        }
    }
}

/// Lets welcome.txt begin where the first directory lies; and marks the volume as not closed, so that somebody looks.
fn cross_chains(bytes: &mut [u8]) {
    let data = layout(bytes).data;
    let root = &mut bytes[data..data + 4096];
    let entry = root.windows(11).position(|name| name == b"WELCOME TXT").unwrap_or(0);
    root[entry + 26..entry + 28].copy_from_slice(&3_u16.to_le_bytes());
    mark_as_open(bytes);
}

fn noise_in_root(bytes: &mut [u8]) {
    let data = layout(bytes).data;
    noise(&mut bytes[data..data + 4096], 3);
    mark_as_open(bytes);
}

/// Takes away the bit that says "closed properly", in entry 1 of both copies of the table: a volume that was closed is taken
/// at its word, any other is checked when it is mounted.
fn mark_as_open(bytes: &mut [u8]) {
    for table in layout(bytes).tables {
        bytes[table + 7] &= !0x08;
    }
}

/// Where the parts of the file system are, in bytes.
struct Layout {
    tables: [usize; 2],
    table_length: usize,
    /// The first cluster, which mkfs.fat gives the root directory.
    data: usize,
}

/// From the boot sector that mkfs.fat wrote, with sectors of 512 bytes.
fn layout(bytes: &[u8]) -> Layout {
    let reserved = usize::from(u16::from_le_bytes([bytes[14], bytes[15]])) * 512;
    let table_length = u32::from_le_bytes([bytes[36], bytes[37], bytes[38], bytes[39]]) as usize * 512;
    Layout { tables: [reserved, reserved + table_length], table_length, data: reserved + 2 * table_length }
}

/// Fills with numbers that are the same every time (xorshift).
fn noise(bytes: &mut [u8], seed: u64) {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for byte in bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        *byte = (state >> 32) as u8;
    }
}
