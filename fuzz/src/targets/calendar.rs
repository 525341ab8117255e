//! Dates, against counting days one by one, and the registers of a clock chip with anything in them.

use calendar::DateTime;
use calendar::cmos::Registers;

use crate::Target;
use crate::choices::Choices;

pub const TARGET: Target = Target { name: "calendar", run, seeds };

fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    if choices.byte().is_multiple_of(2) {
        let century = choices.byte().is_multiple_of(2).then_some(0x32);
        let mut registers = [0; 128];
        for register in [0, 2, 4, 7, 8, 9, 0x0b, 0x32] {
            registers[register] = choices.byte();
        }
        let read = Registers::read(century, |index| registers[usize::from(index) % 128]);
        if let Some(date) = read.decode() {
            check(date);
        }
        return;
    }
    let seconds = choices.number();
    let date = DateTime::from_unix(seconds);
    check(date);
    // A century and a half from the epoch, day by day.
    if seconds < 150 * 366 * 86_400 {
        assert_eq!(date.to_unix(), seconds);
        assert_eq!((date.year, date.month, date.day), by_counting(seconds / 86_400), "{seconds}");
        assert_eq!(date.weekday(), ((seconds / 86_400 + 4) % 7) as usize, "the epoch was a Thursday");
    }
    let [month, day, hour, minute, second] = [(); 5].map(|()| choices.byte());
    if let Some(date) = DateTime::new(choices.number() as u16, month, day, hour, minute, second) {
        check(date);
        assert_eq!(DateTime::from_unix(date.to_unix()), date);
    }
}

/// Every field has a value that a calendar has.
fn check(date: DateTime) {
    let whole = DateTime::new(date.year, date.month, date.day, date.hour, date.minute, date.second);
    assert_eq!(whole, Some(date));
    assert!(date.weekday() < 7 && date.weekday_name().len() == 3 && date.month_name().len() == 3);
}

fn by_counting(mut days: u64) -> (u16, u8, u8) {
    let leaps = |year: u16| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + u64::from(leaps(year)) {
        days -= 365 + u64::from(leaps(year));
        year += 1;
    }
    let february = 28 + u64::from(leaps(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days as u8 + 1)
}

fn seeds() -> Vec<Vec<u8>> {
    let at = |seconds: u64| {
        [&[1, 255][..], &seconds.to_be_bytes(), &[2, 29, 23, 59, 59, 255, 0, 0, 0, 0, 0, 0, 7, 232]].concat()
    };
    vec![
        at(951_782_400),
        at(1_795_176_000),
        at(4_107_542_399),
        at(u64::MAX),
        vec![0, 0, 0x59, 0x59, 0x23, 0x31, 0x12, 0x26, 0x02, 0x20],
        vec![0, 1, 30, 30, 0x8c, 29, 2, 24, 6, 0],
    ]
}
