//! The program's side of the contract.

use gfx::{Canvas, Damage, Icon, Size};

use crate::{Event, Host};

/// What a program wants after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Response {
    /// Nothing changed on the screen.
    #[default]
    Nothing,
    /// Something visible changed: [`App::draw`] shall be called.
    Redraw,
    /// The window shall be closed and the program dropped.
    Close,
}

impl Response {
    /// [`Response::Redraw`] if `changed`, else nothing.
    pub fn redraw_if(changed: bool) -> Self {
        if changed { Self::Redraw } else { Self::Nothing }
    }
}

/// The colours of a window's title bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TitleBar {
    /// Dark text on a light bar, for programs with a light background.
    #[default]
    Light,
    /// Light text on a dark bar, for programs with a dark background.
    Dark,
}

/// What the launcher and the task bar show of a program before any of it runs.
#[derive(Debug, Clone, Copy)]
pub struct AppInfo {
    /// The name [`Host::launch`] takes: lower case, one word, stable.
    pub id: &'static str,
    /// The name people read.
    pub name: &'static str,
    /// One line that says what it is for.
    pub summary: &'static str,
    /// Its icon in the launcher, the dock and the switcher.
    pub icon: Icon,
    /// Whether it stands in the dock and the launcher (a session may start others by `id`).
    pub in_launcher: bool,
}

/// A program with one window.
///
/// The host calls `event` first, with [`Event::Resize`] and the size the window really got, and
/// `draw` after it and after each event that asked for it. Several events may share one `draw`.
pub trait App: Send {
    /// The window's title. It is read again after every event.
    fn title(&self) -> &str;

    /// The client area's size it would like. The desktop gives less on a small screen.
    fn initial_size(&self) -> Size;

    /// The smallest client area in which it is still usable.
    fn minimum_size(&self) -> Size {
        Size::new(160, 80)
    }

    /// The title bar that suits its background.
    fn title_bar(&self) -> TitleBar {
        TitleBar::Light
    }

    /// Whether closing it now would lose what the user has made. The desktop then asks it to close, with
    /// [`Event::Close`], before the machine goes down, and waits for the answer. It is read again after
    /// every event.
    fn has_unsaved_changes(&self) -> bool {
        false
    }

    /// Takes one event. It runs on the program's own thread and may block on files.
    fn event(&mut self, event: Event, host: &mut dyn Host) -> Response;

    /// Draws what changed since the last call and adds the rectangles it painted to `damage`.
    ///
    /// The canvas is the client area, keeps its contents from call to call, and has undefined
    /// contents after a [`Event::Resize`]. Every pixel must be opaque.
    fn draw(&mut self, canvas: &mut Canvas<'_>, damage: &mut Damage);

    /// How often it wants [`Event::Tick`], in milliseconds; `None` for never. It is read again
    /// after every event, so that a paused game costs nothing.
    fn tick_interval_ms(&self) -> Option<u64> {
        None
    }
}
