//! One window: where it stands and where it would stand if it were free.

use gfx::{Point, Rect, Size};

/// Names a window for as long as the stack lives; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowId(pub(crate) u32);

impl WindowId {
    /// The number behind the name, for logs.
    pub fn number(self) -> u32 {
        self.0
    }
}

/// How a window is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Placement {
    /// Where the user put it.
    Floating,
    /// It fills the work area.
    Maximised,
    /// It fills the left half of the work area.
    LeftHalf,
    /// It fills the right half of the work area.
    RightHalf,
}

/// What to open.
#[derive(Debug, Clone, Copy)]
pub struct WindowOptions {
    /// The client area's size; reduced to what fits on the screen.
    pub client: Size,
    /// The smallest client area.
    pub minimum: Size,
    /// The frame's top left corner; `None` lets the stack choose.
    pub position: Option<Point>,
}

/// One window of the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    pub(crate) id: WindowId,
    pub(crate) frame: Rect,
    pub(crate) placement: Placement,
    /// The frame to return to when it is neither maximised nor snapped any more.
    pub(crate) floating: Rect,
    pub(crate) minimised: bool,
    /// The smallest frame.
    pub(crate) minimum: Size,
}

impl Window {
    /// Its name.
    pub fn id(&self) -> WindowId {
        self.id
    }

    /// Where it stands, title bar included, shadow not.
    pub fn frame(&self) -> Rect {
        self.frame
    }

    /// How it is placed.
    pub fn placement(&self) -> Placement {
        self.placement
    }

    /// Whether it is minimised, that is: not on the screen.
    pub fn is_minimised(&self) -> bool {
        self.minimised
    }

    /// Puts it at `frame` by the user's hand.
    pub(crate) fn float_at(&mut self, frame: Rect) {
        self.placement = Placement::Floating;
        self.frame = frame;
        self.floating = frame;
    }
}
