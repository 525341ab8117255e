//! What a key press is once it has left the wire: the vocabulary that the keyboard driver, the
//! desktop and every program share. Keys are named by their place on a US keyboard; what a key
//! types is in [`KeyEvent::text`], which the active [`Layout`] decides.

use bitflags::bitflags;

bitflags! {
    /// The modifier keys that were down (or latched, for Caps Lock) when an event happened.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Modifiers: u8 {
        /// Either Shift key.
        const SHIFT = 1 << 0;
        /// Either Control key.
        const CTRL = 1 << 1;
        /// The left Alt key, or the right one on the US layout. Elsewhere the right one is AltGr, which composes text
        /// and counts as no modifier.
        const ALT = 1 << 2;
        /// Either Super ("Windows") key.
        const META = 1 << 3;
        /// Caps Lock is on.
        const CAPS = 1 << 4;
    }
}

/// What happened to the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// It went down.
    Pressed,
    /// It is held down and the keyboard repeats it.
    Repeated,
    /// It came up.
    Released,
}

/// One key event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyEvent {
    /// Which key, by position.
    pub key: Key,
    /// What happened to it.
    pub state: KeyState,
    /// The modifiers in force, this event included.
    pub modifiers: Modifiers,
    /// The printable character that a press or repeat types under the active layout. `None` for releases, for keys
    /// without one (Enter, Tab and Backspace included: look at `key`), and while Ctrl, Alt or Meta is down. AltGr
    /// composes: it is no modifier of this set, it only changes the text.
    pub text: Option<char>,
}

impl KeyEvent {
    /// Whether the key is going down or repeating: the case in which programs act.
    pub fn is_down(&self) -> bool {
        self.state != KeyState::Released
    }
}

/// What the keys type. The keyboard itself can't tell, so a person chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Layout {
    /// United States, 104 keys.
    #[default]
    Us,
    /// United Kingdom, 105 keys.
    Uk,
    /// Germany, 105 keys.
    De,
}

impl Layout {
    /// The layout called `name`, as on the kernel command line: `us`, `uk` (or `gb`), `de`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "us" => Some(Self::Us),
            "uk" | "gb" => Some(Self::Uk),
            "de" => Some(Self::De),
            _ => None,
        }
    }
}

/// A key, named by what a US keyboard prints on it. The keypad's keys bear these names while Num Lock is on; without it
/// they are `Home`, `Up` and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Key {
    A,
    B,
    C,
    D,
    E,
    F,
    G,
    H,
    I,
    J,
    K,
    L,
    M,
    N,
    O,
    P,
    Q,
    R,
    S,
    T,
    U,
    V,
    W,
    X,
    Y,
    Z,
    Digit0,
    Digit1,
    Digit2,
    Digit3,
    Digit4,
    Digit5,
    Digit6,
    Digit7,
    Digit8,
    Digit9,
    F1,
    F2,
    F3,
    F4,
    F5,
    F6,
    F7,
    F8,
    F9,
    F10,
    F11,
    F12,
    Escape,
    Tab,
    Enter,
    Space,
    Backspace,
    Grave,
    Minus,
    Equals,
    LeftBracket,
    RightBracket,
    Backslash,
    Semicolon,
    Apostrophe,
    Comma,
    Period,
    Slash,
    /// The 105th key, between left Shift and Z on European keyboards.
    NonUsBackslash,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    PageUp,
    PageDown,
    Insert,
    Delete,
    LeftShift,
    RightShift,
    LeftCtrl,
    RightCtrl,
    LeftAlt,
    RightAlt,
    LeftMeta,
    RightMeta,
    Menu,
    CapsLock,
    NumLock,
    ScrollLock,
    PrintScreen,
    Pause,
    Keypad0,
    Keypad1,
    Keypad2,
    Keypad3,
    Keypad4,
    Keypad5,
    Keypad6,
    Keypad7,
    Keypad8,
    Keypad9,
    KeypadPeriod,
    KeypadPlus,
    KeypadMinus,
    KeypadMultiply,
    KeypadDivide,
    KeypadEnter,
    VolumeMute,
    VolumeDown,
    VolumeUp,
    MediaPrevious,
    MediaNext,
    MediaPlay,
    MediaStop,
    /// A key this crate has no name for.
    Unknown,
}
