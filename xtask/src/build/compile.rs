//! Compiles the kernel and the loader.

use std::path::PathBuf;

use crate::error::Result;
use crate::host::{run, toolchain};
use crate::project::Project;

/// How the kernel is compiled: cargo's profiles of these names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// For people.
    Release,
    /// For tests: as fast, with debug assertions and lock ranks checked.
    Checked,
    /// For gdb.
    Debugging,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Profile::Release => "release",
            Profile::Checked => "checked",
            Profile::Debugging => "debugging",
        }
    }
}

/// Compiles the kernel and returns its ELF file.
pub fn kernel(project: &Project, profile: Profile) -> Result<PathBuf> {
    compile(project, "kernel", profile, &[])
}

/// As [`kernel`], with the mutex and the table of processes in C that `make bench` compares with.
pub fn kernel_with_twin(project: &Project) -> Result<PathBuf> {
    compile(project, "kernel", Profile::Release, &["--features", "twin"])
}

/// Compiles the loader and returns its ELF file.
pub fn loader(project: &Project) -> Result<PathBuf> {
    compile(project, "loader", Profile::Release, &[])
}

fn compile(project: &Project, package: &str, profile: Profile, extra: &[&str]) -> Result<PathBuf> {
    let mut cargo = toolchain::bare_metal_cargo(project, "build");
    run::visibly(cargo.args(["--package", package, "--profile", profile.name()]).args(extra))?;
    Ok(project.target.join(toolchain::TARGET).join(profile.name()).join(package))
}
