//! The battery-backed clock. It is read at the start; from then on the time-stamp counter carries the time, which is finer
//! and costs no slow port. A task compares the two once a minute.

use core::sync::atomic::{AtomicU64, Ordering};

use calendar::DateTime;
use calendar::cmos::{Registers, STATUS_A, UPDATING};

use crate::arch::port::{self, Ports};
use crate::arch::time;
use crate::executor;
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

/// How often the time is compared with the battery-backed clock's: often enough that a machine that was paused shows the
/// right time soon, seldom enough that it costs nothing.
const CHECK_MS: u64 = 60_000;
/// A clock that is busy with an update for longer is none.
const UPDATE_CHECKS: u32 = 10;

/// Seconds since 1970 when the uptime was 0.
static BOOT_TIME: AtomicU64 = AtomicU64::new(0);

/// Reads the clock, and has it looked at again now and then. Without one the loader's time is used, and without that the clock
/// starts in 1970.
pub fn initialise(loader_time: Option<u64>) {
    let clock = port::claim(INDEX, 2, "clock")
        .inspect_err(|error| log::warn!("the clock can't be read: {error}"))
        .ok()
        .and_then(|ports| Some((read(&ports)?, ports)));
    let boot_time = match (&clock, loader_time) {
        (Some((date, _)), _) => date.to_unix().saturating_sub(uptime_s()),
        (None, Some(loader_time)) => {
            log::warn!("there is no battery-backed clock: the time is the loader's");
            loader_time
        }
        (None, None) => {
            log::warn!("there is no battery-backed clock: the time starts in 1970");
            0
        }
    };
    BOOT_TIME.store(boot_time, Ordering::Relaxed);
    if let Some((_, ports)) = clock {
        executor::spawn_service("clock", keep_right(ports));
    }
}

/// Seconds since 1970-01-01 00:00, taking the battery-backed clock for UTC.
pub fn now() -> u64 {
    BOOT_TIME.load(Ordering::Relaxed) + uptime_s()
}

/// As [`now`], with the nanoseconds that belong to it.
pub fn now_precisely() -> (u64, u32) {
    let uptime = time::uptime_ns();
    (BOOT_TIME.load(Ordering::Relaxed) + uptime / 1_000_000_000, (uptime % 1_000_000_000) as u32)
}

fn uptime_s() -> u64 {
    time::uptime_ns() / 1_000_000_000
}

/// The time-stamp counter's speed is measured once, in a hurry, and stands still while a virtual machine does: what it carries is
/// set right by the clock that never stops.
async fn keep_right(ports: Ports) {
    let Some(mut beat) = executor::interval_ms(CHECK_MS) else { return };
    loop {
        beat.tick().await;
        let Some(date) = read_between_updates(&ports).await else { continue };
        let correction = calendar::correction(now(), date.to_unix());
        if correction != 0 {
            let boot_time = BOOT_TIME.load(Ordering::Relaxed).saturating_add_signed(correction);
            BOOT_TIME.store(boot_time, Ordering::Relaxed);
            let direction = if correction > 0 { "slow" } else { "fast" };
            log::info!("the clock was {} s {direction}; it is right now", correction.unsigned_abs());
        }
    }
}

/// As [`read`], without keeping the processor while the clock updates its registers.
async fn read_between_updates(ports: &Ports) -> Option<DateTime> {
    for _ in 0..UPDATE_CHECKS {
        if register(ports, STATUS_A) & UPDATING == 0 {
            return read(ports);
        }
        executor::sleep_ms(1).await;
    }
    None
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
