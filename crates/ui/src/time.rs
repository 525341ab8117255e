//! Calendar time in the proleptic Gregorian calendar, without leap seconds (as POSIX counts).

/// A date and a time of day, UTC unless the host knows better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    /// The year, for example 2026.
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
    /// The moment `seconds` after 1970-01-01 00:00:00.
    ///
    /// The calendar is counted in years that begin in March, so that the leap day is the last day
    /// of its year and month lengths follow one linear rule, within 400-year cycles of 146,097 days.
    pub fn from_unix(seconds: u64) -> Self {
        let days = seconds / 86_400 + 719_468;
        let second_of_day = seconds % 86_400;
        let cycle = days / 146_097;
        let day_of_cycle = days % 146_097;
        let year_of_cycle =
            (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
        let day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        let year = cycle * 400 + year_of_cycle + u64::from(month <= 2);
        Self {
            year: u16::try_from(year).unwrap_or(u16::MAX),
            month: month as u8,
            day: day as u8,
            hour: (second_of_day / 3600) as u8,
            minute: (second_of_day / 60 % 60) as u8,
            second: (second_of_day % 60) as u8,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts day by day, the slow way, and compares.
    #[test]
    fn every_day_until_2200_agrees_with_counting() {
        let (mut year, mut month, mut day, mut weekday) = (1970u16, 1u8, 1u8, 4usize);
        for days in 0..84_000u64 {
            let date = DateTime::from_unix(days * 86_400 + 3_723);
            assert_eq!((date.year, date.month, date.day), (year, month, day));
            assert_eq!((date.hour, date.minute, date.second), (1, 2, 3));
            assert_eq!(date.weekday(), weekday);
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + u8::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
            weekday = (weekday + 1) % 7;
        }
    }
}
