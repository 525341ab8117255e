//! `make check`: format, lints, documentation, and the rules of the source tree. Every part runs, so that one
//! run shows all that is wrong.

use crate::error::{Result, fail};
use crate::host::{run, toolchain};
use crate::lint;
use crate::project::Project;

/// A newer Rust deprecates what the oldest that we build with still needs, so that is no error.
const LINTS: [&str; 5] = ["--", "-D", "warnings", "-A", "deprecated"];

/// The packages that build for the bare machine; all others are the host's.
const BARE_METAL: [&str; 2] = ["kernel", "loader"];

/// Runs every check and prints a line for each, and one for all.
pub fn all(project: &Project) -> Result {
    let mut format = toolchain::cargo(project);
    format.args(["fmt", "--all", "--check"]);
    let mut host = toolchain::cargo(project);
    host.args(["clippy", "--workspace", "--all-targets"]).args(BARE_METAL.map(exclude)).args(LINTS);
    let mut target = toolchain::bare_metal_cargo(project, "clippy");
    target
        .args(BARE_METAL.map(|name| format!("--package={name}")))
        .args(["--profile", "checked"])
        .args(LINTS);
    let mut host_docs = toolchain::cargo(project);
    host_docs.args(["doc", "--workspace", "--no-deps", "--document-private-items"]);
    host_docs.args(BARE_METAL.map(exclude)).env("RUSTDOCFLAGS", "-D warnings");
    let mut target_docs = toolchain::bare_metal_cargo(project, "doc");
    target_docs
        .args(BARE_METAL.map(|name| format!("--package={name}")))
        .args(["--no-deps", "--document-private-items"])
        .env("RUSTDOCFLAGS", "-D warnings");
    let results = [
        part("format", run::visibly(&mut format)),
        part("clippy for the host", run::visibly(&mut host)),
        part("clippy for the bare machine", run::visibly(&mut target)),
        part("docs of the host's crates", run::visibly(&mut host_docs)),
        part("docs of kernel and loader", run::visibly(&mut target_docs)),
        part("rules of the source tree", lint::check(project)),
    ];
    let passed = results.iter().filter(|&&ok| ok).count();
    let failed = results.len() - passed;
    println!(
        "\ntest result: {}. {passed} passed; {failed} failed",
        if failed == 0 { "ok" } else { "FAILED" }
    );
    // The same in the plainest form, for whoever reads it by machine.
    println!("{passed} passed, {failed} failed");
    if failed == 0 { Ok(()) } else { fail!("{failed} checks failed") }
}

fn exclude(name: &str) -> String {
    format!("--exclude={name}")
}

fn part(name: &str, result: Result) -> bool {
    match result {
        Ok(()) => println!("check {name} ... ok"),
        Err(ref error) => println!("check {name} ... FAILED: {error}"),
    }
    result.is_ok()
}
