//! The desktop session as pure state: input in, [`Action`]s out, and a picture composed of what is
//! damaged.
//!
//! [`Session`] owns everything on the screen that is not a program's own: wallpaper, panel, dock,
//! launcher menu, window decorations, pointer, messages, dialogs. Window management is `wm`'s, pixels
//! are `gfx`'s, and programs are whoever answers the [`Action::Deliver`]ed events and
//! [commits](Session::commit) damage. The session knows no threads, devices or time of its own, so
//! that the host tests drive it as the kernel does.
//!
//! How a frame comes about (`compose.rs`): operations collect damage; [`Session::compose`] cuts each
//! damaged rectangle into what is visible of each layer, front to back, and paints these parts back
//! to front. Nothing that is hidden is painted, and nothing undamaged is touched.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod card;
mod compose;
mod decoration;
mod dialog;
mod dock;
mod input;
mod menu;
mod overview;
mod panel;
mod queue;
mod region;
mod session;
mod target;
mod toast;

pub use compose::Surfaces;
pub use input::{Action, Input};
pub use queue::EventQueue;
pub use session::{Session, WindowSpec};
pub use toast::ToastKind;
pub use wm::WindowId;
