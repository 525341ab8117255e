//! From the registers of the real-time clock to seconds since 1970.
//!
//! Source: Motorola MC146818A data sheet (registers 0 to 9, status B); the century register's
//! place, 0x32, is what every PC firmware's FADT says.

/// The clock's registers as read, in whatever form status register B says they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registers {
    /// Register 0.
    pub seconds: u8,
    /// Register 2.
    pub minutes: u8,
    /// Register 4; bit 7 is "afternoon" on a 12-hour clock.
    pub hours: u8,
    /// Register 7.
    pub day: u8,
    /// Register 8.
    pub month: u8,
    /// Register 9: the year in its century.
    pub year: u8,
    /// Register 0x32.
    pub century: u8,
    /// Status register B: bit 1 says 24-hour, bit 2 says binary rather than BCD.
    pub status_b: u8,
}

impl Registers {
    /// Seconds since 1970-01-01 00:00 UTC, taking the clock for UTC; `None` for a date that does
    /// not exist.
    pub fn to_unix_time(self) -> Option<i64> {
        let is_binary = self.status_b & 4 != 0;
        let number = |value: u8| match is_binary {
            true => Some(u32::from(value)),
            false if value >> 4 <= 9 && value & 15 <= 9 => {
                Some(u32::from(value >> 4) * 10 + u32::from(value & 15))
            }
            false => None,
        };
        let hours = if self.status_b & 2 != 0 {
            number(self.hours)?
        } else {
            let hour = number(self.hours & 0x7f)?;
            if !(1..=12).contains(&hour) {
                return None;
            }
            hour % 12 + if self.hours & 0x80 != 0 { 12 } else { 0 }
        };
        // A clock without the century register has anything there.
        let century = number(self.century).filter(|century| (19..=21).contains(century)).unwrap_or(20);
        let (year, month, day) = (century * 100 + number(self.year)?, number(self.month)?, number(self.day)?);
        let (minutes, seconds) = (number(self.minutes)?, number(self.seconds)?);
        let days = days_since_1970(year, month, day)?;
        (hours < 24 && minutes < 60 && seconds < 60)
            .then(|| days * 86_400 + i64::from(hours * 3_600 + minutes * 60 + seconds))
    }
}

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar; `None` before 1970 or for a day that
/// does not exist. Counts years and months one by one: it runs once.
fn days_since_1970(year: u32, month: u32, day: u32) -> Option<i64> {
    let february = if is_leap(year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let index = usize::try_from(month).ok()?.checked_sub(1)?;
    if year < 1970 || day == 0 || day > *months.get(index)? {
        return None;
    }
    let in_years: i64 = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    let in_months: u32 = months[..index].iter().sum();
    Some(in_years + i64::from(in_months + day - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bcd(date: [u8; 7]) -> Registers {
        let [century, year, month, day, hours, minutes, seconds] = date;
        Registers { seconds, minutes, hours, day, month, year, century, status_b: 2 }
    }

    #[test]
    fn known_dates() {
        // From `date -u -d ... +%s`.
        assert_eq!(bcd([0x19, 0x70, 1, 1, 0, 0, 0]).to_unix_time(), Some(0));
        assert_eq!(bcd([0x20, 0x00, 2, 0x29, 0x12, 0, 0]).to_unix_time(), Some(951_825_600));
        assert_eq!(bcd([0x20, 0x24, 0x12, 0x31, 0x23, 0x59, 0x59]).to_unix_time(), Some(1_735_689_599));
        assert_eq!(bcd([0x21, 0x00, 3, 1, 0, 0, 0]).to_unix_time(), Some(4_107_542_400));
    }

    #[test]
    fn binary_and_twelve_hour_clocks() {
        let midnight = Registers {
            seconds: 0,
            minutes: 30,
            hours: 12,
            day: 1,
            month: 1,
            year: 70,
            century: 19,
            status_b: 4,
        };
        assert_eq!(midnight.to_unix_time(), Some(30 * 60));
        let afternoon = Registers { hours: 0x80 | 3, ..midnight };
        assert_eq!(afternoon.to_unix_time(), Some(15 * 3600 + 30 * 60));
        let noon = Registers { hours: 0x80 | 12, ..midnight };
        assert_eq!(noon.to_unix_time(), Some(12 * 3600 + 30 * 60));
    }

    #[test]
    fn a_missing_century_is_the_twenty_first() {
        assert_eq!(bcd([0xff, 0x26, 1, 1, 0, 0, 0]).to_unix_time(), Some(1_767_225_600));
    }

    #[test]
    fn dates_that_do_not_exist() {
        for wrong in [
            [0x20, 0x25, 2, 0x29, 0, 0, 0],
            [0x20, 0x25, 0x13, 1, 0, 0, 0],
            [0x20, 0x25, 0, 1, 0, 0, 0],
            [0x20, 0x25, 1, 0, 0, 0, 0],
            [0x20, 0x25, 1, 1, 0x24, 0, 0],
            [0x20, 0x25, 1, 1, 0, 0x60, 0],
            [0x20, 0x25, 1, 1, 0, 0, 0x5a],
        ] {
            assert_eq!(bcd(wrong).to_unix_time(), None, "{wrong:x?}");
        }
    }
}
