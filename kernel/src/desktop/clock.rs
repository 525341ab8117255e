//! What time it is, as programs and the panel want to know it.

use ui::DateTime;

use crate::arch::time;
use crate::drivers::rtc;

/// Milliseconds since boot.
pub fn now_ms() -> u64 {
    time::uptime_ns() / 1_000_000
}

/// Date and time of day.
pub fn wall_clock() -> DateTime {
    DateTime::from_unix(rtc::now())
}

/// The uptime in milliseconds at which the next minute begins.
pub fn next_minute_ms() -> u64 {
    now_ms() + (60 - rtc::now() % 60) * 1000
}
