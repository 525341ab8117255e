//! The real-time clock's registers, read so that no tick falls in between. Source: Motorola
//! MC146818A data sheet.

use bootload::clock::Registers;

use super::port;

const ADDRESS: u16 = 0x70;
const DATA: u16 = 0x71;
const STATUS_A: u8 = 0x0a;
const STATUS_B: u8 = 0x0b;
const CENTURY: u8 = 0x32;
const UPDATE_IN_PROGRESS: u8 = 1 << 7;

fn register(index: u8) -> u8 {
    port::write_u8(ADDRESS, index);
    port::read_u8(DATA)
}

/// Reads the clock twice, until both readings agree and neither falls into an update. After some
/// tries it takes what it gets: a wrong second does less harm than no boot.
pub fn read() -> Registers {
    let mut last = read_once();
    for _ in 0..1_000 {
        let is_updating = register(STATUS_A) & UPDATE_IN_PROGRESS != 0;
        let next = read_once();
        if !is_updating && next == last {
            break;
        }
        last = next;
    }
    last
}

fn read_once() -> Registers {
    Registers {
        seconds: register(0),
        minutes: register(2),
        hours: register(4),
        day: register(7),
        month: register(8),
        year: register(9),
        century: register(CENTURY),
        status_b: register(STATUS_B),
    }
}
