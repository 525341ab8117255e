//! Lines of the report: whole on the serial port, and on the screen as far as they fit.

use core::fmt::{self, Write};

use super::page::Area;
use super::text::Text;
use crate::arch::serial;

/// A line as the screen gets it.
pub type Line = Text<512>;

/// The serial port as somewhere to write; it never fails.
struct Serial;

impl Write for Serial {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        serial::write(text.as_bytes());
        Ok(())
    }
}

/// Writes a line to the serial port, however long it is.
pub fn say(line: fmt::Arguments<'_>) {
    let _ = Serial.write_fmt(line);
    serial::write(b"\n");
}

/// Writes a row to a part of the screen.
pub fn show(area: &mut Option<Area>, colour: u32, line: fmt::Arguments<'_>) {
    if let Some(area) = area {
        area.line(colour, Line::of(line).as_bytes());
    }
}

/// Writes the line that a section begins with to a part of the screen.
pub fn head(area: &mut Option<Area>, text: &str) {
    if let Some(area) = area {
        area.heading(text.as_bytes());
    }
}
