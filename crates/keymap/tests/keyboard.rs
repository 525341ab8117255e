//! What a person at the keyboard would notice: what is typed, what is held, and that nothing sticks.

use fastrand::Rng;
use keymap::{Key, KeyEvent, KeyState, Keyboard, Layout, Modifiers};
use std::collections::{HashMap, HashSet};

const LEFT_SHIFT: u8 = 0x2a;
const LEFT_CTRL: u8 = 0x1d;
const LEFT_ALT: u8 = 0x38;
const CAPS_LOCK: u8 = 0x3a;
const NUM_LOCK: u8 = 0x45;
const EXTENDED: u8 = 0xe0;
const RELEASE: u8 = 0x80;

/// All events that these bytes make, owed releases included.
fn events(keyboard: &mut Keyboard, bytes: &[u8]) -> Vec<KeyEvent> {
    let mut events = Vec::new();
    for &byte in bytes {
        events.extend(keyboard.push(byte));
        while let Some(event) = keyboard.next_lost_release() {
            events.push(event);
        }
    }
    events
}

fn typed(keyboard: &mut Keyboard, bytes: &[u8]) -> String {
    events(keyboard, bytes).iter().filter_map(|event| event.text).collect()
}

/// Codes 0x02..=0x35 in order and what each types, from the legends on the three keyboards.
const CODES: &[u8] = &[
    0x29, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, // digits
    0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, // Q row
    0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x2b, // A row
    0x56, 0x2c, 0x2d, 0x2e, 0x2f, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x39, // Z row
];

#[test]
fn every_layout_types_what_is_printed_on_its_keys() {
    let legends = [
        (
            Layout::Us,
            "`1234567890-=qwertyuiop[]asdfghjkl;'\\zxcvbnm,./ ",
            "~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:\"|ZXCVBNM<>? ",
        ),
        (
            Layout::Uk,
            "`1234567890-=qwertyuiop[]asdfghjkl;'#\\zxcvbnm,./ ",
            "¬!\"£$%^&*()_+QWERTYUIOP{}ASDFGHJKL:@~|ZXCVBNM<>? ",
        ),
        (
            Layout::De,
            "^1234567890ß´qwertzuiopü+asdfghjklöä#<yxcvbnm,.- ",
            "°!\"§$%&/()=?`QWERTZUIOPÜ*ASDFGHJKLÖÄ'>YXCVBNM;:_ ",
        ),
    ];
    for (layout, plain, shifted) in legends {
        // The US keyboard has no key at 0x56; what a foreign one types there with this layout is nobody's promise.
        let codes: Vec<u8> =
            CODES.iter().copied().filter(|&code| layout != Layout::Us || code != 0x56).collect();
        let mut keyboard = Keyboard::new(layout);
        assert_eq!(typed(&mut keyboard, &codes), plain, "{layout:?}");
        let mut keyboard = Keyboard::new(layout);
        keyboard.push(LEFT_SHIFT);
        assert_eq!(typed(&mut keyboard, &codes), shifted, "{layout:?} with Shift");
    }
}

#[test]
fn alt_gr_composes_and_the_us_right_alt_commands() {
    let mut german = Keyboard::new(Layout::De);
    assert_eq!(typed(&mut german, &[EXTENDED, 0x38, 0x10, 0x12, 0x08, 0x0b, 0x0c, 0x56]), "@€{}\\|");
    assert_eq!(german.modifiers(), Modifiers::empty());
    let mut us = Keyboard::new(Layout::Us);
    let event = events(&mut us, &[EXTENDED, 0x38, 0x10])[1];
    assert_eq!((event.key, event.text, event.modifiers), (Key::Q, None, Modifiers::ALT));
}

#[test]
fn commands_and_control_keys_type_nothing() {
    for modifier in [LEFT_CTRL, LEFT_ALT] {
        let mut keyboard = Keyboard::new(Layout::Us);
        assert_eq!(typed(&mut keyboard, &[modifier, 0x2e, 0x39, 0x02]), "");
    }
    // Escape, Backspace, Tab, Enter, F1, Delete.
    assert_eq!(typed(&mut Keyboard::new(Layout::Us), &[0x01, 0x0e, 0x0f, 0x1c, 0x3b, EXTENDED, 0x53]), "");
}

#[test]
fn a_held_key_repeats_and_comes_up_once() {
    let mut keyboard = Keyboard::new(Layout::Us);
    let states: Vec<_> = events(&mut keyboard, &[0x1e, 0x1e, 0x1e, 0x9e, 0x9e])
        .iter()
        .map(|event| (event.key, event.state))
        .collect();
    use KeyState::*;
    assert_eq!(states, [(Key::A, Pressed), (Key::A, Repeated), (Key::A, Repeated), (Key::A, Released)]);
}

#[test]
fn caps_lock_toggles_once_a_press() {
    let mut keyboard = Keyboard::new(Layout::Us);
    keyboard.push(CAPS_LOCK);
    keyboard.push(CAPS_LOCK); // repeat
    keyboard.push(CAPS_LOCK | RELEASE);
    assert_eq!(typed(&mut keyboard, &[0x1e, 0x02]), "A1");
    keyboard.push(CAPS_LOCK);
    assert_eq!(typed(&mut keyboard, &[0x1f]), "s");
}

#[test]
fn the_keypad_follows_num_lock_and_keeps_its_name_until_release() {
    let mut keyboard = Keyboard::new(Layout::Us);
    let got: Vec<_> = events(&mut keyboard, &[0x47, NUM_LOCK, NUM_LOCK | RELEASE, 0x47 | RELEASE, 0x47])
        .iter()
        .map(|event| (event.key, event.state, event.text))
        .collect();
    use KeyState::*;
    assert_eq!(
        got,
        [
            (Key::Home, Pressed, None),
            (Key::NumLock, Pressed, None),
            (Key::NumLock, Released, None),
            (Key::Home, Released, None),
            (Key::Keypad7, Pressed, Some('7')),
        ]
    );
}

#[test]
fn long_sequences_are_one_key() {
    let mut keyboard = Keyboard::new(Layout::Us);
    let pause: Vec<_> = events(&mut keyboard, &[0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5])
        .iter()
        .map(|event| (event.key, event.state))
        .collect();
    assert_eq!(pause, [(Key::Pause, KeyState::Pressed), (Key::Pause, KeyState::Released)]);
    // Print Screen wraps itself in a Shift that nobody pressed.
    let print: Vec<_> =
        events(&mut keyboard, &[EXTENDED, 0x2a, EXTENDED, 0x37, EXTENDED, 0xb7, EXTENDED, 0xaa])
            .iter()
            .map(|event| (event.key, event.modifiers))
            .collect();
    assert_eq!(print, [(Key::PrintScreen, Modifiers::empty()); 2]);
    assert_eq!(typed(&mut keyboard, &[NUM_LOCK, NUM_LOCK | RELEASE, 0x4f]), "1", "Pause is no Num Lock");
}

#[test]
fn an_overrun_releases_what_was_down() {
    for report in [0x00, 0xff] {
        let mut keyboard = Keyboard::new(Layout::Us);
        let got = events(&mut keyboard, &[LEFT_CTRL, 0x1e, EXTENDED, report]);
        let released: HashSet<Key> =
            got.iter().filter(|event| event.state == KeyState::Released).map(|event| event.key).collect();
        assert_eq!(released, HashSet::from([Key::LeftCtrl, Key::A]));
        assert_eq!(typed(&mut keyboard, &[0x1e]), "a", "no Ctrl sticks");
    }
}

#[test]
fn a_lost_release_and_a_new_press_look_like_a_held_key() {
    let mut keyboard = Keyboard::new(Layout::Us);
    keyboard.push(0x1e);
    keyboard.release_all();
    assert_eq!(keyboard.push(0x1e).map(|event| event.state), Some(KeyState::Repeated));
    assert_eq!(keyboard.next_lost_release(), None);
}

/// Whatever the wire says, the reader sees presses and releases in pairs, and silence ends with nothing held.
#[test]
fn noise_neither_panics_nor_leaves_anything_down() {
    let mut random = Rng::with_seed(0x2545_f491_4f6c_dd1d);
    for layout in [Layout::Us, Layout::Uk, Layout::De] {
        let mut keyboard = Keyboard::new(layout);
        // Two keys can bear one name: the arrows and the keypad without Num Lock.
        let mut down: HashMap<Key, i32> = HashMap::new();
        for step in 0..200_000 {
            // Favour the bytes with meaning, so that sequences happen.
            let byte = match random.u8(..8) {
                0 => EXTENDED,
                1 => [0xe1, 0x1d, 0x45, 0x9d, 0xc5, LEFT_SHIFT, NUM_LOCK][random.usize(..7)],
                _ => random.u8(..),
            };
            for event in events(&mut keyboard, &[byte]) {
                let count = down.entry(event.key).or_default();
                match event.state {
                    KeyState::Pressed => *count += 1,
                    KeyState::Repeated => assert!(*count > 0, "{event:?} at {step}: not down"),
                    KeyState::Released => *count -= 1,
                }
                assert!((0..=2).contains(count), "{event:?} at {step}: down {count} times");
                assert!(event.text.is_none_or(|text| !text.is_control()));
            }
        }
        for code in 0..0x80u8 {
            for event in events(&mut keyboard, &[code | RELEASE, EXTENDED, code | RELEASE]) {
                *down.entry(event.key).or_default() -= 1;
            }
        }
        down.retain(|_, count| *count != 0);
        assert!(down.is_empty(), "still down: {down:?}");
        assert_eq!(keyboard.modifiers().difference(Modifiers::CAPS), Modifiers::empty());
    }
}

/// Linux numbered its keys by the codes of the first PC keyboards: of keys that are not behind an E0, number and code are
/// the same (input-event-codes.h says so).
#[test]
fn linux_knows_the_keys_by_their_codes() {
    let same = (0x01..=0x46).chain([0x4a, 0x4e]).chain(0x56..=0x58);
    for code in same {
        let event = Keyboard::new(Layout::Us).push(code).expect("a key");
        assert_eq!(keymap::evdev::code_of(event.key), Some(u16::from(code)), "{:?}", event.key);
    }
    for (code, number) in [(0x1d, 97), (0x38, 100), (0x47, 102), (0x48, 103), (0x50, 108), (0x5b, 125)] {
        let pressed = events(&mut Keyboard::new(Layout::Us), &[EXTENDED, code]);
        assert_eq!(keymap::evdev::code_of(pressed[0].key), Some(number), "{:?}", pressed[0].key);
    }
}
