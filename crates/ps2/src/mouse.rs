//! From the mouse's bytes to motion. A packet is three or four bytes with no frame around it, and bytes get lost
//! (a long interrupts-off stretch, a keyboard controller that mixes up its ports): everything here that is not a
//! shift or a sign extension is about finding the beginning of a packet again.
//!
//! Three things betray a lost byte. Bit 3 of the first byte is always 1, which a small motion to the right or upwards
//! in its place fails. The wheel's byte of a four-byte packet never has the value of a first byte (on a five-button
//! mouse: of one without buttons), so one lost byte is found at the end of its own packet. And a hand rests now and then, but never inside a packet. The pause that counts is
//! long: a virtual machine may stand still for a while between two bytes, and dropping a sound packet would lose the
//! release of a button.

use crate::MouseKind;
use crate::device::MOUSE_ANNOUNCEMENT;
use bitflags::bitflags;

bitflags! {
    /// The buttons that are down.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Buttons: u8 {
        /// The left button.
        const LEFT = 1 << 0;
        /// The right button.
        const RIGHT = 1 << 1;
        /// The middle button, often the wheel.
        const MIDDLE = 1 << 2;
        /// The fourth button, "back".
        const BACK = 1 << 3;
        /// The fifth button, "forward".
        const FORWARD = 1 << 4;
    }
}

/// One packet. All fields are relative to the last packet but `buttons`, which says what is down now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MouseEvent {
    /// Motion to the right, in counts of the mouse.
    pub dx: i32,
    /// Motion downwards (towards the person), in counts of the mouse.
    pub dy: i32,
    /// Wheel steps, positive towards the person (which scrolls down).
    pub wheel: i32,
    /// The buttons that are down.
    pub buttons: Buttons,
}

/// Bytes of one packet lie closer together than this.
pub const PACKET_GAP_NS: u64 = 100_000_000;
/// The first byte's constant bit.
const ALWAYS_SET: u8 = 1 << 3;
const SIGN_X: u8 = 1 << 4;
const SIGN_Y: u8 = 1 << 5;
const OVERFLOW: u8 = 0b11 << 6;
/// Set in byte four by no mouse: both upper bits of an Explorer's button byte are zero.
const EXPLORER_ZEROS: u8 = 0b11 << 6;
/// The wheel step that no mouse makes (they stop at 7), but that a first byte without buttons looks like.
const EXPLORER_NO_STEP: u8 = 0b1000;

/// The state between two bytes.
#[derive(Debug, Clone)]
pub struct MouseDecoder {
    kind: MouseKind,
    bytes: [u8; 4],
    filled: usize,
    last_byte_ns: u64,
}

impl MouseDecoder {
    /// A decoder for the packets of this kind of mouse.
    pub const fn new(kind: MouseKind) -> Self {
        Self { kind, bytes: [0; 4], filled: 0, last_byte_ns: 0 }
    }

    /// Takes a byte that came at `now_ns` (any clock that only goes forwards). Gives the motion when a packet is
    /// complete and sound.
    pub fn push(&mut self, byte: u8, now_ns: u64) -> Option<MouseEvent> {
        if now_ns.saturating_sub(self.last_byte_ns) > PACKET_GAP_NS {
            self.filled = 0;
        }
        self.last_byte_ns = now_ns;
        self.bytes[self.filled] = byte;
        self.filled += 1;
        if !self.is_plausible() {
            self.resynchronise();
        }
        if self.filled < self.length() {
            return None;
        }
        self.filled = 0;
        Some(self.decode())
    }

    /// Whether what came of the packet so far is what a mouse says that has just been plugged in. It is, if nothing follows for
    /// [`PACKET_GAP_NS`]: a packet, which would have moved too far up and not at all to the side, has a third byte.
    pub fn may_be_announcement(&self) -> bool {
        self.bytes[..self.filled] == MOUSE_ANNOUNCEMENT
    }

    const fn length(&self) -> usize {
        match self.kind {
            MouseKind::Standard => 3,
            MouseKind::Wheel | MouseKind::FiveButtons => 4,
        }
    }

    /// Whether the bytes so far can be the beginning of a packet.
    fn is_plausible(&self) -> bool {
        let first = self.filled == 0 || self.bytes[0] & ALWAYS_SET != 0;
        let fourth = self.filled < 4
            || match self.kind {
                MouseKind::Standard => true,
                // A wheel moves by at most 8 steps a packet: the byte is a sign-extended nibble.
                MouseKind::Wheel => (-8..=7).contains(&self.bytes[3].cast_signed()),
                MouseKind::FiveButtons => {
                    self.bytes[3] & EXPLORER_ZEROS == 0 && self.bytes[3] & 0x0f != EXPLORER_NO_STEP
                }
            };
        first && fourth
    }

    /// Goes on with what of the bytes can be the beginning of a packet.
    fn resynchronise(&mut self) {
        let newest = self.bytes[self.filled - 1];
        if self.filled == 4 && newest & (ALWAYS_SET | OVERFLOW) == ALWAYS_SET {
            // One byte was lost and this one begins the next packet.
            self.bytes[0] = newest;
            self.filled = 1;
            return;
        }
        while self.filled > 0 && !self.is_plausible() {
            self.bytes.copy_within(1..self.filled, 0);
            self.filled -= 1;
        }
    }

    fn decode(&self) -> MouseEvent {
        let [first, x, y, fourth] = self.bytes;
        // The counter ran over: its value is meaningless, and so is a jump of the pointer. The buttons are sound.
        let moved = first & OVERFLOW == 0;
        let extend = |value: u8, sign: u8| i32::from(value) - if first & sign != 0 { 256 } else { 0 };
        let mut buttons = Buttons::from_bits_truncate(first & 0b111);
        let wheel = match self.kind {
            MouseKind::Standard => 0,
            MouseKind::Wheel => i32::from(fourth.cast_signed()),
            MouseKind::FiveButtons => {
                buttons |= Buttons::from_bits_truncate((fourth & 0b11_0000) >> 1);
                // A signed nibble.
                i32::from((fourth << 4).cast_signed() >> 4)
            }
        };
        MouseEvent {
            dx: if moved { extend(x, SIGN_X) } else { 0 },
            // The mouse counts up as on paper, screens count down.
            dy: if moved { -extend(y, SIGN_Y) } else { 0 },
            wheel,
            buttons,
        }
    }
}
