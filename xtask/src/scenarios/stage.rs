//! What a scenario has to hand: a folder of its own, the built system, disks and machines.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::build::compile::{self, Profile};
use crate::build::{bundle, disk, iso};
use crate::error::{Context, Result};
use crate::host::{accelerator, run};
use crate::machine::Machine;
use crate::project::Project;
use crate::qemu::hardware::{Boot, Chipset, Controller, Hardware, Serial};

/// A machine that is not done by then hangs. UEFI firmware alone takes up to ten seconds under TCG, more
/// when another machine runs beside it.
const LIFETIME: Duration = Duration::from_secs(120);

/// What is built once and used by all.
pub struct Artifacts {
    loader: PathBuf,
    /// The kernel in the bundle.
    kernel: PathBuf,
    /// A bundle of the kernel with debug assertions and lock ranks checked.
    bundle: PathBuf,
    /// A bundle of the kernel as people get it.
    shipped: PathBuf,
    /// The ISO that `make run` boots.
    pub iso: PathBuf,
    /// A disk as `make disk` makes it, to copy.
    disk: PathBuf,
}

impl Artifacts {
    /// Builds them.
    pub fn build(project: &Project) -> Result<Self> {
        let kernel = compile::kernel(project, Profile::Checked)?;
        let pristine = project.build.join("test/pristine.img");
        disk::create(&pristine, disk::STANDARD, &project.root.join("disk"))?;
        Ok(Self {
            loader: compile::loader(project)?,
            bundle: bundle::build(project, &kernel)?,
            kernel,
            shipped: bundle::build(project, &compile::kernel(project, Profile::Release)?)?,
            iso: iso::build(project)?,
            disk: pristine,
        })
    }
}

/// A scenario's surroundings.
pub struct Stage<'a> {
    artifacts: &'a Artifacts,
    folder: PathBuf,
}

impl<'a> Stage<'a> {
    /// A stage for the scenario `name`, with an empty folder.
    pub fn new(project: &Project, artifacts: &'a Artifacts, name: &str) -> Result<Self> {
        let folder = project.build.join("test").join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).context(format!("empty {}", folder.display()))?;
        }
        std::fs::create_dir_all(&folder).context(format!("make {}", folder.display()))?;
        Ok(Self { artifacts, folder })
    }

    /// Where logs and pictures go.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The ISO that `make run` boots.
    pub fn iso(&self) -> PathBuf {
        self.artifacts.iso.clone()
    }

    /// A fresh disk as `make disk` makes it.
    pub fn disk(&self) -> Result<PathBuf> {
        let path = self.folder.join("disk.img");
        run::copy_sparse(&self.artifacts.disk, &path)?;
        Ok(path)
    }

    /// The machine of `make run-direct`, with this disk, to change as the scenario needs.
    pub fn hardware(&self, disk: Option<PathBuf>) -> Hardware {
        Hardware {
            chipset: Chipset::Pc,
            controller: Controller::Ide,
            boot: self.direct(""),
            serial: Serial::File(self.folder.join("serial.log")),
            accelerator: accelerator::tcg(),
            cpus: 4,
            memory_mib: 512,
            disk,
            disk_faults: None,
            disk_log: None,
            ps2: true,
            exit_port: false,
            count_instructions: false,
            extra: Vec::new(),
        }
    }

    /// Booting through the loader with these words for the kernel.
    pub fn direct(&self, command_line: &str) -> Boot {
        self.direct_with(&self.artifacts.bundle, command_line)
    }

    /// As [`Self::direct`], with the kernel that people get, which checks less.
    pub fn direct_as_shipped(&self, command_line: &str) -> Boot {
        self.direct_with(&self.artifacts.shipped, command_line)
    }

    fn direct_with(&self, bundle: &Path, command_line: &str) -> Boot {
        Boot::Direct {
            loader: self.artifacts.loader.clone(),
            bundle: bundle.to_path_buf(),
            command_line: command_line.into(),
        }
    }

    /// Booting through the loader with this disk's image in memory.
    pub fn direct_with_disk_in_memory(&self, image: &Path) -> Result<Boot> {
        let bundle = self.folder.join("bundle");
        bundle::build_with_disk(&self.artifacts.kernel, image, &bundle)?;
        Ok(Boot::Direct { loader: self.artifacts.loader.clone(), bundle, command_line: String::new() })
    }

    /// Switches a machine on, and waits for nothing.
    pub fn start(&self, hardware: Hardware) -> Result<Machine> {
        Machine::start(hardware, &self.folder, LIFETIME)
    }

    /// Switches a machine on and waits for its desktop.
    pub fn boot(&self, hardware: Hardware) -> Result<Machine> {
        let mut machine = self.start(hardware)?;
        machine.wait_for_desktop()?;
        Ok(machine)
    }

    /// Switches a machine off from its shell and looks after its disk.
    pub fn power_off(&self, mut machine: Machine, disk: Option<&Path>) -> Result {
        machine.power_off()?;
        disk.map_or(Ok(()), |image| disk::check(image).context("find the disk sound afterwards"))
    }
}
