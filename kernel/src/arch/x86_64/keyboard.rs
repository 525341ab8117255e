//! The keyboard after the end: polled, without interrupts, locks or a driver, for the one key that restarts a machine
//! that has stopped. Everything else about keyboards is `drivers::ps2`'s.

use super::port::raw::{read_u8, write_u8};
use super::{cpu, time};

const DATA: u16 = 0x60;
const STATUS: u16 = 0x64;
const OUTPUT_FULL: u8 = 1 << 0;
const INPUT_FULL: u8 = 1 << 1;
/// The byte comes from the mouse.
const FROM_MOUSE: u8 = 1 << 5;
/// What an absent controller reads as.
const ABSENT: u8 = 0xff;
/// Pulses the controller's output line 0, which is wired to the processor's reset.
const PULSE_RESET: u8 = 0xfe;
/// Enter, pressed, in scan code set 1 and in set 2. The controller translates to set 1, unless somebody has turned that
/// off; then the first of them is the letter A.
const ENTER: [u8; 2] = [0x1c, 0x5a];
/// Keys of the first moments were meant for what ran before.
const DEAF_NS: u64 = 2_000_000_000;

/// Whether there is a controller.
pub fn is_present() -> bool {
    status() != ABSENT
}

/// Returns when somebody presses Enter; never, where there is no controller.
pub fn wait_for_enter() {
    if !is_present() {
        cpu::halt_forever();
    }
    let start = time::uptime_ns();
    loop {
        let status = status();
        if status & OUTPUT_FULL == 0 {
            core::hint::spin_loop();
            continue;
        }
        // SAFETY: a byte is there to be read. The driver that has claimed the port does not run any more.
        let byte = unsafe { read_u8(DATA) };
        let for_us = time::uptime_ns() - start > DEAF_NS;
        if for_us && status & FROM_MOUSE == 0 && ENTER.contains(&byte) {
            return;
        }
    }
}

/// Asks the controller to reset the processor; on a machine without one nothing happens.
pub(super) fn pulse_reset() {
    for _ in 0..100_000 {
        if status() & INPUT_FULL == 0 {
            break;
        }
    }
    // SAFETY: the command concerns no memory; either the machine resets or nothing happens.
    unsafe { write_u8(STATUS, PULSE_RESET) };
}

fn status() -> u8 {
    // SAFETY: reading the status changes nothing.
    unsafe { read_u8(STATUS) }
}
