//! The machine we run on: its programs, its virtualisation, its Rust, its windows.

pub mod accelerator;
pub mod display;
pub mod doctor;
pub mod run;
pub mod toolchain;
