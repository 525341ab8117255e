//! Where the kernel speaks: the log's fan-out to serial port, screen and ring, and the panic screen.

mod logger;
pub mod panic;
mod ring;
pub mod screen;
pub mod symbols;

pub use logger::{initialise, set_level};
pub use ring::read_ring;
