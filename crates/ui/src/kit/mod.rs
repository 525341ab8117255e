//! The controls that the apps and the desktop share. A control holds its state and its place; it is
//! told about pointer events, answers what they mean, and draws itself when asked. It knows nothing
//! of the program around it.

mod button;
mod card;
mod clicks;
mod columns;
mod dialog;
mod graph;
mod menu;
mod progress;
mod scroll_bar;
mod tabs;
mod text;
mod text_field;
mod tool_button;

pub use button::{Button, ButtonKind};
pub use card::{card, card_bounds, focus_ring};
pub use clicks::Clicks;
pub use columns::{Column, Columns, right_label};
pub use dialog::{Dialog, DialogOutcome};
pub use graph::Graph;
pub use menu::{Menu, MenuItem, MenuOutcome};
pub use progress::progress_bar;
pub use scroll_bar::ScrollBar;
pub use tabs::Tabs;
pub use text::{elide, label, wrap};
pub use text_field::{FieldChange, TextField};
pub use tool_button::ToolButton;
