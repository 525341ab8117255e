//! Hands the kernel's linker script to the linker; for benchmarks, compiles the twin in C.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Compilers that make x86-64 ELF objects, the surest first. Plain gcc may be another machine's.
const COMPILERS: [&str; 3] = ["x86_64-linux-gnu-gcc", "x86_64-elf-gcc", "gcc"];

/// As the kernel's own code is compiled: in the top 2 GiB, without red zone, vector registers and position
/// independence, with frame pointers.
const FLAGS: [&str; 14] = [
    "-O2",
    "-std=c11",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-ffreestanding",
    "-mcmodel=kernel",
    "-mno-red-zone",
    "-mgeneral-regs-only",
    "-fno-pic",
    "-fno-pie",
    "-fno-stack-protector",
    "-fno-asynchronous-unwind-tables",
    "-fno-omit-frame-pointer",
];

fn main() {
    let manifest =
        PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    println!("cargo:rustc-link-arg-bins=-T{}/../linker.ld", manifest.display());
    println!("cargo:rerun-if-changed=../linker.ld");
    if std::env::var_os("CARGO_FEATURE_TWIN").is_some() {
        println!("cargo:rerun-if-changed=twin");
        for file in ["mutex", "processes"] {
            compile(&manifest.join("twin").join(file).with_extension("c"), file);
        }
    }
}

/// Compiles a file of C and has it linked.
fn compile(source: &Path, name: &str) {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let object = out.join(name).with_extension("o");
    let run = |compiler: &&str| {
        Command::new(compiler).args(FLAGS).arg("-c").arg(source).arg("-o").arg(&object).status()
    };
    let found = COMPILERS.iter().find_map(|compiler| run(compiler).ok());
    match found {
        Some(status) if status.success() => println!("cargo:rustc-link-arg-bins={}", object.display()),
        Some(status) => panic!("gcc failed on {}: {status}", source.display()),
        None => panic!("feature `twin` needs gcc for x86-64; none of {COMPILERS:?} is there"),
    }
}
