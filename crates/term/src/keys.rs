//! From key presses to the bytes that xterm sends for them ("XTerm Control Sequences", "PC-Style
//! Function Keys"), and from pasted text to what a program may safely be given.

use alloc::vec::Vec;

use keymap::{Key, KeyEvent, Modifiers};

use crate::modes::Modes;

/// The bytes a key press or repeat sends; empty for releases and for keys that send nothing.
pub fn encode(event: &KeyEvent, modes: Modes) -> Vec<u8> {
    if !event.is_down() {
        return Vec::new();
    }
    if let Some(sequence) = special(event.key, event.modifiers, modes) {
        return sequence;
    }
    if let Some(character) = event.text {
        let mut utf8 = [0; 4];
        return character.encode_utf8(&mut utf8).as_bytes().to_vec();
    }
    let Some(character) = ascii(event.key, event.modifiers.contains(Modifiers::SHIFT)) else {
        return Vec::new();
    };
    if event.modifiers.contains(Modifiers::META) {
        return Vec::new();
    }
    let byte = if event.modifiers.contains(Modifiers::CTRL) {
        match control(character) {
            Some(byte) => byte,
            None => return Vec::new(),
        }
    } else {
        character
    };
    with_escape(byte, event.modifiers)
}

/// The bytes of a paste. Control characters are taken out (a pasted `ESC` could end the bracket
/// and run what follows), line ends become carriage returns, as if typed.
pub fn encode_paste(text: &str, modes: Modes) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() + 12);
    let bracketed = modes.contains(Modes::BRACKETED_PASTE);
    if bracketed {
        bytes.extend_from_slice(b"\x1b[200~");
    }
    let mut utf8 = [0; 4];
    let mut previous = ' ';
    for character in text.chars() {
        match character {
            '\n' if previous == '\r' => {}
            '\n' | '\r' => bytes.push(b'\r'),
            '\t' => bytes.push(b'\t'),
            _ if character.is_control() => {}
            _ => bytes.extend_from_slice(character.encode_utf8(&mut utf8).as_bytes()),
        }
        previous = character;
    }
    if bracketed {
        bytes.extend_from_slice(b"\x1b[201~");
    }
    bytes
}

/// Keys that send a sequence whatever the layout.
fn special(key: Key, modifiers: Modifiers, modes: Modes) -> Option<Vec<u8>> {
    let ctrl = modifiers.contains(Modifiers::CTRL);
    let cursor = |letter| Some(letter_sequence(letter, modifiers, modes));
    let numbered = |number| Some(numbered_sequence(number, modifiers));
    match key {
        Key::Up => cursor(b'A'),
        Key::Down => cursor(b'B'),
        Key::Right => cursor(b'C'),
        Key::Left => cursor(b'D'),
        Key::End => cursor(b'F'),
        Key::Home => cursor(b'H'),
        Key::Insert => numbered(2),
        Key::Delete => numbered(3),
        Key::PageUp => numbered(5),
        Key::PageDown => numbered(6),
        Key::F1 => Some(function_sequence(b'P', modifiers)),
        Key::F2 => Some(function_sequence(b'Q', modifiers)),
        Key::F3 => Some(function_sequence(b'R', modifiers)),
        Key::F4 => Some(function_sequence(b'S', modifiers)),
        Key::F5 => numbered(15),
        Key::F6 => numbered(17),
        Key::F7 => numbered(18),
        Key::F8 => numbered(19),
        Key::F9 => numbered(20),
        Key::F10 => numbered(21),
        Key::F11 => numbered(23),
        Key::F12 => numbered(24),
        Key::Enter | Key::KeypadEnter => Some(with_escape(b'\r', modifiers)),
        Key::Escape => Some(with_escape(0x1b, modifiers)),
        // Ctrl swaps the two deletes: ^H and DEL (XTerm, "Backarrow key").
        Key::Backspace => Some(with_escape(if ctrl { 0x08 } else { 0x7f }, modifiers)),
        Key::Tab if modifiers.contains(Modifiers::SHIFT) => Some(b"\x1b[Z".to_vec()),
        Key::Tab => Some(with_escape(b'\t', modifiers)),
        _ => None,
    }
}

/// xterm's modifier parameter: 1 + Shift 1 + Alt 2 + Ctrl 4; `None` when no modifier is down.
fn modifier_parameter(modifiers: Modifiers) -> Option<u8> {
    let mut bits = 0;
    for (modifier, bit) in [(Modifiers::SHIFT, 1), (Modifiers::ALT, 2), (Modifiers::CTRL, 4)] {
        if modifiers.contains(modifier) {
            bits |= bit;
        }
    }
    (bits != 0).then_some(b'1' + bits)
}

/// Arrows, Home, End: `ESC [ A`, `ESC O A` in application mode, `ESC [ 1 ; 5 A` with modifiers.
fn letter_sequence(letter: u8, modifiers: Modifiers, modes: Modes) -> Vec<u8> {
    match modifier_parameter(modifiers) {
        Some(parameter) => [b"\x1b[1;".as_slice(), &[parameter, letter]].concat(),
        None if modes.contains(Modes::APPLICATION_CURSOR) => [b"\x1bO".as_slice(), &[letter]].concat(),
        None => [b"\x1b[".as_slice(), &[letter]].concat(),
    }
}

/// F1 to F4: `ESC O P`, with modifiers `ESC [ 1 ; 5 P`.
fn function_sequence(letter: u8, modifiers: Modifiers) -> Vec<u8> {
    match modifier_parameter(modifiers) {
        Some(parameter) => [b"\x1b[1;".as_slice(), &[parameter, letter]].concat(),
        None => [b"\x1bO".as_slice(), &[letter]].concat(),
    }
}

/// The other keys: `ESC [ 3 ~`, with modifiers `ESC [ 3 ; 5 ~`.
fn numbered_sequence(number: u8, modifiers: Modifiers) -> Vec<u8> {
    let number = alloc::format!("{number}");
    match modifier_parameter(modifiers) {
        Some(parameter) => [b"\x1b[", number.as_bytes(), b";", &[parameter], b"~"].concat(),
        None => [b"\x1b[", number.as_bytes(), b"~"].concat(),
    }
}

/// Alt sends an escape before the byte.
fn with_escape(byte: u8, modifiers: Modifiers) -> Vec<u8> {
    if modifiers.contains(Modifiers::ALT) { [0x1b, byte].to_vec() } else { [byte].to_vec() }
}

/// The control character of a key (ECMA-48: the letter's code without its two upper bits).
fn control(character: u8) -> Option<u8> {
    match character {
        b'a'..=b'z' | b'A'..=b'Z' | b'@' | b'['..=b'_' => Some(character & 0x1f),
        b' ' | b'2' => Some(0),
        b'/' | b'-' => Some(0x1f),
        _ => None,
    }
}

/// The character on a key of the US layout, for combinations with Ctrl and Alt, which carry no
/// text of their own.
fn ascii(key: Key, shift: bool) -> Option<u8> {
    let (plain, shifted) = match key {
        Key::A => (b'a', b'A'),
        Key::B => (b'b', b'B'),
        Key::C => (b'c', b'C'),
        Key::D => (b'd', b'D'),
        Key::E => (b'e', b'E'),
        Key::F => (b'f', b'F'),
        Key::G => (b'g', b'G'),
        Key::H => (b'h', b'H'),
        Key::I => (b'i', b'I'),
        Key::J => (b'j', b'J'),
        Key::K => (b'k', b'K'),
        Key::L => (b'l', b'L'),
        Key::M => (b'm', b'M'),
        Key::N => (b'n', b'N'),
        Key::O => (b'o', b'O'),
        Key::P => (b'p', b'P'),
        Key::Q => (b'q', b'Q'),
        Key::R => (b'r', b'R'),
        Key::S => (b's', b'S'),
        Key::T => (b't', b'T'),
        Key::U => (b'u', b'U'),
        Key::V => (b'v', b'V'),
        Key::W => (b'w', b'W'),
        Key::X => (b'x', b'X'),
        Key::Y => (b'y', b'Y'),
        Key::Z => (b'z', b'Z'),
        Key::Digit0 => (b'0', b')'),
        Key::Digit1 => (b'1', b'!'),
        Key::Digit2 => (b'2', b'@'),
        Key::Digit3 => (b'3', b'#'),
        Key::Digit4 => (b'4', b'$'),
        Key::Digit5 => (b'5', b'%'),
        Key::Digit6 => (b'6', b'^'),
        Key::Digit7 => (b'7', b'&'),
        Key::Digit8 => (b'8', b'*'),
        Key::Digit9 => (b'9', b'('),
        Key::Space => (b' ', b' '),
        Key::Grave => (b'`', b'~'),
        Key::Minus => (b'-', b'_'),
        Key::Equals => (b'=', b'+'),
        Key::LeftBracket => (b'[', b'{'),
        Key::RightBracket => (b']', b'}'),
        Key::Backslash => (b'\\', b'|'),
        Key::Semicolon => (b';', b':'),
        Key::Apostrophe => (b'\'', b'"'),
        Key::Comma => (b',', b'<'),
        Key::Period => (b'.', b'>'),
        Key::Slash => (b'/', b'?'),
        _ => return None,
    };
    Some(if shift { shifted } else { plain })
}
