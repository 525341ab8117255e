//! The advanced programmable interrupt controllers: one local to each CPU, one or more for devices.

pub mod io;
pub mod local;
