//! Keyboard and mouse.

use alloc::string::String;

use super::Outcome;
use crate::input::{self, Source};
use crate::{console, task};

/// A mouse that announces itself is asked what it is, by interrupt, and reports again. The machine's own mouse answers; only
/// the announcement is made up.
pub fn plugged_in_mouse_is_brought_up() -> Outcome {
    let brought_up = || {
        let log = console::read_ring();
        String::from_utf8_lossy(&log).matches("a mouse was plugged in: ").count()
    };
    let before = brought_up();
    for byte in [0xaa, 0x00] {
        input::push(Source::Mouse, byte);
    }
    // A tenth of a second of silence tells it from a packet; then come some twenty questions and answers.
    for _ in 0..1_000 {
        task::sleep_ms(10);
        if brought_up() > before {
            return Ok(());
        }
    }
    Err("it announced itself, and nobody asked what it is".into())
}
