//! The real-time clock, read so that no tick falls in between.

use calendar::cmos::{Registers, STATUS_A, UPDATING};

use super::port;

const ADDRESS: u16 = 0x70;
const DATA: u16 = 0x71;
/// Where every PC keeps the century; ACPI's FADT may name another register, but none does.
const CENTURY: u8 = 0x32;

fn register(index: u8) -> u8 {
    port::write_u8(ADDRESS, index);
    port::read_u8(DATA)
}

/// Seconds since 1970, taking the clock for UTC; `None` if it shows no date.
///
/// Reads the clock until two readings agree and no update falls between them. After some tries it
/// takes what it gets: a wrong second does less harm than no boot.
pub fn read() -> Option<i64> {
    let read_once = || Registers::read(Some(CENTURY), register);
    let mut last = read_once();
    for _ in 0..1_000 {
        let is_updating = register(STATUS_A) & UPDATING != 0;
        let next = read_once();
        if !is_updating && next == last {
            break;
        }
        last = next;
    }
    i64::try_from(last.decode()?.to_unix()).ok()
}
