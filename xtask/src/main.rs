//! Quicklime's host tool: builds images, runs them in QEMU, tests, measures and checks them.
//!
//! `make TARGET` calls `xtask TARGET` after scripts/setup.sh has seen to the tools. Wishes come as
//! environment variables (project.rs lists them), so that make's command line is the only interface.
#![forbid(unsafe_code)]

mod build;
mod crash;
mod error;
mod host;
mod lint;
mod machine;
mod project;
mod qemu;
mod scenarios;
mod tasks;

use std::process::ExitCode;

use build::compile::Profile;
use error::{Result, fail};
use project::Project;

fn main() -> ExitCode {
    let target = std::env::args().nth(1).unwrap_or_default();
    match Project::from_environment().and_then(|project| perform(&target, &project)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{target}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn perform(target: &str, project: &Project) -> Result {
    match target {
        "run" => tasks::run::from_iso(project),
        "run-uefi" => tasks::run::from_iso_with_uefi(project),
        "run-direct" => tasks::run::direct(project),
        "debug" => tasks::run::under_gdb(project),
        "kernel" => say(build::compile::kernel(project, Profile::Release)?),
        "loader" => say(build::compile::loader(project)?),
        "iso" => build::iso::build(project).map(drop),
        "disk" => say(build::disk::prepare(project)?),
        "usb" => tasks::usb::write(project),
        "screenshot" => tasks::screenshot::take(project),
        "test" => tasks::test::all(project),
        "check" => tasks::check::all(project),
        "bench" => tasks::bench::all(project),
        "fuzz" => tasks::fuzz::guided(project),
        "soak" => tasks::soak::run(project),
        "matrix" => tasks::matrix::all(project),
        "crashtest" => tasks::crashtest::all(project),
        "doctor" => host::doctor::report(project),
        _ => fail!("xtask knows no target {target:?}; `make help` lists them"),
    }
}

fn say(path: std::path::PathBuf) -> Result {
    println!("{}", path.display());
    Ok(())
}
