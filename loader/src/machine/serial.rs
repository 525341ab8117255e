//! The first serial port, 115 200 baud, 8 data bits, no parity. Source: National Semiconductor
//! PC16550D data sheet.

use core::fmt;

use super::port;

const BASE: u16 = 0x3f8;
const LINE_STATUS: u16 = BASE + 5;
const TRANSMITTER_EMPTY: u8 = 1 << 5;

/// Sets the port's speed and format. Does no harm where there is no port.
pub fn set_up() {
    // Interrupts off; divisor 1 behind the latch; 8N1; FIFOs on and empty; DTR and RTS on.
    for (offset, value) in [(1, 0x00), (3, 0x80), (0, 0x01), (1, 0x00), (3, 0x03), (2, 0xc7), (4, 0x03)] {
        port::write_u8(BASE + offset, value);
    }
}

/// Writes to the port.
pub struct Serial;

impl fmt::Write for Serial {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if byte == b'\n' {
                write_byte(b'\r');
            }
            write_byte(byte);
        }
        Ok(())
    }
}

fn write_byte(byte: u8) {
    // A character takes 87 µs and a port read about 1 µs; a port that is not there reads as ready.
    for _ in 0..10_000 {
        if port::read_u8(LINE_STATUS) & TRANSMITTER_EMPTY != 0 {
            break;
        }
    }
    port::write_u8(BASE, byte);
}
