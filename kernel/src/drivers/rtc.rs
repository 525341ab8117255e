//! The battery-backed clock. It is read once; from then on the time-stamp counter carries the time, which is finer
//! and costs no slow port.

use calendar::DateTime;
use calendar::cmos::{Registers, STATUS_A, UPDATING};

use crate::arch::port::{self, Ports};
use crate::arch::time;
use crate::lock::Once;
use crate::platform;

const INDEX: u16 = 0x70;
/// Offsets from [`INDEX`].
const SELECT: u16 = 0;
const DATA: u16 = 1;
/// An update takes at most 2 ms (MC146818A datasheet, "Update cycle").
const UPDATE_POLLS: u32 = 1000;
const POLL_NS: u64 = 10_000;
/// Readings until two are alike. A clock that still differs then is none.
const READINGS: u32 = 8;

/// Seconds since 1970 when the uptime was 0.
static BOOT_TIME: Once<u64> = Once::new();

/// Reads the clock. Without one the loader's time is used, and without that the clock starts in 1970.
pub fn initialise(loader_time: Option<u64>) {
    let date = match port::claim(INDEX, 2, "clock") {
        Ok(ports) => read(&ports),
        Err(error) => {
            log::warn!("the clock can't be read: {error}");
            None
        }
    };
    let uptime_s = time::uptime_ns() / 1_000_000_000;
    let boot_time = match (date, loader_time) {
        (Some(date), _) => date.to_unix().saturating_sub(uptime_s),
        (None, Some(loader_time)) => {
            log::warn!("there is no battery-backed clock: the time is the loader's");
            loader_time
        }
        (None, None) => {
            log::warn!("there is no battery-backed clock: the time starts in 1970");
            0
        }
    };
    BOOT_TIME.call_once(|| boot_time);
}

/// Seconds since 1970-01-01 00:00, taking the battery-backed clock for UTC.
pub fn now() -> u64 {
    BOOT_TIME.get().copied().unwrap_or(0) + time::uptime_ns() / 1_000_000_000
}

fn read(ports: &Ports) -> Option<DateTime> {
    let century = platform::firmware().and_then(|firmware| firmware.fadt.as_ref()?.century);
    let mut last = None;
    for _ in 0..READINGS {
        let mut polls = 0;
        while register(ports, STATUS_A) & UPDATING != 0 {
            polls += 1;
            if polls > UPDATE_POLLS {
                return None;
            }
            time::busy_wait_ns(POLL_NS);
        }
        // An update may begin in the middle of reading: only two readings alike are one.
        let registers = Registers::read(century, |index| register(ports, index));
        if last == Some(registers) {
            return registers.decode();
        }
        last = Some(registers);
    }
    None
}

fn register(ports: &Ports, index: u8) -> u8 {
    ports.write_u8(SELECT, index);
    ports.read_u8(DATA)
}
