//! The Bochs display interface: how QEMU's `-vga std` (and virtio-vga, qxl) sets a mode without
//! BIOS. Source: QEMU, `docs/specs/standard-vga.rst`; Bochs, `iodev/display/vga.h`.

use bootload::framebuffer::Framebuffer;

use super::{pci, port};

const INDEX: u16 = 0x1ce;
const DATA: u16 = 0x1cf;

const ID: u16 = 0;
const WIDTH: u16 = 1;
const HEIGHT: u16 = 2;
const BITS_PER_PIXEL: u16 = 3;
const ENABLE: u16 = 4;
const VIRTUAL_WIDTH: u16 = 6;
const X_OFFSET: u16 = 8;
const Y_OFFSET: u16 = 9;
const VIDEO_MEMORY_64K: u16 = 10;

const ENABLED: u16 = 1 << 0;
const LINEAR_FRAMEBUFFER: u16 = 1 << 6;

fn read(register: u16) -> u16 {
    port::write_u16(INDEX, register);
    port::read_u16(DATA)
}

fn write(register: u16, value: u16) {
    port::write_u16(INDEX, register);
    port::write_u16(DATA, value);
}

/// Sets a mode of 32 bits per pixel, which clears the screen, with rows of at least `row` pixels in
/// memory. None if there is no such display, or it cannot show that many pixels.
pub fn set_mode((width, height): (u16, u16), row: u16) -> Option<Framebuffer> {
    // Revisions 0 to 5; the linear framebuffer and the memory size came with 2 and 5.
    if !(0xb0c2..=0xb0c5).contains(&read(ID)) {
        return None;
    }
    let base = pci::displays().find_map(pci::Function::memory_base).filter(|base| *base != 0)?;
    let video_memory = u64::from(read(VIDEO_MEMORY_64K)) << 16;
    if u64::from(width.max(row)) * u64::from(height) * 4 > video_memory {
        return None;
    }
    write(ENABLE, 0);
    for (register, value) in
        [(WIDTH, width), (HEIGHT, height), (BITS_PER_PIXEL, 32), (X_OFFSET, 0), (Y_OFFSET, 0)]
    {
        write(register, value);
    }
    write(ENABLE, ENABLED | LINEAR_FRAMEBUFFER);
    // Only now: enabling resets it to the width.
    if row > width {
        write(VIRTUAL_WIDTH, row);
    }
    // What the display made of it: it may round the width.
    let (width, height, row) = (read(WIDTH), read(HEIGHT), read(VIRTUAL_WIDTH));
    let screen = Framebuffer::xrgb(base, u64::from(width), u64::from(height), u64::from(row) * 4);
    screen.is_usable().then_some(screen)
}
