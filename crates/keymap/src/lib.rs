//! From keyboard bytes to key events: which key, pressed, repeated or released, with which modifiers, and the
//! character it types in the chosen layout.
//!
//! The scancode tables and the layouts are those of the `pc-keyboard` crate. What it lacks and this crate adds is a
//! memory of the keys that are down, from which three promises follow:
//! - a key that repeats says so ([`KeyState::Repeated`]), for the keyboard itself sends only more presses;
//! - every press is followed by exactly one release of the same [`Key`], even where the keyboard lost its own (an
//!   overrun) or Num Lock changed the key's meaning in between;
//! - the modifiers are the keys that are down, so they can't stick.
//!
//! Bytes come from the 8042 controller with translation on, which makes them scan code set 1: see crate `ps2`. The
//! kernel's `input` module pushes them; the desktop and the terminal read the events.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod evdev;
mod event;
mod keyboard;
mod table;

pub use event::{Key, KeyEvent, KeyState, Layout, Modifiers};
pub use keyboard::Keyboard;
