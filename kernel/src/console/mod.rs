//! Where the kernel speaks: the log's fan-out to serial port, screen and ring, and the panic screen.

mod glyphs;
mod logger;
pub mod panic;
mod ring;
pub mod screen;
mod serial_writer;
pub mod symbols;

pub use logger::{initialise, set_level};
pub use ring::read_ring;
pub use serial_writer::{start as start_serial_writer, unsent as unsent_bytes};
