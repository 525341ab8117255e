//! Keyboard and mouse: what a person's hands do, as QMP input events.
//!
//! QEMU's PS/2 devices hold sixteen bytes until the guest reads them and drop what comes on top, so the
//! hands pause after each move, as a person's would.

use std::thread::sleep;
use std::time::{Duration, Instant};

use gfx::Font;
use serde_json::{Value, json};

use super::{Machine, find_text};
use crate::error::{Result, fail};
use crate::qemu::keys;

/// Between two keys: three times what a fast typist takes is no test of a keyboard driver.
const KEY_PAUSE: Duration = Duration::from_millis(15);
/// Characters between two looks at the echo: far fewer than the keyboard can hold.
const CHUNK: usize = 6;
/// How long to wait for the echo.
const ECHO_TIME: Duration = Duration::from_secs(3);
/// Between two steps of the mouse: a PS/2 mouse reports at most 200 times a second.
const MOUSE_PAUSE: Duration = Duration::from_millis(5);
/// Pixels in one step: a PS/2 packet carries at most 255.
const MOUSE_STEP: i32 = 100;
/// Farther than any screen is wide.
const BEYOND: i32 = 4000;
/// How long a busy guest may take to fetch that, which the screen does not show.
const HOMING: Duration = Duration::from_millis(500);

impl Machine {
    /// Types `text` on a US keyboard; a line's end is Enter.
    pub fn type_text(&mut self, text: &str) -> Result {
        for character in text.chars() {
            let Some(stroke) = keys::stroke(character) else { fail!("no key writes {character:?}") };
            if stroke.shift {
                self.press(&["shift", stroke.key])?;
            } else {
                self.press(&[stroke.key])?;
            }
        }
        Ok(())
    }

    /// Types a command into the focused terminal and presses Enter.
    ///
    /// Every few characters it waits for their echo. QEMU's keyboard forgets what does not fit its sixteen bytes,
    /// and on a busy host a guest may not get to run for the time that eight keys take.
    pub fn enter(&mut self, command: &str) -> Result {
        let characters: Vec<char> = command.chars().collect();
        for chunk in characters.chunks(CHUNK) {
            let chunk: String = chunk.iter().collect();
            self.type_text(&chunk)?;
            let deadline = Instant::now() + ECHO_TIME;
            // No echo is no error: the line may break just there, or the pointer cover it.
            while find_text(&self.screen()?, chunk.trim(), Font::Mono).is_none() && Instant::now() < deadline
            {
                sleep(KEY_PAUSE);
            }
        }
        self.press(&["ret"])
    }

    /// Switches the machine off from its shell, and waits until it is off.
    pub fn power_off(&mut self) -> Result {
        self.type_text("power")?;
        self.settle()?;
        self.type_text("off")?;
        // QEMU may be gone before the finger is off the key.
        let _ = self.press(&["ret"]);
        self.wait_for_power_off(Duration::from_secs(20)).map(drop)
    }

    /// Presses the keys one after the other, then releases them in reverse: `["alt", "tab"]`. The
    /// names are QEMU's `QKeyCode`.
    pub fn press(&mut self, keys: &[&str]) -> Result {
        for key in keys {
            self.key(key, true)?;
        }
        for key in keys.iter().rev() {
            self.key(key, false)?;
        }
        Ok(())
    }

    /// Presses or releases one key.
    pub fn key(&mut self, key: &str, down: bool) -> Result {
        self.input(&[
            json!({ "type": "key", "data": { "down": down, "key": { "type": "qcode", "data": key } } }),
        ])?;
        sleep(KEY_PAUSE);
        Ok(())
    }

    /// Moves the pointer to a pixel of the screen. The first time it runs into the upper left corner
    /// before, for only there is its place certain.
    pub fn move_to(&mut self, x: i32, y: i32) -> Result {
        let (from_x, from_y) = match self.pointer {
            Some(position) => position,
            None => {
                self.move_by(-BEYOND, -BEYOND)?;
                // QEMU adds up what a busy guest has not fetched yet, and the corner would be lost in the sum.
                sleep(HOMING);
                (0, 0)
            }
        };
        self.move_by(x - from_x, y - from_y)?;
        self.pointer = Some((x, y));
        Ok(())
    }

    /// Moves the mouse, in steps that a PS/2 packet can carry.
    fn move_by(&mut self, mut x: i32, mut y: i32) -> Result {
        while (x, y) != (0, 0) {
            let step = (x.clamp(-MOUSE_STEP, MOUSE_STEP), y.clamp(-MOUSE_STEP, MOUSE_STEP));
            self.input(&[axis("x", step.0), axis("y", step.1)])?;
            sleep(MOUSE_PAUSE);
            (x, y) = (x - step.0, y - step.1);
        }
        Ok(())
    }

    /// Presses or releases the left button where the pointer is.
    pub fn left_button(&mut self, down: bool) -> Result {
        self.input(&[json!({ "type": "btn", "data": { "down": down, "button": "left" } })])?;
        sleep(KEY_PAUSE);
        Ok(())
    }

    /// Clicks the left button at a pixel.
    pub fn click(&mut self, x: i32, y: i32) -> Result {
        self.move_to(x, y)?;
        self.left_button(true)?;
        self.left_button(false)
    }

    /// Drags what is at one pixel to another with the left button, and looks that the hand is followed: on a busy host
    /// the button could else be up again before the guest knows it was down.
    pub fn drag(&mut self, from: (i32, i32), to: (i32, i32)) -> Result {
        self.move_to(from.0, from.1)?;
        self.left_button(true)?;
        self.settle()?;
        self.move_to(to.0, to.1)?;
        self.settle()?;
        self.left_button(false)
    }

    fn input(&mut self, events: &[Value]) -> Result {
        self.qmp.execute("input-send-event", json!({ "events": events })).map(drop)
    }
}

fn axis(name: &str, value: i32) -> Value {
    json!({ "type": "rel", "data": { "axis": name, "value": value } })
}
