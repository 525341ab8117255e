//! QEMU from outside: its command line, its control channel, and what a person does at the machine.

pub mod firmware;
pub mod hardware;
pub mod image;
pub mod keys;
pub mod qmp;
