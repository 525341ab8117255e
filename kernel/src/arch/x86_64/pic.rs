//! The two 8259A interrupt controllers: moved out of the exceptions' vectors, then silenced where an I/O
//! APIC takes over, or used where there is none. Source: Intel 8259A data sheet.

use core::sync::atomic::{AtomicBool, Ordering};

use super::port::raw::{read_u8, write_u8};
use super::trap::vector::ISA_BASE;

const COMMAND: [u16; 2] = [0x20, 0xa0];
const DATA: [u16; 2] = [0x21, 0xa1];
/// Line of the first controller that the second one hangs on.
const CASCADE: u8 = 2;

/// Initialisation starts, cascade mode, a fourth word follows (ICW1).
const ICW1: u8 = 0x11;
/// 8086 mode (ICW4).
const ICW4: u8 = 0x01;
const END_OF_INTERRUPT: u8 = 0x20;
/// The next read of the command port gives the lines in service (OCW3).
const READ_IN_SERVICE: u8 = 0x0b;

static IN_USE: AtomicBool = AtomicBool::new(false);

/// Moves the lines to `ISA_BASE` and masks them all. Spurious interrupts can still come, which is why they
/// are moved even where an I/O APIC does the work.
pub fn initialise() {
    // SAFETY: the controllers are arch's own (port.rs refuses them to drivers). All lines stay masked.
    unsafe {
        for i in 0..2 {
            write_u8(COMMAND[i], ICW1);
            write_u8(DATA[i], ISA_BASE + 8 * i as u8);
            write_u8(DATA[i], if i == 0 { 1 << CASCADE } else { CASCADE });
            write_u8(DATA[i], ICW4);
            write_u8(DATA[i], 0xff);
        }
    }
}

/// Lets `line` through.
pub fn unmask(line: u8) {
    IN_USE.store(true, Ordering::Relaxed);
    let (chip, bit) = (usize::from(line / 8), line % 8);
    // SAFETY: as above; the line has a handler.
    unsafe {
        write_u8(DATA[chip], read_u8(DATA[chip]) & !(1 << bit));
        if chip == 1 {
            write_u8(DATA[0], read_u8(DATA[0]) & !(1 << CASCADE));
        }
    }
}

/// Acknowledges `line`.
pub fn end_of_interrupt(line: u8) {
    // SAFETY: as above.
    unsafe {
        if line >= 8 {
            write_u8(COMMAND[1], END_OF_INTERRUPT);
        }
        write_u8(COMMAND[0], END_OF_INTERRUPT);
    }
}

/// Whether an interrupt on `line` is one the controller made up: it raises its last line when a request
/// vanished before it was acknowledged (8259A data sheet, "Spurious interrupt").
pub fn is_spurious(line: u8) -> bool {
    if line % 8 != 7 || !IN_USE.load(Ordering::Relaxed) {
        return false;
    }
    let chip = usize::from(line / 8);
    // SAFETY: as above; reading the in-service register changes nothing.
    let in_service = unsafe {
        write_u8(COMMAND[chip], READ_IN_SERVICE);
        read_u8(COMMAND[chip])
    };
    let spurious = in_service & 0x80 == 0;
    if spurious && chip == 1 {
        // The first controller did see a real request, from the second.
        end_of_interrupt(0);
    }
    spurious
}
