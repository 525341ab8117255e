//! The window stack: which windows there are, where they stand, which is on top and has the focus,
//! and what a pointer or a key does to that.
//!
//! It knows rectangles and nothing else: no pixels, no programs, no devices. Every operation
//! returns its consequences as [`Changes`]: what has to be repainted, which windows got another
//! size, and where the focus went. They are found by comparing the stack before and after, so no
//! operation can forget a part of them (`changes.rs`).
//!
//! One order does three jobs: the stack is also the list of most recently used windows, and the
//! topmost window that is not minimised has the focus. So there is exactly one focus whenever a
//! window is visible, by construction.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod changes;
mod drag;
mod hit;
mod metrics;
mod stack;
mod switcher;
mod window;

pub use changes::{Changes, FocusChange};
pub use hit::{Edge, Hit, Part, TitleButton};
pub use metrics::Metrics;
pub use stack::{Direction, Stack};
pub use window::{Placement, Window, WindowId, WindowOptions};
