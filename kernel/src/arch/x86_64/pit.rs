//! The 8254 interval timer: the reference that other clocks are measured by, and the tick where there is no
//! local APIC. Source: Intel 82C54 data sheet.

use super::port::raw::{read_u8, write_u8};

/// Its crystal, in Hz.
pub const FREQUENCY_HZ: u64 = 1_193_182;

const CHANNEL_0: u16 = 0x40;
const CHANNEL_2: u16 = 0x42;
const MODE: u16 = 0x43;
/// Gate and output of channel 2.
const GATE: u16 = 0x61;
/// Channel 2's output, in [`GATE`].
const OUTPUT: u8 = 1 << 5;

/// Starts channel 2 counting down from `count`.
pub fn start_countdown(count: u16) {
    // SAFETY: the timer and its gate are arch's own. Bit 1 keeps the speaker quiet.
    unsafe {
        write_u8(GATE, read_u8(GATE) & !0x03);
        write_u8(MODE, 0b1011_0000); // channel 2, low then high byte, mode 0: count down once
        write_u8(CHANNEL_2, count as u8);
        write_u8(CHANNEL_2, (count >> 8) as u8);
        write_u8(GATE, read_u8(GATE) & !0x02 | 0x01);
    }
}

/// Channel 2's count now; it goes on down past zero, wrapping.
pub fn countdown() -> u16 {
    // SAFETY: as above; latching (command 0b10 << 6) does not disturb the count.
    unsafe {
        write_u8(MODE, 0b1000_0000);
        u16::from_le_bytes([read_u8(CHANNEL_2), read_u8(CHANNEL_2)])
    }
}

/// Whether channel 2 has counted down to the end since it was started: its output goes high then.
pub fn has_run_out() -> bool {
    // SAFETY: as above; reading the gate's port changes nothing.
    unsafe { read_u8(GATE) & OUTPUT != 0 }
}

/// Makes channel 0 raise line 0 `hz` times a second.
pub fn start_periodic(hz: u64) {
    let divisor = (FREQUENCY_HZ / hz) as u16;
    // SAFETY: as above; line 0 has a handler.
    unsafe {
        write_u8(MODE, 0b0011_0100); // channel 0, low then high byte, mode 2: rate generator
        write_u8(CHANNEL_0, divisor as u8);
        write_u8(CHANNEL_0, (divisor >> 8) as u8);
    }
}
