//! Keys and events by the numbers of Linux's event devices (include/uapi/linux/input-event-codes.h).

use crate::{Key, KeyState};

/// Says that something is complete, or lost.
pub const SYN: u16 = 0;
/// A key or button.
pub const KEY: u16 = 1;
/// Motion.
pub const REL: u16 = 2;

/// What came before belongs together.
pub const SYN_REPORT: u16 = 0;
/// What came before is lost.
pub const SYN_DROPPED: u16 = 3;
/// To the right.
pub const REL_X: u16 = 0;
/// Downwards.
pub const REL_Y: u16 = 1;
/// Away from the person.
pub const REL_WHEEL: u16 = 8;
/// The left mouse button.
pub const BTN_LEFT: u16 = 0x110;
/// The right one.
pub const BTN_RIGHT: u16 = 0x111;
/// The middle one.
pub const BTN_MIDDLE: u16 = 0x112;

/// The number of a key; `None` for one without a name.
#[must_use]
pub const fn code_of(key: Key) -> Option<u16> {
    Some(match key {
        Key::Escape => 1,
        Key::Digit1 => 2,
        Key::Digit2 => 3,
        Key::Digit3 => 4,
        Key::Digit4 => 5,
        Key::Digit5 => 6,
        Key::Digit6 => 7,
        Key::Digit7 => 8,
        Key::Digit8 => 9,
        Key::Digit9 => 10,
        Key::Digit0 => 11,
        Key::Minus => 12,
        Key::Equals => 13,
        Key::Backspace => 14,
        Key::Tab => 15,
        Key::Q => 16,
        Key::W => 17,
        Key::E => 18,
        Key::R => 19,
        Key::T => 20,
        Key::Y => 21,
        Key::U => 22,
        Key::I => 23,
        Key::O => 24,
        Key::P => 25,
        Key::LeftBracket => 26,
        Key::RightBracket => 27,
        Key::Enter => 28,
        Key::LeftCtrl => 29,
        Key::A => 30,
        Key::S => 31,
        Key::D => 32,
        Key::F => 33,
        Key::G => 34,
        Key::H => 35,
        Key::J => 36,
        Key::K => 37,
        Key::L => 38,
        Key::Semicolon => 39,
        Key::Apostrophe => 40,
        Key::Grave => 41,
        Key::LeftShift => 42,
        Key::Backslash => 43,
        Key::Z => 44,
        Key::X => 45,
        Key::C => 46,
        Key::V => 47,
        Key::B => 48,
        Key::N => 49,
        Key::M => 50,
        Key::Comma => 51,
        Key::Period => 52,
        Key::Slash => 53,
        Key::RightShift => 54,
        Key::KeypadMultiply => 55,
        Key::LeftAlt => 56,
        Key::Space => 57,
        Key::CapsLock => 58,
        Key::F1 => 59,
        Key::F2 => 60,
        Key::F3 => 61,
        Key::F4 => 62,
        Key::F5 => 63,
        Key::F6 => 64,
        Key::F7 => 65,
        Key::F8 => 66,
        Key::F9 => 67,
        Key::F10 => 68,
        Key::NumLock => 69,
        Key::ScrollLock => 70,
        Key::Keypad7 => 71,
        Key::Keypad8 => 72,
        Key::Keypad9 => 73,
        Key::KeypadMinus => 74,
        Key::Keypad4 => 75,
        Key::Keypad5 => 76,
        Key::Keypad6 => 77,
        Key::KeypadPlus => 78,
        Key::Keypad1 => 79,
        Key::Keypad2 => 80,
        Key::Keypad3 => 81,
        Key::Keypad0 => 82,
        Key::KeypadPeriod => 83,
        Key::NonUsBackslash => 86,
        Key::F11 => 87,
        Key::F12 => 88,
        Key::KeypadEnter => 96,
        Key::RightCtrl => 97,
        Key::KeypadDivide => 98,
        Key::PrintScreen => 99,
        Key::RightAlt => 100,
        Key::Home => 102,
        Key::Up => 103,
        Key::PageUp => 104,
        Key::Left => 105,
        Key::Right => 106,
        Key::End => 107,
        Key::Down => 108,
        Key::PageDown => 109,
        Key::Insert => 110,
        Key::Delete => 111,
        Key::VolumeMute => 113,
        Key::VolumeDown => 114,
        Key::VolumeUp => 115,
        Key::Pause => 119,
        Key::LeftMeta => 125,
        Key::RightMeta => 126,
        Key::Menu => 127,
        Key::MediaNext => 163,
        Key::MediaPlay => 164,
        Key::MediaPrevious => 165,
        Key::MediaStop => 166,
        Key::Unknown => return None,
    })
}

/// What the value of a key's event says.
#[must_use]
pub const fn value_of(state: KeyState) -> i32 {
    match state {
        KeyState::Released => 0,
        KeyState::Pressed => 1,
        KeyState::Repeated => 2,
    }
}
