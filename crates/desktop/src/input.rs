//! What goes into a session and what comes out.

use keymap::KeyEvent;
use ui::{Button, Event};
use wm::WindowId;

/// Something the user did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A key.
    Key(KeyEvent),
    /// The mouse moved by so many pixels, to the right and down.
    PointerMotion {
        /// To the right.
        dx: i32,
        /// Down.
        dy: i32,
    },
    /// A pointer button went down or came up.
    Button {
        /// Which one.
        button: Button,
        /// Whether it is down now.
        pressed: bool,
    },
    /// The wheel turned by so many notches; positive is away from the user.
    Wheel(i32),
}

/// Something the session wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Tell the program behind this window.
    Deliver(WindowId, Event),
    /// Start the program of this [`ui::AppInfo::id`].
    Launch(&'static str),
    /// Write everything back and switch the machine off.
    PowerOff,
    /// Write everything back and start the machine again.
    Restart,
}
