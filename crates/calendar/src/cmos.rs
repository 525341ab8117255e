//! The real-time clock of a PC: what its registers mean.
//!
//! Source: Motorola MC146818A datasheet; the century register is named by ACPI's FADT (section 5.2.9, CENTURY).

use crate::DateTime;

/// Index of status register A; [`UPDATING`] is its bit of interest.
pub const STATUS_A: u8 = 0x0a;
/// Index of status register B.
pub const STATUS_B: u8 = 0x0b;
/// In status A: the clock is about to change its registers, which read as nonsense meanwhile.
pub const UPDATING: u8 = 1 << 7;

const STATUS_B_24_HOURS: u8 = 1 << 1;
const STATUS_B_BINARY: u8 = 1 << 2;
const AFTERNOON: u8 = 1 << 7;

/// The registers as read, in the clock's own format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Registers {
    /// Register 0.
    pub second: u8,
    /// Register 2.
    pub minute: u8,
    /// Register 4, with the afternoon in bit 7 of a 12-hour clock.
    pub hour: u8,
    /// Register 7.
    pub day: u8,
    /// Register 8.
    pub month: u8,
    /// Register 9, the year in its century.
    pub year: u8,
    /// The century register, where the firmware names one.
    pub century: Option<u8>,
    /// Status register B, which says in what format the others are.
    pub status_b: u8,
}

impl Registers {
    /// Reads the registers through `read`, which is given a register's index.
    pub fn read(century_register: Option<u8>, mut read: impl FnMut(u8) -> u8) -> Self {
        Self {
            second: read(0),
            minute: read(2),
            hour: read(4),
            day: read(7),
            month: read(8),
            year: read(9),
            century: century_register.map(&mut read),
            status_b: read(STATUS_B),
        }
    }

    /// The date they say, or None if it is none: an empty battery, or no clock at all. Without a sound century, years
    /// from 70 on are in the twentieth.
    pub fn decode(&self) -> Option<DateTime> {
        let number = |value: u8| {
            if self.status_b & STATUS_B_BINARY != 0 {
                Some(value)
            } else {
                (value & 0x0f <= 9 && value >> 4 <= 9).then_some((value >> 4) * 10 + (value & 0x0f))
            }
        };
        let hour = if self.status_b & STATUS_B_24_HOURS != 0 {
            number(self.hour)?
        } else {
            let hour = number(self.hour & !AFTERNOON).filter(|hour| (1..=12).contains(hour))?;
            // 12 o'clock is the beginning of its half of the day.
            hour % 12 + if self.hour & AFTERNOON != 0 { 12 } else { 0 }
        };
        let year = u16::from(number(self.year).filter(|&year| year < 100)?);
        let century = match self.century.and_then(number) {
            Some(century @ 19..=29) => u16::from(century),
            _ if year >= 70 => 19,
            _ => 20,
        };
        DateTime::new(
            century * 100 + year,
            number(self.month)?,
            number(self.day)?,
            hour,
            number(self.minute)?,
            number(self.second)?,
        )
    }
}
