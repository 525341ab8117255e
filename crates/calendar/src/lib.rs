//! Dates: between seconds since 1970 and the calendar, and from the registers of a PC's real-time clock.
//!
//! Everything is UTC on the proleptic Gregorian calendar, without leap seconds, as POSIX counts.
#![no_std]
#![forbid(unsafe_code)]

pub mod cmos;

/// Days from 0000-03-01 to 1970-01-01. Counting years from March puts the leap day at the end of the year, where it
/// disturbs nothing.
const DAYS_TO_1970: u64 = 719_468;
const DAYS_IN_400_YEARS: u64 = 146_097;
const SECONDS_IN_DAY: u64 = 86_400;

/// A date and a time of day. Values made by this crate are dates that exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    /// The year, 1970 or later.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, 1 to 31.
    pub day: u8,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute, 0 to 59.
    pub minute: u8,
    /// The second, 0 to 59.
    pub second: u8,
}

impl DateTime {
    /// The moment `seconds` after 1970-01-01 00:00; moments beyond the year 65535 stay at its last day.
    pub fn from_unix(seconds: u64) -> Self {
        let days = seconds / SECONDS_IN_DAY + DAYS_TO_1970;
        let era = days / DAYS_IN_400_YEARS;
        let day_of_era = days % DAYS_IN_400_YEARS;
        // Leap days come every 1,460 days, but not every 36,524, but on the last day of the 400 years.
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        // From March on, months of 31, 30, 31, 30, 31 days repeat: 153 days in five months.
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        let Ok(year) = u16::try_from(year) else {
            return Self { year: u16::MAX, month: 12, day: 31, hour: 23, minute: 59, second: 59 };
        };
        let second = seconds % SECONDS_IN_DAY;
        Self {
            year,
            month: month as u8,
            day: day as u8,
            hour: (second / 3600) as u8,
            minute: (second / 60 % 60) as u8,
            second: (second % 60) as u8,
        }
    }

    /// The date made of these numbers, or None if there is no such date or it lies before 1970.
    pub fn new(year: u16, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Option<Self> {
        let exists = year >= 1970
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        exists.then_some(Self { year, month, day, hour, minute, second })
    }

    /// Seconds since 1970-01-01 00:00. A value whose fields were set to a date that does not exist gives some number.
    pub fn to_unix(self) -> u64 {
        let from_march = (u64::from(self.month) + 9) % 12;
        let year = u64::from(self.year).saturating_sub(u64::from(self.month <= 2));
        let day_of_year = (153 * from_march + 2) / 5 + u64::from(self.day).saturating_sub(1);
        let day_of_era = year % 400 * 365 + year % 400 / 4 - year % 400 / 100 + day_of_year;
        let days = (year / 400 * DAYS_IN_400_YEARS + day_of_era).saturating_sub(DAYS_TO_1970);
        days * SECONDS_IN_DAY
            + u64::from(self.hour) * 3600
            + u64::from(self.minute) * 60
            + u64::from(self.second)
    }

    /// The day of the week, 0 for Sunday (Sakamoto's table of month offsets).
    pub fn weekday(&self) -> usize {
        const OFFSET: [u32; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
        let month = usize::from(self.month).clamp(1, 12);
        let year = u32::from(self.year).saturating_sub(u32::from(month < 3));
        ((year + year / 4 - year / 100 + year / 400 + OFFSET[month - 1] + u32::from(self.day)) % 7) as usize
    }

    /// The weekday's English name in three letters.
    pub fn weekday_name(&self) -> &'static str {
        ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][self.weekday()]
    }

    /// The month's English name in three letters.
    pub fn month_name(&self) -> &'static str {
        const NAMES: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        NAMES[usize::from(self.month).clamp(1, 12) - 1]
    }
}

const fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

/// By how many seconds a clock that says `kept` is to be set forward to agree with one that says `battery`, both in seconds
/// since 1970 and both cut off below the second. 0 when they may be the same moment: two clocks that tick at different times
/// differ by one now and then.
pub fn correction(kept: u64, battery: u64) -> i64 {
    match battery.wrapping_sub(kept).cast_signed() {
        -1..=1 => 0,
        seconds => seconds,
    }
}
