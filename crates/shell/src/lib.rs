//! The kernel's shell: what answers in the Terminal window until programs of ring 3 do.
//!
//! It is blocking code over one trait, [`System`]: console bytes in and out, files, figures,
//! threads, power. The kernel implements `System` over its own modules; the tests over a fake. The
//! shell edits its line itself with VT100 sequences, so that the window needs to be only a
//! terminal (crate `term`).
//!
//! Reading order: `system.rs` (what it stands on), `shell.rs` (the loop), `parse.rs` (words),
//! `commands/` (one family a file, one table in `commands/mod.rs`), `editor/` (the line editor).

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod commands;
mod console;
mod editor;
mod failure;
mod format;
mod parse;
mod path;
mod shell;
mod system;

pub use shell::Shell;
pub use system::{
    Application, CancelError, Cancelled, Device, FileDetails, FileKind, FileStatus, FileSystemFigures, Input,
    PowerAction, PowerError, ProcessEnd, SpawnError, System, WriteMode,
};
