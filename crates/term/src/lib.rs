//! A terminal emulator without a screen: bytes in, a grid of styled cells out.
//!
//! The parser is the `vte` crate; what the sequences mean is here. Nothing is drawn: the Terminal
//! app paints the cells, tests compare them as text. Reading order: [`Terminal`] (the interface),
//! `dispatch.rs` (which sequence is which operation), `screen.rs` (the operations), `buffer.rs`
//! and `line.rs` (the cells they move), `reflow.rs` (resizing), [`keys`] (the way back: from key
//! presses to bytes).

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod buffer;
mod cell;
mod charset;
mod damage;
mod dispatch;
pub mod keys;
mod line;
mod modes;
mod reflow;
mod screen;
mod selection;
mod sgr;
mod terminal;

pub use buffer::Cursor;
pub use cell::{Attributes, Cell, Color, Style, Width};
pub use line::Line;
pub use modes::{CursorShape, Modes};
pub use selection::{Position, Selection};
pub use terminal::{DEFAULT_SCROLLBACK, MAX_CELLS_PER_SIDE, Terminal};
