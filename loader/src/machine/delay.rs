//! Short delays by channel 2 of the interval timer, the one that is wired to the speaker and
//! whose output can be read. Source: Intel 8254 data sheet.

use super::port;

const CHANNEL_2: u16 = 0x42;
const MODE: u16 = 0x43;
const CONTROL: u16 = 0x61;
const FREQUENCY_HZ: u64 = 1_193_182;

/// Waits for `us` microseconds, at most 50 000.
pub fn microseconds(us: u64) {
    let ticks = (us.min(50_000) * FREQUENCY_HZ / 1_000_000).max(1) as u16;
    // Speaker off, gate on; mode 0 counts down once and then raises the output.
    port::write_u8(CONTROL, port::read_u8(CONTROL) & !0x02 | 0x01);
    port::write_u8(MODE, 0b1011_0000);
    let [low, high] = ticks.to_le_bytes();
    port::write_u8(CHANNEL_2, low);
    port::write_u8(CHANNEL_2, high);
    // Some machines have this timer switched off: a port read takes about 1 µs there.
    for _ in 0..us * 16 {
        if port::read_u8(CONTROL) & 1 << 5 != 0 {
            return;
        }
        // Emulators that run all processors on one thread let the others go on here.
        core::hint::spin_loop();
    }
}
