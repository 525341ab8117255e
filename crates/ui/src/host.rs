//! The machine's side of the contract: everything a program may ask for.

use crate::{Clipboard, DateTime, Files, SystemFigures};

/// What a program may ask of the system it runs on.
pub trait Host {
    /// Milliseconds since boot; never goes back.
    fn now_ms(&self) -> u64;

    /// The date and time of day.
    fn wall_clock(&self) -> DateTime;

    /// The file system.
    fn files(&mut self) -> &mut dyn Files;

    /// Load, memory and threads, measured now.
    fn system(&self) -> SystemFigures;

    /// The terminal line behind this window, for programs that were started with one.
    fn terminal(&mut self) -> Option<&mut dyn Pty>;

    /// Opens another program by its [`AppInfo::id`](crate::AppInfo::id), on the file or directory of
    /// this absolute path if there is one. A failure is shown to the user by the desktop.
    fn launch(&mut self, app: &str, path: Option<&str>);

    /// What was copied or cut last, in whichever window; nothing when there is not enough memory for a copy.
    fn clipboard(&mut self) -> Clipboard;

    /// Replaces what the clipboard holds.
    fn set_clipboard(&mut self, contents: Clipboard);

    /// Shows a short message in a corner of the screen for some seconds.
    fn notify(&mut self, message: &str);
}

/// A terminal line: bytes both ways between a terminal window and the shell behind it.
pub trait Pty {
    /// Takes bytes the shell has printed, without waiting; returns how many were stored.
    fn read(&mut self, buffer: &mut [u8]) -> usize;

    /// Sends typed bytes to the shell without waiting; returns how many it took. Fewer than given
    /// means that the shell is not reading.
    fn write(&mut self, bytes: &[u8]) -> usize;

    /// Says how many character cells the window shows.
    fn resize(&mut self, columns: u16, rows: u16);

    /// Whether the shell has ended and nothing more will come.
    fn is_closed(&self) -> bool;
}
