//! The controls that the apps and the desktop share. A control holds its state and its place; it is
//! told about pointer events, answers what they mean, and draws itself when asked. It knows nothing
//! of the program around it.

mod button;
mod graph;
mod progress;
mod scroll_bar;
mod tabs;
mod text;

pub use button::{Button, ButtonKind};
pub use graph::Graph;
pub use progress::progress_bar;
pub use scroll_bar::ScrollBar;
pub use tabs::Tabs;
pub use text::{elide, label};
