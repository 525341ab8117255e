//! I/O ports.
//!
//! Safe to call in the loader: it is the only program on the machine, and none of the devices it
//! speaks to through ports (serial port, PIC, PIT, RTC, PCI configuration, Bochs display) is told
//! to write to memory.

use core::arch::asm;

macro_rules! port_functions {
    ($($read:ident $write:ident $type:ty, $register:tt;)*) => {$(
        /// Reads from `port`.
        pub fn $read(port: u16) -> $type {
            let value: $type;
            // SAFETY: see the module: no effect on memory.
            unsafe {
                asm!(concat!("in ", $register, ", dx"), out($register) value, in("dx") port,
                    options(nomem, nostack, preserves_flags));
            }
            value
        }

        /// Writes `value` to `port`.
        pub fn $write(port: u16, value: $type) {
            // SAFETY: see the module: no effect on memory.
            unsafe {
                asm!(concat!("out dx, ", $register), in($register) value, in("dx") port,
                    options(nomem, nostack, preserves_flags));
            }
        }
    )*};
}

port_functions! {
    read_u8 write_u8 u8, "al";
    read_u16 write_u16 u16, "ax";
    read_u32 write_u32 u32, "eax";
}
