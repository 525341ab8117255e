//! libFuzzer's way in: the environment variable `FUZZ_TARGET` names the target. One program for all of them, so that it
//! is instrumented and linked once. libFuzzer brings `main`, and its options (`-help=1`).
#![no_main]

use std::sync::OnceLock;

use fuzz::Target;

static TARGET: OnceLock<Target> = OnceLock::new();

fn choose() -> Target {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    fuzz::target(&name).unwrap_or_else(|| panic!("FUZZ_TARGET={name:?} names no target"))
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| (TARGET.get_or_init(choose).run)(data));
