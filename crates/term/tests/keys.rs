//! What keys and pastes send.

use keymap::{Key, KeyEvent, KeyState, Modifiers};
use term::Modes;
use term::keys::{encode, encode_paste};

fn press(key: Key, modifiers: Modifiers, text: Option<char>) -> KeyEvent {
    KeyEvent { key, state: KeyState::Pressed, modifiers, text }
}

#[test]
fn keys_send_what_xterm_sends() {
    let none = Modifiers::empty();
    let (ctrl, alt, shift) = (Modifiers::CTRL, Modifiers::ALT, Modifiers::SHIFT);
    let table: &[(Key, Modifiers, Option<char>, &[u8])] = &[
        (Key::A, none, Some('a'), b"a"),
        (Key::A, shift, Some('A'), b"A"),
        (Key::Semicolon, none, Some('ö'), "ö".as_bytes()),
        (Key::C, ctrl, None, b"\x03"),
        (Key::C, ctrl | shift, None, b"\x03"),
        (Key::Space, ctrl, None, b"\0"),
        (Key::LeftBracket, ctrl, None, b"\x1b"),
        (Key::B, alt, None, b"\x1bb"),
        (Key::Digit5, ctrl, None, b""),
        (Key::Enter, none, None, b"\r"),
        (Key::Backspace, none, None, b"\x7f"),
        (Key::Backspace, alt, None, b"\x1b\x7f"),
        (Key::Tab, shift, None, b"\x1b[Z"),
        (Key::Escape, none, None, b"\x1b"),
        (Key::Up, none, None, b"\x1b[A"),
        (Key::Left, ctrl, None, b"\x1b[1;5D"),
        (Key::Home, none, None, b"\x1b[H"),
        (Key::Delete, none, None, b"\x1b[3~"),
        (Key::Delete, shift, None, b"\x1b[3;2~"),
        (Key::F1, none, None, b"\x1bOP"),
        (Key::F1, ctrl, None, b"\x1b[1;5P"),
        (Key::F12, none, None, b"\x1b[24~"),
        (Key::LeftShift, shift, None, b""),
    ];
    for (key, modifiers, text, expected) in table {
        let bytes = encode(&press(*key, *modifiers, *text), Modes::default());
        assert_eq!(bytes, *expected, "{key:?} {modifiers:?}");
    }
}

#[test]
fn application_mode_changes_the_arrows_only_without_modifiers() {
    let modes = Modes::APPLICATION_CURSOR;
    assert_eq!(encode(&press(Key::Up, Modifiers::empty(), None), modes), b"\x1bOA");
    assert_eq!(encode(&press(Key::Up, Modifiers::ALT, None), modes), b"\x1b[1;3A");
}

#[test]
fn releases_send_nothing() {
    let mut event = press(Key::A, Modifiers::empty(), Some('a'));
    event.state = KeyState::Released;
    assert!(encode(&event, Modes::default()).is_empty());
    event.state = KeyState::Repeated;
    assert_eq!(encode(&event, Modes::default()), b"a");
}

#[test]
fn a_paste_cannot_smuggle_control_characters() {
    assert_eq!(encode_paste("ls\r\nrm\n", Modes::default()), b"ls\rrm\r");
    assert_eq!(encode_paste("a\x1b[201~b\x03", Modes::BRACKETED_PASTE), b"\x1b[200~a[201~b\x1b[201~");
}
