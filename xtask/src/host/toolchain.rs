//! The Rust that builds: what scripts/setup.sh settled, and the flags that each kind needs.

use std::env;
use std::process::Command;

use crate::project::Project;

/// The target of the kernel and the loader.
pub const TARGET: &str = "x86_64-unknown-none";

/// Whether the standard library of [`TARGET`] comes with the toolchain or from its sources.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Library {
    Installed,
    /// Debian's and Ubuntu's Rust have the sources of `core` and `alloc`, but no build for [`TARGET`].
    FromSource,
}

fn library() -> Library {
    match env::var("QUICKLIME_TOOLCHAIN").as_deref() {
        Ok("source") => Library::FromSource,
        _ => Library::Installed,
    }
}

/// `cargo` in the checkout: the one that runs us, else the first in PATH.
pub fn cargo(project: &Project) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(&project.root);
    command
}

/// `cargo VERB` for a package that runs on the bare machine.
///
/// With the library from source, cargo's `build-std` is the way; stable Rust locks it, and
/// `RUSTC_BOOTSTRAP` is the distributions' own key. Our code uses no unstable feature either way.
pub fn bare_metal_cargo(project: &Project, verb: &str) -> Command {
    let mut command = cargo(project);
    command.args([verb, "--target", TARGET]);
    if library() == Library::FromSource {
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_X86_64_UNKNOWN_NONE_LINKER", "ld.lld")
            .args(["-Zbuild-std=core,alloc,compiler_builtins", "-Zbuild-std-features=compiler-builtins-mem"]);
    }
    command
}
