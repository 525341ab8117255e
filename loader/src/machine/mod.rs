//! The machine's parts, each as a few safe functions.

#[allow(unsafe_code, reason = "instructions that Rust has no words for")]
pub mod cpu;
pub mod delay;
pub mod dispi;
pub mod interrupts;
pub mod pci;
#[allow(unsafe_code, reason = "port instructions")]
pub mod port;
#[allow(unsafe_code, reason = "registers in memory")]
pub mod registers;
pub mod rtc;
#[allow(unsafe_code, reason = "video memory")]
pub mod screen;
pub mod serial;
