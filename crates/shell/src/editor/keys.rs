//! From the bytes a terminal sends to keys: UTF-8, control characters, escape sequences. Unknown
//! sequences are swallowed whole, so that no key types rubbish.

use alloc::vec::Vec;

/// A key as the editor knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Character(char),
    /// Ctrl with a letter, in lower case.
    Control(char),
    /// Alt with a character.
    Alt(char),
    AltBackspace,
    Enter,
    Tab,
    Backspace,
    Delete,
    Left,
    Right,
    Up,
    Down,
    WordLeft,
    WordRight,
    Home,
    End,
    Escape,
    PasteStart,
    PasteEnd,
}

/// Longest sequence kept; longer ones are swallowed.
const SEQUENCE_LIMIT: usize = 16;

#[derive(Debug, Default)]
enum State {
    #[default]
    Ground,
    /// A UTF-8 character of which some bytes are missing.
    Utf8 { missing: usize },
    /// ESC
    Escape,
    /// ESC O
    SingleShift,
    /// ESC [
    Control,
}

/// Bytes in, now and then a key out.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    state: State,
    bytes: Vec<u8>,
}

impl Decoder {
    pub(super) fn push(&mut self, byte: u8) -> Option<Key> {
        match self.state {
            State::Ground => self.ground(byte),
            State::Utf8 { missing } => self.continuation(byte, missing),
            State::Escape => {
                self.state = State::Ground;
                match byte {
                    b'[' => self.begin(State::Control),
                    b'O' => self.begin(State::SingleShift),
                    0x1b => {
                        self.state = State::Escape;
                        Some(Key::Escape)
                    }
                    0x7f | 0x08 => Some(Key::AltBackspace),
                    b' '..=b'~' => Some(Key::Alt(char::from(byte))),
                    _ => self.ground(byte),
                }
            }
            State::SingleShift => {
                self.state = State::Ground;
                letter(byte, false)
            }
            State::Control => self.control(byte),
        }
    }

    fn begin(&mut self, state: State) -> Option<Key> {
        self.bytes.clear();
        self.state = state;
        None
    }

    fn ground(&mut self, byte: u8) -> Option<Key> {
        match byte {
            b'\r' | b'\n' => Some(Key::Enter),
            b'\t' => Some(Key::Tab),
            0x08 | 0x7f => Some(Key::Backspace),
            0x1b => self.begin(State::Escape),
            0x01..=0x1a => Some(Key::Control(char::from(byte + b'a' - 1))),
            0x00 | 0x1c..=0x1f => None,
            b' '..=b'~' => Some(Key::Character(char::from(byte))),
            _ => {
                let missing = match byte {
                    0xc2..=0xdf => 1,
                    0xe0..=0xef => 2,
                    0xf0..=0xf4 => 3,
                    _ => return None,
                };
                self.begin(State::Utf8 { missing });
                self.bytes.push(byte);
                None
            }
        }
    }

    fn continuation(&mut self, byte: u8, missing: usize) -> Option<Key> {
        if !(0x80..=0xbf).contains(&byte) {
            // The character was cut off; the byte begins something new.
            self.state = State::Ground;
            return self.ground(byte);
        }
        self.bytes.push(byte);
        if missing > 1 {
            self.state = State::Utf8 { missing: missing - 1 };
            return None;
        }
        self.state = State::Ground;
        let character = core::str::from_utf8(&self.bytes).ok()?.chars().next()?;
        (!character.is_control()).then_some(Key::Character(character))
    }

    fn control(&mut self, byte: u8) -> Option<Key> {
        match byte {
            b' '..=b'?' => {
                if self.bytes.len() < SEQUENCE_LIMIT {
                    self.bytes.push(byte);
                }
                None
            }
            b'@'..=b'~' => {
                self.state = State::Ground;
                sequence(&self.bytes, byte)
            }
            _ => {
                self.state = State::Ground;
                self.ground(byte)
            }
        }
    }
}

/// `ESC [ parameters final`.
fn sequence(parameters: &[u8], last: u8) -> Option<Key> {
    let mut numbers = parameters.split(|byte| *byte == b';');
    let first = numbers.next().unwrap_or_default();
    // xterm: 1 + Shift 1 + Alt 2 + Ctrl 4.
    let by_word = matches!(numbers.next(), Some(b"3" | b"5" | b"7"));
    match (first, last) {
        (b"1" | b"7", b'~') => Some(Key::Home),
        (b"4" | b"8", b'~') => Some(Key::End),
        (b"3", b'~') => Some(Key::Delete),
        (b"200", b'~') => Some(Key::PasteStart),
        (b"201", b'~') => Some(Key::PasteEnd),
        (_, b'~') => None,
        _ => letter(last, by_word),
    }
}

fn letter(byte: u8, by_word: bool) -> Option<Key> {
    Some(match byte {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' if by_word => Key::WordRight,
        b'D' if by_word => Key::WordLeft,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'F' => Key::End,
        b'H' => Key::Home,
        b'M' => Key::Enter,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut decoder = Decoder::default();
        bytes.iter().filter_map(|byte| decoder.push(*byte)).collect()
    }

    #[test]
    fn bytes_become_keys() {
        assert_eq!(keys("aé漢".as_bytes()), [Key::Character('a'), Key::Character('é'), Key::Character('漢')]);
        assert_eq!(
            keys(b"\x1b[A\x1bOB\x1b[1;5C\x1b[3~\x1b[H"),
            [Key::Up, Key::Down, Key::WordRight, Key::Delete, Key::Home]
        );
        assert_eq!(
            keys(b"\x01\x7f\r\x1bb\x1b\x7f"),
            [Key::Control('a'), Key::Backspace, Key::Enter, Key::Alt('b'), Key::AltBackspace]
        );
    }

    #[test]
    fn rubbish_is_swallowed() {
        assert_eq!(keys(b"\x1b[99;99;99;99;99;99;99zx"), [Key::Character('x')]);
        assert_eq!(keys(b"\xff\xc3a\xe6\xbc"), [Key::Character('a')]);
        for seed in 0..=255_u8 {
            let bytes: Vec<u8> = (0..200_u32).map(|i| (i * 31 + u32::from(seed) * 7 + i * i) as u8).collect();
            keys(&bytes);
        }
    }
}
