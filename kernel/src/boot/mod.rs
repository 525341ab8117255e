//! What the loader told us. `limine.rs` is the only file that knows the Limine boot protocol; everything
//! else sees [`info::BootInfo`] and cannot tell which loader was there.

pub mod command_line;
pub mod info;
mod limine;

pub use info::BootInfo;
pub use self::limine::{BootError, ParkedProcessor, collect, loader_has_answered, number_of};
