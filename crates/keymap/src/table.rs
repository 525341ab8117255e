//! From `pc-keyboard`'s key codes to [`Key`]. Their `Oem` names say which virtual key a position had on one vendor's
//! system; ours say what a US keyboard prints on it.

use crate::Key;
use pc_keyboard::KeyCode;

/// The key at this position; `Unknown` for codes that are no keys (self-test results, fake shifts) and for keys that
/// no layout here uses.
#[rustfmt::skip]
pub(crate) const fn key(code: KeyCode) -> Key {
    match code {
        KeyCode::A => Key::A, KeyCode::B => Key::B, KeyCode::C => Key::C, KeyCode::D => Key::D,
        KeyCode::E => Key::E, KeyCode::F => Key::F, KeyCode::G => Key::G, KeyCode::H => Key::H,
        KeyCode::I => Key::I, KeyCode::J => Key::J, KeyCode::K => Key::K, KeyCode::L => Key::L,
        KeyCode::M => Key::M, KeyCode::N => Key::N, KeyCode::O => Key::O, KeyCode::P => Key::P,
        KeyCode::Q => Key::Q, KeyCode::R => Key::R, KeyCode::S => Key::S, KeyCode::T => Key::T,
        KeyCode::U => Key::U, KeyCode::V => Key::V, KeyCode::W => Key::W, KeyCode::X => Key::X,
        KeyCode::Y => Key::Y, KeyCode::Z => Key::Z,
        KeyCode::Key0 => Key::Digit0, KeyCode::Key1 => Key::Digit1, KeyCode::Key2 => Key::Digit2,
        KeyCode::Key3 => Key::Digit3, KeyCode::Key4 => Key::Digit4, KeyCode::Key5 => Key::Digit5,
        KeyCode::Key6 => Key::Digit6, KeyCode::Key7 => Key::Digit7, KeyCode::Key8 => Key::Digit8,
        KeyCode::Key9 => Key::Digit9,
        KeyCode::F1 => Key::F1, KeyCode::F2 => Key::F2, KeyCode::F3 => Key::F3, KeyCode::F4 => Key::F4,
        KeyCode::F5 => Key::F5, KeyCode::F6 => Key::F6, KeyCode::F7 => Key::F7, KeyCode::F8 => Key::F8,
        KeyCode::F9 => Key::F9, KeyCode::F10 => Key::F10, KeyCode::F11 => Key::F11, KeyCode::F12 => Key::F12,
        KeyCode::Escape => Key::Escape, KeyCode::Tab => Key::Tab, KeyCode::Return => Key::Enter,
        KeyCode::Spacebar => Key::Space, KeyCode::Backspace => Key::Backspace,
        KeyCode::Insert => Key::Insert, KeyCode::Delete => Key::Delete, KeyCode::Home => Key::Home,
        KeyCode::End => Key::End, KeyCode::PageUp => Key::PageUp, KeyCode::PageDown => Key::PageDown,
        KeyCode::ArrowUp => Key::Up, KeyCode::ArrowDown => Key::Down,
        KeyCode::ArrowLeft => Key::Left, KeyCode::ArrowRight => Key::Right,
        KeyCode::Oem8 => Key::Grave, KeyCode::OemMinus => Key::Minus, KeyCode::OemPlus => Key::Equals,
        KeyCode::Oem4 => Key::LeftBracket, KeyCode::Oem6 => Key::RightBracket, KeyCode::Oem7 => Key::Backslash,
        KeyCode::Oem1 => Key::Semicolon, KeyCode::Oem3 => Key::Apostrophe, KeyCode::OemComma => Key::Comma,
        KeyCode::OemPeriod => Key::Period, KeyCode::Oem2 => Key::Slash, KeyCode::Oem5 => Key::NonUsBackslash,
        KeyCode::LShift => Key::LeftShift, KeyCode::RShift => Key::RightShift,
        KeyCode::LControl => Key::LeftCtrl, KeyCode::RControl => Key::RightCtrl,
        KeyCode::LAlt => Key::LeftAlt, KeyCode::RAltGr => Key::RightAlt,
        KeyCode::LWin => Key::LeftMeta, KeyCode::RWin => Key::RightMeta, KeyCode::Apps => Key::Menu,
        KeyCode::CapsLock => Key::CapsLock, KeyCode::NumpadLock => Key::NumLock,
        KeyCode::ScrollLock => Key::ScrollLock,
        // Alt + Print Screen sends a code of its own, a relic of the 84-key keyboard.
        KeyCode::PrintScreen | KeyCode::SysRq => Key::PrintScreen,
        KeyCode::PauseBreak => Key::Pause,
        KeyCode::Numpad0 => Key::Keypad0, KeyCode::Numpad1 => Key::Keypad1, KeyCode::Numpad2 => Key::Keypad2,
        KeyCode::Numpad3 => Key::Keypad3, KeyCode::Numpad4 => Key::Keypad4, KeyCode::Numpad5 => Key::Keypad5,
        KeyCode::Numpad6 => Key::Keypad6, KeyCode::Numpad7 => Key::Keypad7, KeyCode::Numpad8 => Key::Keypad8,
        KeyCode::Numpad9 => Key::Keypad9, KeyCode::NumpadDivide => Key::KeypadDivide,
        KeyCode::NumpadMultiply => Key::KeypadMultiply, KeyCode::NumpadSubtract => Key::KeypadMinus,
        KeyCode::NumpadAdd => Key::KeypadPlus, KeyCode::NumpadEnter => Key::KeypadEnter,
        KeyCode::NumpadPeriod => Key::KeypadPeriod,
        KeyCode::Mute => Key::VolumeMute, KeyCode::VolumeDown => Key::VolumeDown, KeyCode::VolumeUp => Key::VolumeUp,
        KeyCode::PrevTrack => Key::MediaPrevious, KeyCode::NextTrack => Key::MediaNext,
        KeyCode::Play => Key::MediaPlay, KeyCode::Stop => Key::MediaStop,
        _ => Key::Unknown,
    }
}

/// What a key of the number pad means while Num Lock is off; other keys mean themselves.
pub(crate) const fn navigation(key: Key) -> Key {
    match key {
        Key::Keypad0 => Key::Insert,
        Key::Keypad1 => Key::End,
        Key::Keypad2 => Key::Down,
        Key::Keypad3 => Key::PageDown,
        Key::Keypad4 => Key::Left,
        Key::Keypad6 => Key::Right,
        Key::Keypad7 => Key::Home,
        Key::Keypad8 => Key::Up,
        Key::Keypad9 => Key::PageUp,
        Key::KeypadPeriod => Key::Delete,
        other => other,
    }
}
