//! The state of one keyboard: the half-read scancode, the keys that are down and the two toggles.
//!
//! It is a plain value: bytes in, events out. Nothing here waits, and the only time that matters is the order of
//! the bytes.

use alloc::collections::BTreeSet;

use crate::{Key, KeyEvent, KeyState, Layout, Modifiers, table};
use pc_keyboard::layouts::{De105Key, Uk105Key, Us104Key};
use pc_keyboard::{
    DecodedKey, HandleControl, KeyCode, KeyState as CodeState, KeyboardLayout, Modifiers as CodeModifiers,
    ScancodeSet, ScancodeSet1,
};

/// Whether the right Alt key is AltGr.
const fn has_third_level(layout: Layout) -> bool {
    !matches!(layout, Layout::Us)
}

fn decode(layout: Layout, code: KeyCode, modifiers: &CodeModifiers) -> DecodedKey {
    match layout {
        Layout::Us => Us104Key.map_keycode(code, modifiers, HandleControl::Ignore),
        Layout::Uk => Uk105Key.map_keycode(code, modifiers, HandleControl::Ignore),
        Layout::De => De105Key.map_keycode(code, modifiers, HandleControl::Ignore),
    }
}

/// Set-1 codes by which the keyboard says that it lost count: key detection error or buffer overrun. Releases may be
/// among what was lost.
const OVERRUN: [u8; 2] = [0x00, 0xff];

/// One keyboard: push its bytes, read key events.
///
/// ```
/// # use keymap::*;
/// let mut keyboard = Keyboard::new(Layout::De);
/// let event = keyboard.push(0x15).unwrap(); // The key right of T.
/// assert_eq!((event.key, event.text), (Key::Y, Some('z')));
/// ```
pub struct Keyboard {
    layout: Layout,
    decoder: ScancodeSet1,
    /// Keys down, by position: a key of the number pad is here under its number.
    down: BTreeSet<Key>,
    /// The keys of the number pad that went down as navigation keys. Their release must bear the same name, whatever
    /// Num Lock says by then.
    navigating: BTreeSet<Key>,
    /// Keys whose release the keyboard lost; [`Keyboard::next_lost_release`] hands them out.
    lost: BTreeSet<Key>,
    caps_lock: bool,
    num_lock: bool,
    /// Inside the sequence E1 1D 45 E1 9D C5, which is how the Pause key pretends to be Ctrl + Num Lock.
    pausing: bool,
}

impl Keyboard {
    /// A keyboard with no key down, Caps Lock and Num Lock off.
    pub const fn new(layout: Layout) -> Self {
        Self {
            layout,
            decoder: ScancodeSet1::new(),
            down: BTreeSet::new(),
            navigating: BTreeSet::new(),
            lost: BTreeSet::new(),
            caps_lock: false,
            num_lock: false,
            pausing: false,
        }
    }

    /// Changes the layout. Keys that are down stay down.
    pub const fn set_layout(&mut self, layout: Layout) {
        self.layout = layout;
    }

    /// Takes the next byte from the keyboard (scan code set 1). Bytes that complete no key event, among them those
    /// that mean nothing at all, give None.
    ///
    /// After an overrun report call [`Keyboard::next_lost_release`] until it gives None; doing so after every push
    /// is cheap.
    pub fn push(&mut self, byte: u8) -> Option<KeyEvent> {
        if OVERRUN.contains(&byte) {
            self.release_all();
            return None;
        }
        // An unknown code is a key that we have no name for: nothing to report and nothing to repair, since the
        // decoder returned to its start state.
        let event = self.decoder.advance_state(byte).ok().flatten()?;
        match event.code {
            KeyCode::RControl2 => {
                // The end of the sequence is the release of Num Lock, still to come.
                if event.state == CodeState::Down {
                    self.pausing = true;
                }
                None
            }
            KeyCode::NumpadLock if self.pausing => {
                self.pausing = event.state == CodeState::Down;
                self.change(KeyCode::PauseBreak, event.state)
            }
            code => self.change(code, event.state),
        }
    }

    /// Forgets every key that is down, for instance because the keyboard was unplugged or lost count. The releases
    /// are owed: read them with [`Keyboard::next_lost_release`].
    pub fn release_all(&mut self) {
        self.lost.append(&mut self.down);
        self.decoder = ScancodeSet1::new();
        self.pausing = false;
    }

    /// A release that the keyboard itself never sent, one after another until None.
    pub fn next_lost_release(&mut self) -> Option<KeyEvent> {
        let position = self.lost.pop_first()?;
        Some(self.released(position))
    }

    /// The modifiers in force now.
    pub fn modifiers(&self) -> Modifiers {
        let mut modifiers = Modifiers::empty();
        for key in &self.down {
            modifiers |= match key {
                Key::LeftShift | Key::RightShift => Modifiers::SHIFT,
                Key::LeftCtrl | Key::RightCtrl => Modifiers::CTRL,
                Key::RightAlt if has_third_level(self.layout) => Modifiers::empty(),
                Key::LeftAlt | Key::RightAlt => Modifiers::ALT,
                Key::LeftMeta | Key::RightMeta => Modifiers::META,
                _ => Modifiers::empty(),
            };
        }
        modifiers.set(Modifiers::CAPS, self.caps_lock);
        modifiers
    }

    /// A key changed: updates what is down and says what happened.
    fn change(&mut self, code: KeyCode, state: CodeState) -> Option<KeyEvent> {
        let position = table::key(code);
        if position == Key::Unknown {
            return None;
        }
        match state {
            CodeState::Up => {
                // A release without its press (keys held while the system started, a repaired overrun) tells nobody
                // anything.
                self.down.remove(&position).then(|| self.released(position))
            }
            CodeState::Down => Some(self.pressed(position, code)),
            CodeState::SingleShot => None,
        }
    }

    fn pressed(&mut self, position: Key, code: KeyCode) -> KeyEvent {
        // A press that comes before an owed release was read settles it: to the reader the key never came up.
        let repeated = self.lost.remove(&position) | !self.down.insert(position);
        if !repeated {
            match position {
                Key::CapsLock => self.caps_lock = !self.caps_lock,
                Key::NumLock => self.num_lock = !self.num_lock,
                _ => {}
            }
            if self.num_lock {
                self.navigating.remove(&position);
            } else {
                self.navigating.insert(position);
            }
        }
        let key = self.meaning(position);
        KeyEvent {
            key,
            state: if repeated { KeyState::Repeated } else { KeyState::Pressed },
            modifiers: self.modifiers(),
            text: if key == position { self.text(code) } else { None },
        }
    }

    fn released(&self, position: Key) -> KeyEvent {
        KeyEvent {
            key: self.meaning(position),
            state: KeyState::Released,
            modifiers: self.modifiers(),
            text: None,
        }
    }

    /// What the key at `position` meant when it went down.
    fn meaning(&self, position: Key) -> Key {
        if self.navigating.contains(&position) { table::navigation(position) } else { position }
    }

    /// The printable character that the key types now.
    fn text(&self, code: KeyCode) -> Option<char> {
        let modifiers = self.modifiers();
        if modifiers.intersects(Modifiers::CTRL | Modifiers::ALT | Modifiers::META) {
            return None;
        }
        let state = CodeModifiers {
            lshift: modifiers.contains(Modifiers::SHIFT),
            ralt: has_third_level(self.layout) && self.down.contains(&Key::RightAlt),
            capslock: self.caps_lock,
            // Whether the number pad types was settled by `meaning`, for the whole time that the key is down.
            numlock: true,
            ..CodeModifiers::default()
        };
        match decode(self.layout, code, &state) {
            DecodedKey::Unicode(character) if !character.is_control() => Some(character),
            _ => None,
        }
    }
}
