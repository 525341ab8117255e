//! Times as directory entries have them: a date and a time of day in two seconds, here UTC, from 1980 to 2107.

use calendar::DateTime;
use vfs::inode::Time;

/// A date and a time of day, packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stamp {
    /// Years since 1980, month, day: 7, 4 and 5 bits.
    pub date: u16,
    /// Hours, minutes, seconds / 2: 5, 6 and 5 bits.
    pub time: u16,
}

/// The first day that can be said.
const FIRST: Stamp = Stamp { date: 0x21, time: 0 };
/// The last moment that can be said.
const LAST: Stamp = Stamp { date: 0xff9f, time: 0xbf7d };

impl Stamp {
    /// The nearest moment not later than `time`, as far as it can be said.
    pub fn from_time(time: Time) -> Self {
        let Ok(seconds) = u64::try_from(time.seconds) else { return FIRST };
        let moment = DateTime::from_unix(seconds);
        match moment.year {
            ..1980 => FIRST,
            2108.. => LAST,
            year => Self {
                date: (year - 1980) << 9 | u16::from(moment.month) << 5 | u16::from(moment.day),
                time: u16::from(moment.hour) << 11
                    | u16::from(moment.minute) << 5
                    | (u16::from(moment.second) / 2),
            },
        }
    }

    /// The moment. What is no date is 1970.
    pub fn to_time(self) -> Time {
        let moment = DateTime::new(
            1980 + (self.date >> 9),
            (self.date >> 5 & 0x0f) as u8,
            (self.date & 0x1f) as u8,
            (self.time >> 11) as u8,
            (self.time >> 5 & 0x3f) as u8,
            (self.time & 0x1f) as u8 * 2,
        );
        Time { seconds: moment.map_or(0, DateTime::to_unix) as i64, nanoseconds: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_come_back_to_two_seconds_and_stay_in_range() {
        for seconds in [315_532_800, 1_795_176_001, 4_354_819_198] {
            let back = Stamp::from_time(Time { seconds, nanoseconds: 7 }).to_time();
            assert_eq!(back.seconds, seconds / 2 * 2);
        }
        assert_eq!(Stamp::from_time(Time { seconds: -5, nanoseconds: 0 }).to_time().seconds, 315_532_800);
        let late = Stamp::from_time(Time { seconds: 9_000_000_000, nanoseconds: 0 });
        assert_eq!(late.to_time().seconds, 4_354_819_198);
        assert_eq!(Stamp { date: 0, time: 0xffff }.to_time().seconds, 0);
    }
}
