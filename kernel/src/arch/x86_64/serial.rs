//! The first serial port, a 16550 at 0x3f8: the log's surest way out, from the first instruction to the panic. Polled
//! by who can't wait, and with an interrupt for who can. Source: National Semiconductor PC16550D data sheet.

use core::sync::atomic::{AtomicBool, Ordering};

use super::port::raw::{read_u8, write_u8};

const DATA: u16 = 0x3f8;
const INTERRUPT_ENABLE: u16 = 0x3f9;
const INTERRUPT_IDENTIFICATION: u16 = 0x3fa;
const FIFO_CONTROL: u16 = 0x3fa;
const LINE_CONTROL: u16 = 0x3fb;
const MODEM_CONTROL: u16 = 0x3fc;
const LINE_STATUS: u16 = 0x3fd;

const DIVISOR_LATCH: u8 = 0x80;
const EIGHT_BITS: u8 = 0x03;
const FIFO_ENABLE_AND_CLEAR: u8 = 0xc7;
const LOOPBACK: u8 = 0x1e;
const READY: u8 = 0x0b;
const TRANSMITTER_EMPTY: u8 = 0x20;
const INTERRUPT_WHEN_EMPTY: u8 = 0x02;
/// Bytes the transmitter takes once it is empty.
pub const FIFO_BYTES: usize = 16;
/// The ISA line of its interrupt.
pub const LINE: u8 = 4;
/// Status reads to wait for room: at 115,200 baud sixteen bytes take 1.4 ms.
const MAX_WAIT: u32 = 100_000;

static PRESENT: AtomicBool = AtomicBool::new(false);

/// Sets the port to 115,200 baud, 8N1, and finds out by loopback whether it is there at all: an absent
/// port reads 0xff, and waiting for that to become empty would never fail and never print.
pub fn initialise() {
    // SAFETY: the port is arch's own (port.rs refuses it to drivers); it reaches no memory.
    let present = unsafe {
        write_u8(INTERRUPT_ENABLE, 0);
        write_u8(LINE_CONTROL, DIVISOR_LATCH);
        write_u8(DATA, 1);
        write_u8(INTERRUPT_ENABLE, 0);
        write_u8(LINE_CONTROL, EIGHT_BITS);
        write_u8(FIFO_CONTROL, FIFO_ENABLE_AND_CLEAR);
        write_u8(MODEM_CONTROL, LOOPBACK);
        write_u8(DATA, 0xae);
        let present = read_u8(DATA) == 0xae;
        write_u8(MODEM_CONTROL, READY);
        present
    };
    PRESENT.store(present, Ordering::Relaxed);
}

/// Whether there is a port.
pub fn is_present() -> bool {
    PRESENT.load(Ordering::Relaxed)
}

/// Sends bytes. A port that stops taking them loses them, and never stops the kernel.
pub fn write(bytes: &[u8]) {
    if !is_present() {
        return;
    }
    for chunk in bytes.chunks(FIFO_BYTES) {
        // SAFETY: as in `initialise`.
        unsafe {
            let mut wait = 0;
            while read_u8(LINE_STATUS) & TRANSMITTER_EMPTY == 0 {
                wait += 1;
                if wait > MAX_WAIT {
                    PRESENT.store(false, Ordering::Relaxed);
                    return;
                }
            }
            for &byte in chunk {
                write_u8(DATA, byte);
            }
        }
    }
}

/// Sends up to [`FIFO_BYTES`] bytes if the transmitter is empty; false when it is still busy with earlier ones. Without a
/// port they are gone, and that is true.
pub fn try_write(bytes: &[u8]) -> bool {
    if !is_present() {
        return true;
    }
    // SAFETY: as in `initialise`.
    unsafe {
        if read_u8(LINE_STATUS) & TRANSMITTER_EMPTY == 0 {
            return false;
        }
        for &byte in bytes.iter().take(FIFO_BYTES) {
            write_u8(DATA, byte);
        }
    }
    true
}

/// Has the port interrupt once when its transmitter is empty: at once when it is. Takes no lock.
pub fn request_interrupt() {
    // SAFETY: as in `initialise`.
    unsafe { write_u8(INTERRUPT_ENABLE, INTERRUPT_WHEN_EMPTY) };
}

/// Ends what [`request_interrupt`] asked for: for the interrupt's handler.
pub fn acknowledge_interrupt() {
    // SAFETY: as in `initialise`. Reading the identification takes the interrupt back.
    unsafe {
        write_u8(INTERRUPT_ENABLE, 0);
        read_u8(INTERRUPT_IDENTIFICATION);
    }
}
