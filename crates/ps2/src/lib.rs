//! The 8042 keyboard controller of a PC, and the two PS/2 devices behind it.
//!
//! [`Controller`] is the recipe that brings the controller and its devices from whatever state firmware left to
//! "keyboard and mouse send bytes by interrupt". It reaches the hardware through the [`Ports`] trait only, so that on
//! the host a fake controller drives it, and every wait has a bound: a machine without a controller, or with one that
//! never answers, costs milliseconds, not the boot. What is said to a device is a future over a [`Line`], so that one recipe
//! serves who polls and who is interrupted. [`MouseDecoder`] turns the mouse's bytes into motion. The
//! keyboard's bytes are crate `keymap`'s.
//!
//! Sources: IBM PS/2 Hardware Interface Technical Reference (keyboard and auxiliary device controller); the 8042
//! chapters of Intel's PCH datasheets; Microsoft's IntelliMouse protocol for the wheel.
#![no_std]
#![forbid(unsafe_code)]

mod controller;
mod device;
mod mouse;

pub use controller::{Controller, Devices, Error, MouseKind, Ports, Source};
pub use device::{Line, configure_mouse};
pub use mouse::{Buttons, MouseDecoder, MouseEvent, PACKET_GAP_NS};
