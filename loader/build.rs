//! Links the loader by its own script.

fn main() {
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    println!("cargo::rustc-link-arg-bins=-T{folder}/loader.ld");
    // Segments need no more alignment in the file than in memory: GRUB looks for its header in
    // the first 32 KiB, QEMU maps nothing.
    println!("cargo::rustc-link-arg-bins=-zmax-page-size=4096");
    println!("cargo::rustc-link-arg-bins=-zseparate-loadable-segments");
    for file in ["loader.ld", "src/entry.s", "src/trampoline.s"] {
        println!("cargo::rerun-if-changed={file}");
    }
}
