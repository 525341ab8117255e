//! What the pointer is over. The session compares targets to know when something has to look
//! different, and acts when a button comes up over the target it went down on.

use wm::{Part, WindowId};

/// What the pointer is over, the topmost thing first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// The modal dialog, or anything while it is open.
    Dialog,
    /// A window in the Alt+Tab overview, by its place there.
    Overview(usize),
    /// A row of the launcher menu.
    MenuRow(usize),
    /// The launcher menu between its rows.
    Menu,
    /// A message, by its place from the top.
    Toast(usize),
    /// The panel's button that opens the launcher menu.
    Launcher,
    /// A window's button in the panel, by its place.
    Task(usize),
    /// The panel's button that opens the shutdown dialog.
    Power,
    /// The rest of the panel.
    Panel,
    /// A program's icon in the dock.
    DockIcon(usize),
    /// The dock between its icons.
    Dock,
    /// A window.
    Window(WindowId, Part),
    /// The wallpaper.
    Desktop,
}
