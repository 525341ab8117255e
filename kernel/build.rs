//! Hands the kernel's linker script to the linker.

fn main() {
    let manifest = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    println!("cargo:rustc-link-arg-bins=-T{manifest}/../linker.ld");
    println!("cargo:rerun-if-changed=../linker.ld");
}
