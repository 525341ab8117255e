//! A keyboard's bytes, in every layout. Presses and releases come in pairs whatever the wire says, and when everything has
//! been let go, nothing is held.

use std::collections::HashMap;

use keymap::{Key, KeyEvent, KeyState, Keyboard, Layout, Modifiers};
use term::Modes;

use crate::Target;
use crate::choices::Choices;

pub const TARGET: Target = Target { name: "keyboard", run, seeds };

const LAYOUTS: [Layout; 3] = [Layout::Us, Layout::Uk, Layout::De];
const EXTENDED: u8 = 0xe0;
const RELEASE: u8 = 0x80;

#[derive(Default)]
struct Account(HashMap<Key, i32>);

impl Account {
    fn note(&mut self, event: &KeyEvent) {
        // Two keys can bear one name: the arrows and the keypad without Num Lock.
        let count = self.0.entry(event.key).or_default();
        match event.state {
            KeyState::Pressed => *count += 1,
            KeyState::Repeated => assert!(*count > 0, "{event:?}: not down"),
            KeyState::Released => *count -= 1,
        }
        assert!((0..=2).contains(count), "{event:?}: down {count} times");
        assert!(event.text.is_none_or(|text| !text.is_control()), "{event:?}");
        for modes in [Modes::empty(), Modes::all()] {
            let _ = term::keys::encode(event, modes);
        }
    }

    fn push(&mut self, keyboard: &mut Keyboard, byte: u8) {
        keyboard.push(byte).iter().for_each(|event| self.note(event));
        while let Some(event) = keyboard.next_lost_release() {
            self.note(&event);
        }
    }
}

fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let mut keyboard = Keyboard::new(choices.one_of(&LAYOUTS));
    let mut account = Account::default();
    while !choices.is_empty() {
        match choices.byte() {
            // No key and no prefix: free for what is not on the wire.
            0x77 => keyboard.set_layout(choices.one_of(&LAYOUTS)),
            0x78 => keyboard.release_all(),
            byte => account.push(&mut keyboard, byte),
        }
    }
    // Two bytes that end whatever sequence has begun; then every key is let go.
    [RELEASE, RELEASE].iter().for_each(|&byte| account.push(&mut keyboard, byte));
    for code in 0..0x80 {
        [code | RELEASE, EXTENDED, code | RELEASE].iter().for_each(|&byte| account.push(&mut keyboard, byte));
    }
    account.0.retain(|_, count| *count != 0);
    assert!(account.0.is_empty(), "still down: {:?}", account.0);
    assert_eq!(keyboard.modifiers().difference(Modifiers::CAPS), Modifiers::empty());
}

fn seeds() -> Vec<Vec<u8>> {
    vec![
        // Shift, a letter, Num Lock and the keypad, Pause, Print Screen, an overrun, a layout.
        vec![0, 0x2a, 0x1e, 0x9e, 0xaa, 0x45, 0xc5, 0x47, 0xc7, 0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5],
        vec![2, 0xe0, 0x38, 0x10, 0x90, 0xe0, 0xb8, 0xe0, 0x2a, 0xe0, 0x37, 0xe0, 0xb7, 0xe0, 0xaa],
        vec![1, 0x1d, 0x1e, 0xff, 0x3a, 0x77, 2, 0x15, 0x78, 0x95, 0xba],
    ]
}
