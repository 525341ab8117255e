//! A field for one line of text, typed into.

use fastrand::Rng;
use gfx::Rect;
use ui::kit::{FieldChange, TextField};
use ui::{Clipboard, DateTime, Files, Host, Key, KeyEvent, KeyState, Modifiers, Pty, SystemFigures};

/// A host of which only the clipboard is used.
#[derive(Default)]
struct Desk(Clipboard);

impl Host for Desk {
    fn now_ms(&self) -> u64 {
        0
    }

    fn wall_clock(&self) -> DateTime {
        DateTime::from_unix(0)
    }

    fn files(&mut self) -> &mut dyn Files {
        unreachable!("a field reads no files")
    }

    fn system(&self) -> SystemFigures {
        SystemFigures::default()
    }

    fn terminal(&mut self) -> Option<&mut dyn Pty> {
        None
    }

    fn launch(&mut self, _app: &str, _path: Option<&str>) {}

    fn clipboard(&mut self) -> Clipboard {
        self.0.clone()
    }

    fn set_clipboard(&mut self, contents: Clipboard) {
        self.0 = contents;
    }

    fn notify(&mut self, _message: &str) {}
}

fn press(field: &mut TextField, host: &mut Desk, key: Key, modifiers: Modifiers) -> FieldChange {
    field.key(&KeyEvent { key, state: KeyState::Pressed, modifiers, text: None }, host)
}

fn type_text(field: &mut TextField, host: &mut Desk, text: &str) {
    for character in text.chars() {
        let event = KeyEvent {
            key: Key::Unknown,
            state: KeyState::Pressed,
            modifiers: Modifiers::empty(),
            text: Some(character),
        };
        field.key(&event, host);
    }
}

const NONE: Modifiers = Modifiers::empty();
const CTRL: Modifiers = Modifiers::CTRL;

#[test]
fn typing_replaces_the_selection_and_moves_by_characters_and_words() {
    let (mut field, mut host) = (TextField::new("all selected"), Desk::default());
    type_text(&mut field, &mut host, "grüße, Welt");
    assert_eq!(field.text(), "grüße, Welt");
    press(&mut field, &mut host, Key::Left, CTRL);
    press(&mut field, &mut host, Key::Backspace, CTRL);
    assert_eq!(field.text(), "Welt");
    press(&mut field, &mut host, Key::Right, CTRL);
    type_text(&mut field, &mut host, "ß");
    press(&mut field, &mut host, Key::Left, NONE);
    press(&mut field, &mut host, Key::Delete, NONE);
    assert_eq!(field.text(), "Welt");
    assert_eq!(press(&mut field, &mut host, Key::Enter, NONE), FieldChange::Ignored);
}

#[test]
fn the_clipboard_gives_one_line() {
    let (mut field, mut host) = (TextField::new("copy me"), Desk::default());
    press(&mut field, &mut host, Key::X, CTRL);
    assert_eq!((field.text(), &host.0), ("", &Clipboard::Text("copy me".into())));
    host.0 = Clipboard::Text("two\nlines\t".into());
    assert_eq!(press(&mut field, &mut host, Key::V, CTRL), FieldChange::Edited);
    assert_eq!(field.text(), "twolines");
    host.0 = Clipboard::Text("long ".repeat(5000));
    press(&mut field, &mut host, Key::V, CTRL);
    assert!(field.text().len() <= 4096);
}

/// Any keys: the cursor stays between characters.
#[test]
fn random_keys_keep_the_selection_within_the_text() {
    let mut random = Rng::with_seed(7);
    let keys =
        [Key::Left, Key::Right, Key::Home, Key::End, Key::Backspace, Key::Delete, Key::A, Key::X, Key::V];
    let (mut field, mut host) = (TextField::new("äöü"), Desk::default());
    field.area = Rect::new(0, 0, 80, 28);
    for _ in 0..20_000 {
        if random.u32(..3) == 0 {
            type_text(&mut field, &mut host, ["a", "ß", " ", "€"][random.usize(..4)]);
        } else {
            let modifiers = [NONE, CTRL, Modifiers::SHIFT, CTRL | Modifiers::SHIFT][random.usize(..4)];
            press(&mut field, &mut host, keys[random.usize(..keys.len())], modifiers);
        }
        let selection = field.selection();
        assert!(
            field.text().is_char_boundary(selection.start) && field.text().is_char_boundary(selection.end)
        );
    }
}
