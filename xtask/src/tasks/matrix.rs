//! `make matrix`: on every controller, PC, kind of FAT and partition table, a file of 20 MiB is copied, the machine boots
//! again, and the copy is read: by the kernel, and from outside. A disk in memory is read in the same boot.

use std::fs;
use std::path::Path;
use std::time::Instant;

use workload::contents::Digest;

use crate::build::disk;
use crate::build::partitions::Table;
use crate::crash::{Kernel, LIFETIME, fresh, run_to_end, side_by_side};
use crate::error::{Context, Result, fail};
use crate::host::run;
use crate::machine::Machine;
use crate::project::Project;
use crate::qemu::hardware::{Chipset, Controller, Hardware};

/// What the kernel says in front of the digest.
const DIGEST: &str = "the copy is ";
const VOLUME_MIB: u64 = 64;

const CONTROLLERS: [Option<Controller>; 5] = [
    Some(Controller::Ide),
    Some(Controller::Ahci),
    Some(Controller::Nvme),
    Some(Controller::Virtio),
    // In memory.
    None,
];
const CHIPSETS: [Chipset; 2] = [Chipset::Pc, Chipset::Q35];
/// The width of a FAT's entries, and the sectors of a cluster that make it so on 64 MiB.
const WIDTHS: [(u32, u32); 3] = [(12, 64), (16, 8), (32, 8)];
const TABLES: [Table; 3] = [Table::None, Table::Mbr, Table::Gpt];

/// One disk in one machine.
#[derive(Clone, Copy)]
struct Case {
    controller: Option<Controller>,
    chipset: Chipset,
    width: (u32, u32),
    table: Table,
}

impl Case {
    fn name(self) -> String {
        let controller = self.controller.map_or("memory".into(), |controller| format!("{controller:?}"));
        let table = match self.table {
            Table::None => "unpartitioned".into(),
            table => format!("{table:?}"),
        };
        format!("{controller}_{:?}_fat{}_{table}", self.chipset, self.width.0).to_lowercase()
    }
}

/// Runs the cases that `ONLY` selects, two at a time, and prints a line for each.
pub fn all(project: &Project) -> Result {
    let mut cases = Vec::new();
    for controller in CONTROLLERS {
        for chipset in CHIPSETS {
            for width in WIDTHS {
                cases.extend(TABLES.map(|table| Case { controller, chipset, width, table }));
            }
        }
    }
    cases.retain(|case| project.only.as_ref().is_none_or(|only| case.name().contains(only.as_str())));
    let folder = project.build.join("matrix");
    fresh(&folder)?;
    let kernel = Kernel::build(project)?;
    let large: Vec<u8> = (0..20 << 20).map(|at: u32| (at ^ at >> 8 ^ at >> 12) as u8).collect();
    let volumes = WIDTHS.map(|width| make_volume(&folder, width, &large));
    let [twelve, sixteen, thirty_two] = volumes;
    let volumes = [twelve?, sixteen?, thirty_two?];
    let mut digest = Digest::default();
    digest.add(&large);
    let errors = side_by_side(cases.len(), |number| {
        let case = cases[number];
        let (name, started) = (case.name(), Instant::now());
        let own = folder.join(&name);
        let volume = WIDTHS.iter().position(|width| *width == case.width).unwrap_or(0);
        let verdict = copy(&kernel, case, &volumes[volume], &own, digest)
            .and_then(|()| fs::remove_dir_all(&own).context("remove what went well"));
        match &verdict {
            Ok(()) => println!("test {name} ... ok ({:.1}s)", started.elapsed().as_secs_f64()),
            Err(error) => println!("test {name} ... FAILED\n{error}"),
        }
        verdict
    });
    println!("\n{} passed, {} failed", cases.len() - errors.len(), errors.len());
    let names: Vec<String> = errors.iter().map(|(number, _)| cases[*number].name()).collect();
    if names.is_empty() { Ok(()) } else { fail!("failed: {}", names.join(", ")) }
}

/// A volume of this width with the file in it.
fn make_volume(folder: &Path, (width, cluster): (u32, u32), large: &[u8]) -> Result<Vec<u8>> {
    let image = folder.join(format!("fat{width}.img"));
    run::write_file(&image, [])?;
    fs::File::options().write(true).open(&image)?.set_len(VOLUME_MIB << 20).context("size the volume")?;
    let (width, cluster) = (width.to_string(), cluster.to_string());
    run::quietly(run::program("mkfs.fat").args(["-F", &width, "-s", &cluster]).arg(&image))?;
    if width == "32" {
        disk::write(&image, "large.bin", large)?;
    } else {
        let source = folder.join("large.bin");
        run::write_file(&source, large)?;
        run::quietly(run::program("mcopy").arg("-i").arg(&image).arg(&source).arg("::"))?;
    }
    fs::read(&image).context("read the volume")
}

fn copy(kernel: &Kernel, case: Case, volume: &[u8], folder: &Path, digest: Digest) -> Result {
    let image = folder.join("disk.img");
    run::write_file(&image, case.table.around(volume.to_vec())?)?;
    let machine = |words: &str| -> Result<Hardware> {
        match case.controller {
            Some(controller) => Ok(kernel.machine((case.chipset, controller), &image, words)),
            None => kernel.machine_with_disk_in_memory(case.chipset, &image, &folder.join("bundle"), words),
        }
    };
    boot(machine("copy=make")?, folder, digest).context("copy")?;
    if case.controller.is_none() {
        return Ok(());
    }
    boot(machine("copy=look")?, folder, digest).context("read the copy after a reboot")?;
    let bytes = fs::read(&image).context("read the disk")?;
    let (volume, copied) = (folder.join("volume.img"), folder.join("copy.bin"));
    run::write_file(&volume, case.table.volume(&bytes))?;
    disk::check(&volume)?;
    let contents = if case.width.0 == 32 {
        disk::read_bytes(&volume, "copy.bin")?
    } else {
        run::quietly(run::program("mcopy").arg("-i").arg(&volume).arg("::copy.bin").arg(&copied))?;
        fs::read(&copied).context("read the copy")?
    };
    let mut found = Digest::default();
    found.add(&contents);
    if found == digest { Ok(()) } else { fail!("mtools reads another file than was copied") }
}

/// Boots once; the kernel must see the right digest.
fn boot(hardware: Hardware, folder: &Path, digest: Digest) -> Result {
    run_to_end(Machine::start(hardware, folder, LIFETIME)?, folder)?;
    let log = fs::read_to_string(folder.join("serial.log")).context("read the serial log")?;
    let wanted = format!("{DIGEST}{:016x}", digest.0);
    if log.contains(&wanted) {
        Ok(())
    } else {
        fail!("the log does not say \"{wanted}\":\n{}", run::tail(&log, 8))
    }
}
