//! The screen: the one we were handed, or one of our own through the Bochs display interface.

use bootload::cmdline;
use bootload::framebuffer::Framebuffer;
use bootload::handover::Handover;

use crate::machine::dispi;

const DEFAULT_SIZE: (u16, u16) = (1280, 800);

/// Gets a screen of the size that `resolution=` asks for on the command line.
///
/// A screen that was handed over stays unless another size is asked for and can be had; without
/// one, the default size is set. None where neither way leads to a screen.
pub fn set_up(handover: &Handover, command_line: &[u8]) -> Option<Framebuffer> {
    let wanted = cmdline::resolution(command_line);
    let row = cmdline::row(command_line).unwrap_or(0);
    let set_mode = |size| dispi::set_mode(size, row);
    if let Some(given) = handover.framebuffer {
        let has_size = |(width, height)| (given.width, given.height) == (u64::from(width), u64::from(height));
        return match wanted {
            Some(size) if !has_size(size) => set_mode(size).or(Some(given)),
            _ => Some(given),
        };
    }
    wanted.and_then(set_mode).or_else(|| set_mode(DEFAULT_SIZE))
}
