//! Dates against a day-by-day walk through the calendar, and clocks in every format.

use calendar::DateTime;
use calendar::cmos::Registers;

/// Every day from 1970 to 2200, counted one by one.
#[test]
fn days_follow_one_another() {
    let mut seconds = 0;
    let mut weekday = 4; // 1970 began on a Thursday
    for year in 1970..2200u16 {
        let leap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0;
        for (month, days) in
            [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].iter().enumerate()
        {
            for day in 1..=*days {
                let date = DateTime::new(year, month as u8 + 1, day, 23, 59, 58).unwrap();
                let moment = seconds + 86_398;
                assert_eq!(DateTime::from_unix(moment), date);
                assert_eq!(date.to_unix(), moment);
                assert_eq!(date.weekday(), weekday);
                weekday = (weekday + 1) % 7;
                seconds += 86_400;
            }
            assert_eq!(DateTime::new(year, month as u8 + 1, days + 1, 0, 0, 0), None);
        }
    }
    assert_eq!(DateTime::from_unix(1_000_000_000), DateTime::new(2001, 9, 9, 1, 46, 40).unwrap());
    assert_eq!(DateTime::from_unix(u64::MAX).year, u16::MAX);
}

#[test]
fn clocks_are_read_in_every_format() {
    let expected = DateTime::new(2026, 11, 20, 15, 4, 59);
    let bcd = Registers {
        second: 0x59,
        minute: 0x04,
        hour: 0x15,
        day: 0x20,
        month: 0x11,
        year: 0x26,
        century: Some(0x20),
        status_b: 0b010,
    };
    assert_eq!(bcd.decode(), expected);
    assert_eq!(Registers { hour: 0x83, status_b: 0b000, ..bcd }.decode(), expected);
    assert_eq!(Registers { century: None, ..bcd }.decode(), expected);
    assert_eq!(Registers { century: Some(0xff), ..bcd }.decode(), expected);
    let binary = Registers {
        second: 59,
        minute: 4,
        hour: 15,
        day: 20,
        month: 11,
        year: 26,
        century: Some(20),
        status_b: 0b110,
    };
    assert_eq!(binary.decode(), expected);
    let noon = Registers { hour: 0x92, status_b: 0, ..bcd }.decode().unwrap();
    let midnight = Registers { hour: 0x12, status_b: 0, ..bcd }.decode().unwrap();
    assert_eq!((noon.hour, midnight.hour), (12, 0));
}

#[test]
fn no_clock_is_no_date() {
    let missing = Registers::read(Some(0x32), |_| 0xff);
    assert_eq!(missing.decode(), None);
    assert_eq!(Registers::read(None, |_| 0).decode(), None);
    // Whatever the registers say, decoding does not panic.
    for value in 0..=255u8 {
        for status_b in 0..8 {
            let mut registers = Registers::read(Some(0x32), |_| value);
            registers.status_b = status_b;
            registers.decode();
        }
    }
}

/// Two clocks of one speed that tick at different parts of the second are never set by each other; one that lost or gained
/// whole seconds is right afterwards.
#[test]
fn a_clock_is_set_only_when_it_is_wrong() {
    for fraction in 0..10 {
        for tenths in 0..100 {
            let (kept, battery) = (1_000 + tenths / 10, 1_000 + (tenths + fraction) / 10);
            assert_eq!(calendar::correction(kept, battery), 0);
            assert_eq!(calendar::correction(battery, kept), 0);
        }
    }
    for lost in 2..100_u64 {
        assert_eq!(calendar::correction(5_000, 5_000 + lost), lost as i64);
        assert_eq!(calendar::correction(5_000 + lost, 5_000), -(lost as i64));
    }
}
