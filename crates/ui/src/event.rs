//! What the desktop tells a program.

use gfx::{Point, Size};
use keymap::{KeyEvent, Modifiers};

/// Something that happened to a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A key went down, repeats or came up while the window had the focus.
    Key(KeyEvent),
    /// The pointer did something over the window's client area, or during a drag that began there.
    Pointer(PointerEvent),
    /// The client area has this size from now on. The next draw gets a canvas of that size with
    /// undefined contents, so everything has to be drawn. It is the first event of every window.
    Resize(Size),
    /// The window gained (`true`) or lost the keyboard focus.
    Focus(bool),
    /// [`App::tick_interval_ms`](crate::App::tick_interval_ms) has passed.
    Tick {
        /// Milliseconds since boot.
        now_ms: u64,
    },
    /// The host has bytes for the program: [`Pty::read`](crate::Pty::read) will give some.
    Data,
    /// The user asks to close the window. Answer with [`Response::Close`](crate::Response::Close)
    /// to agree; a program that has something to ask first shows its question instead, and the window
    /// stays.
    Close,
}

/// A pointer button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Button {
    /// The one that selects, usually on the left.
    Primary,
    /// The wheel's.
    Middle,
    /// The one for context menus, usually on the right.
    Secondary,
}

/// What the pointer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointerKind {
    /// It moved (with or without buttons held).
    Moved,
    /// A button went down.
    Pressed(Button),
    /// A button came up.
    Released(Button),
    /// The wheel turned by this many notches; positive is away from the user: towards the start
    /// of a document.
    Wheel(i32),
    /// It left the client area; `position` is where it was last.
    Left,
}

/// A pointer event, in the client area's coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointerEvent {
    /// What happened.
    pub kind: PointerKind,
    /// Where, in pixels from the client area's top left corner. During a drag that began inside it
    /// may lie outside.
    pub position: Point,
    /// The keyboard's modifiers at that moment.
    pub modifiers: Modifiers,
}
