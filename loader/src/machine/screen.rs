//! Video memory.

use bootload::handover::REACHABLE;

/// Columns of VGA text mode 3.
pub const TEXT_COLUMNS: u64 = 80;
const TEXT_LINES: u64 = 25;
const TEXT_BASE: u64 = 0xb_8000;

/// Sets a pixel of the framebuffer at `base`, which `report::use_screen` has checked.
pub fn write_pixel(base: u64, offset: u64, colour: u32) {
    let address = base + offset;
    if address <= REACHABLE - 4 {
        // SAFETY: mapped, for it ends below 4 GiB; the framebuffer is no memory of Rust's.
        unsafe { (address as *mut u32).write_volatile(colour) };
    }
}

/// Writes a character in VGA text mode, white on red.
pub fn write_text(column: u64, line: u64, character: char) {
    let code = u8::try_from(character).unwrap_or(b'?');
    if column < TEXT_COLUMNS && line < TEXT_LINES {
        let address = TEXT_BASE + (line * TEXT_COLUMNS + column) * 2;
        // SAFETY: mapped, and in the VGA window, which is no memory of Rust's.
        unsafe { (address as *mut u16).write_volatile(0x4f00 | u16::from(code)) };
    }
}
