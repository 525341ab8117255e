//! Bakes everything that needs curves: glyphs, icons, pointers and shadows become tables of bytes, for the
//! kernel has no floating point.
//!
//! All is drawn from descriptions in this folder; only the letters come from outside, from font files in two
//! build-dependencies (`faces.rs`). What is written to `OUT_DIR` is included by `src/baked.rs`.

mod boxes;
mod faces;
mod icons;
mod outline;
mod paint;
mod pointers;
mod shadows;
mod shape;
mod symbols;

use std::path::PathBuf;
use std::{env, fs};

/// Where to put the tables, and the Rust source that includes them.
struct Output {
    directory: PathBuf,
    source: String,
}

impl Output {
    /// Writes a table of bytes and returns the Rust expression that includes it.
    fn blob(&mut self, name: &str, bytes: &[u8]) -> String {
        fs::write(self.directory.join(name), bytes).expect("OUT_DIR can be written");
        format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}\"))")
    }

    /// Adds a line of Rust.
    fn line(&mut self, line: &str) {
        self.source.push_str(line);
        self.source.push('\n');
    }
}

fn main() {
    println!("cargo::rerun-if-changed=build");
    let directory = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let mut output = Output { directory, source: String::new() };
    faces::bake(&mut output);
    icons::bake(&mut output);
    symbols::bake(&mut output);
    pointers::bake(&mut output);
    shadows::bake(&mut output);
    fs::write(output.directory.join("baked.rs"), &output.source).expect("OUT_DIR can be written");
}
