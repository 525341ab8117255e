//! From scancodes to key events.
#![no_std]
#![forbid(unsafe_code)]

mod event;

pub use event::{Key, KeyEvent, KeyState, Layout, Modifiers};
