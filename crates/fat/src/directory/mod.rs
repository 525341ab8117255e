//! Directories: slots of 32 bytes, the name sets that they make up, and the index that finds a name without reading all
//! of them.

pub mod area;
pub mod index;
pub mod set;
pub mod short;
pub mod slot;

pub use area::{Area, Reader};
pub use index::Index;
pub use set::{NewSet, Set};
