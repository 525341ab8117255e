//! The `log` facade's other end. A line is `[seconds.micros] LEVEL module: text`, formatted once and put into the ring,
//! from where it goes to the serial port, and onto the screen's boot console (in its level's colour).

use core::fmt::{self, Write};

use log::{Level, LevelFilter, Log, Metadata, Record};

use super::{ring, screen, serial_writer};
use crate::arch::{serial, time};

/// A longer line is cut and marked.
const LINE_BYTES: usize = 400;

/// One line being formatted.
struct Line {
    bytes: [u8; LINE_BYTES],
    used: usize,
    cut: bool,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Two bytes stay free for the end of the line.
        let room = LINE_BYTES - 2 - self.used;
        let taken = text.len().min(room);
        self.bytes[self.used..self.used + taken].copy_from_slice(&text.as_bytes()[..taken]);
        self.used += taken;
        self.cut |= taken < text.len();
        Ok(())
    }
}

struct Logger;

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let mut line = Line { bytes: [0; LINE_BYTES], used: 0, cut: false };
        let micros = time::uptime_ns() / 1_000;
        // Writing to a `Line` never fails.
        let _ = write!(
            line,
            "[{}.{:06}] {} {}: {}",
            micros / 1_000_000,
            micros % 1_000_000,
            record.level(),
            module(record.target()),
            record.args()
        );
        if line.cut {
            line.bytes[line.used - 1] = b'~';
        }
        line.bytes[line.used] = b'\n';
        let text = &line.bytes[..=line.used];
        let place = ring::append(text);
        serial_writer::appended(record.level(), place);
        screen::write_line(&line.bytes[..line.used], colour(record.level()));
    }

    /// Waits until all of it is on the serial port.
    fn flush(&self) {
        serial_writer::flush();
    }
}

/// The part of a target a reader wants: the module under the kernel's root.
fn module(target: &str) -> &str {
    let inner = target.strip_prefix("kernel::").unwrap_or(target);
    inner.split("::").next().unwrap_or(inner)
}

fn colour(level: Level) -> u32 {
    match level {
        Level::Error => 0xff_6b6b,
        Level::Warn => 0xff_c857,
        Level::Info => 0xd8_dee9,
        Level::Debug => 0x8f_bcbb,
        Level::Trace => 0x7b_8494,
    }
}

static LOGGER: Logger = Logger;

/// Starts the log: serial port and ring at once, the screen once it is set up.
pub fn initialise() {
    serial::initialise();
    // Fails only if a logger is set already.
    let _ = log::set_logger(&LOGGER);
    log::set_max_level(LevelFilter::Info);
}

/// Applies the command line's `log=`: `off`, `error`, `warn`, `info`, `debug` or `trace`.
pub fn set_level(word: &str) {
    match word.parse() {
        Ok(level) => log::set_max_level(level),
        Err(_) => log::warn!("log={word}: not a level (off, error, warn, info, debug, trace)"),
    }
}
