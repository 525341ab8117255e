//! What a program on the desktop is: the events it gets, the [`App`] it implements, the [`Host`]
//! it may ask for things, and a small kit of controls.
//!
//! An app is pure state: events in, a [`Response`] out, pixels drawn into a canvas it is lent. It
//! touches the machine only through `Host`, so that the same app runs under a kernel thread, in a
//! test on the host, and later in ring 3. The crate talks to `gfx` for pixels and to `keymap` for
//! keys; the desktop session and the apps talk to it.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod app;
mod clipboard;
mod event;
mod figures;
mod files;
mod host;
pub mod kit;

pub use app::{App, AppInfo, Response, TitleBar};
pub use calendar::DateTime;
pub use clipboard::Clipboard;
pub use event::{Button, Event, PointerEvent, PointerKind};
pub use figures::{ProcessFigures, ProcessState, SystemFigures, ThreadClass, ThreadFigures, ThreadState};
pub use files::{DirectoryEntry, Existing, FileError, Files, Usage};
pub use host::{Host, Pty};
pub use keymap::{Key, KeyEvent, KeyState, Modifiers};
