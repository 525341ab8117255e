//! Figures as people read them: sizes, CPU times, durations. Integer arithmetic, for the kernel has
//! no floating point. The shell's tables and the System Monitor share it.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::format;
use alloc::string::String;

/// Bytes with a binary unit and, below 10 units, one decimal: `512 B`, `3.4 KiB`, `64 MiB`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut divisor = 1024_u128;
    for unit in UNITS {
        // Rounded tenths decide, so that 1023.99 KiB reads 1.0 MiB.
        let tenths = (u128::from(count) * 10 + divisor / 2) / divisor;
        if tenths < 100 {
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
        let whole = (u128::from(count) + divisor / 2) / divisor;
        if whole < 1024 {
            return format!("{whole} {unit}");
        }
        divisor *= 1024;
    }
    // Not reached: a u64 is less than 17 EiB.
    format!("{count} B")
}

/// Milliseconds as CPU time: `0.04 s`, `12.30 s`, `3:05 min`, `2:10 h`.
pub fn cpu_time(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0..60 => format!("{seconds}.{:02} s", milliseconds % 1000 / 10),
        60..3600 => format!("{}:{:02} min", seconds / 60, seconds % 60),
        _ => format!("{}:{:02} h", seconds / 3600, seconds / 60 % 60),
    }
}

/// Time since boot in words: `2 days 3 hours`, `1 minute 5 seconds`.
pub fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    let parts = [
        (seconds / 86_400, "day"),
        (seconds / 3600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
    ];
    let first = parts.iter().position(|(count, _)| *count > 0).unwrap_or(3);
    let mut text = String::new();
    for (count, unit) in parts.iter().skip(first).take(2) {
        if *count > 0 || text.is_empty() {
            let plural = if *count == 1 { "" } else { "s" };
            let space = if text.is_empty() { "" } else { " " };
            text.push_str(&format!("{space}{count} {unit}{plural}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1024), "1.0 KiB");
        assert_eq!(bytes(3_500_000), "3.3 MiB");
        assert_eq!(bytes(64 << 20), "64 MiB");
        assert_eq!(bytes((1 << 20) - 1), "1.0 MiB");
        assert_eq!(bytes(u64::MAX), "16 EiB");
        assert_eq!(cpu_time(1_234), "1.23 s");
        assert_eq!(cpu_time(65_000), "1:05 min");
        assert_eq!(duration(0), "0 seconds");
        assert_eq!(duration(61_000), "1 minute 1 second");
        assert_eq!(duration(7_200_000), "2 hours");
        assert_eq!(duration(90_061_000), "1 day 1 hour");
    }
}
