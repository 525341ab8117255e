//! Machines that are killed while they write: QEMU gets SIGKILL at a moment that the seed chooses. What it had written is
//! on the host; what was under way may be there in part. The disk is compared, and the kernel boots with it again.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use workload::Random;

use super::replay::CutDisk;
use super::verdict::Verdict;
use super::{Kernel, LIFETIME, expectation, fresh, make_disk, promises, run_to_end, side_by_side, summarise};
use crate::error::{Context, Result, fail};
use crate::machine::Machine;
use crate::project::Project;
use crate::qemu::hardware::{Chipset, Controller};

/// The kernel's line before the first operation.
const BEGINS: &str = "workload: begins";
/// More than are done before the last moment of a kill.
const OPERATIONS: u64 = 1_000_000;
/// The last moment, after the first operation.
const LATEST_MS: u64 = 2_000;
const MACHINES: [(Chipset, Controller); 3] =
    [(Chipset::Pc, Controller::Ide), (Chipset::Q35, Controller::Ahci), (Chipset::Q35, Controller::Nvme)];

/// So many kills.
pub struct Kills {
    pub seed: u64,
    pub count: usize,
}

impl Kills {
    /// Kills, two machines at a time. An error if any disk is not as promised.
    pub fn run(&self, project: &Project, kernel: &Kernel) -> Result {
        let folder = project.build.join("crash/kills");
        fresh(&folder)?;
        let errors = side_by_side(self.count, |number| {
            let own = folder.join(number.to_string());
            self.kill(kernel, number, &own)?;
            fs::remove_dir_all(&own).context("remove what went well")
        });
        println!(
            "kills: seed {}, {} machines killed, {} disks not as promised",
            self.seed,
            self.count,
            errors.len()
        );
        summarise("kills", self.count, &errors, &folder)
    }

    fn kill(&self, kernel: &Kernel, number: usize, folder: &Path) -> Result {
        fs::create_dir_all(folder)?;
        let seed = self.seed + number as u64;
        let image = folder.join("disk.img");
        make_disk(&image)?;
        let controller = MACHINES[number % MACHINES.len()];
        let words = format!("workload={seed} workload_operations={OPERATIONS}");
        let mut machine = Machine::start(kernel.machine(controller, &image, &words), folder, LIFETIME)?;
        machine.wait_for_line(BEGINS, LIFETIME)?;
        sleep(Duration::from_millis(Random::new(seed).below(LATEST_MS)));
        machine.kill()?;
        fs::copy(&image, folder.join("killed.img")).context("keep the disk")?;
        compare(&image, seed, "killed")?;
        let boot = kernel.machine(controller, &image, "workload=1 workload_operations=0");
        run_to_end(Machine::start(boot, folder, LIFETIME)?, folder).context("use the disk again")?;
        compare(&image, seed, "booted again")
    }
}

fn compare(image: &Path, seed: u64, when: &str) -> Result {
    let bytes = fs::read(image).context("read the disk")?;
    let promises = promises(&bytes)?;
    let verdict = Verdict::of(&CutDisk::new(bytes), &expectation(seed, OPERATIONS, promises));
    if verdict.is_right() {
        Ok(())
    } else {
        fail!("{when}, after {promises} promises of seed {seed}:\n{verdict}")
    }
}
