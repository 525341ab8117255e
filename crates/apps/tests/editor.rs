//! What the Text Editor does when it is used: whatever fails, no text is lost.

mod support;

use apps::Editor;
use fastrand::Rng;
use gfx::{Point, Size};
use support::{FakeHost, Window};
use ui::{App, Button, Clipboard, Event, FileError, Key, Modifiers, PointerKind, Response};

const NONE: Modifiers = Modifiers::empty();
const CTRL: Modifiers = Modifiers::CTRL;
const SHIFT: Modifiers = Modifiers::SHIFT;

/// An editor on a file with these contents.
fn editor_on(contents: impl AsRef<[u8]>) -> Window<Editor> {
    let mut host = FakeHost::new();
    host.files.put("/disk/notes/poem.txt", contents);
    let app = Editor::new(Some("/disk/notes/poem.txt"));
    let size = app.initial_size();
    let mut window = Window::open_with(app, host, size);
    window.work();
    window
}

fn poem(window: &Window<Editor>) -> &[u8] {
    &window.host.files.files["/disk/notes/poem.txt"]
}

#[test]
fn a_file_is_opened_changed_and_saved() {
    let mut window = editor_on("one\ntwo\n");
    assert_eq!(window.app.text(), "one\ntwo\n");
    assert!(!window.app.has_unsaved_changes());
    window.press(Key::End, NONE);
    window.type_text(" and\nthree");
    assert!(window.app.has_unsaved_changes() && window.app.title().starts_with("• poem.txt"));
    assert_eq!(window.app.status().1, "Line 2, column 6   LF   UTF-8");
    window.press(Key::S, CTRL);
    assert_eq!(poem(&window), b"one and\nthree\ntwo\n");
    assert!(!window.app.has_unsaved_changes());
    assert_eq!(window.host.files.files.len(), 1, "nothing else is left");
    assert_eq!(window.send(Event::Close), Response::Close);
}

#[test]
fn line_ends_and_the_byte_order_mark_stay_as_they_were() {
    let mut window = editor_on("\u{feff}one\r\ntwo\r\n");
    assert_eq!(window.app.text(), "one\ntwo\n");
    assert!(window.app.status().1.ends_with("CRLF   UTF-8"));
    window.type_text("zero\n");
    window.press(Key::S, CTRL);
    assert_eq!(poem(&window), "\u{feff}zero\r\none\r\ntwo\r\n".as_bytes());
    // Mixed ends are kept, each as it is.
    let mut window = editor_on("a\r\nb\nc");
    window.type_text("x");
    window.press(Key::S, CTRL);
    assert_eq!(poem(&window), b"xa\r\nb\nc");
}

#[test]
fn what_is_no_text_can_only_be_read() {
    let mut window = editor_on(b"caf\xe9 \x00\xff");
    assert!(window.app.has_overlay(), "it says so");
    window.press(Key::Enter, NONE);
    window.type_text("x");
    window.press(Key::V, CTRL);
    assert!(!window.app.has_unsaved_changes());
    assert!(window.app.status().0.contains("can only be read"));
    assert_eq!(window.send(Event::Close), Response::Close);
    assert_eq!(poem(&window), b"caf\xe9 \x00\xff");
}

#[test]
fn closing_with_changes_asks_and_cancel_keeps_everything() {
    let mut window = editor_on("one");
    window.type_text("x");
    assert_ne!(window.send(Event::Close), Response::Close);
    assert!(window.app.has_overlay());
    assert_ne!(window.send(Event::Close), Response::Close, "asking twice is no answer");
    window.press(Key::Escape, NONE);
    assert!(!window.closed && window.app.text() == "xone");
    window.send(Event::Close);
    window.press(Key::Enter, NONE);
    assert!(window.closed, "saved, then closed");
    assert_eq!(poem(&window), b"xone");
}

#[test]
fn discarding_closes_and_leaves_the_file() {
    let mut window = editor_on("one");
    window.type_text("x");
    window.send(Event::Close);
    window.press(Key::Tab, NONE);
    window.press(Key::Enter, NONE);
    assert!(window.closed);
    assert_eq!(poem(&window), b"one");
}

/// At whatever step saving fails, the old file is whole, the text is there, and the window stays.
#[test]
fn a_save_that_fails_loses_nothing_and_says_why() {
    for error in [FileError::NoSpace, FileError::Device, FileError::ReadOnly] {
        for step in 0..4 {
            let mut window = editor_on("one");
            window.type_text("x");
            window.host.files.fails_after = Some((step, error));
            window.send(Event::Close);
            window.press(Key::Enter, NONE);
            window.work();
            if window.closed {
                assert!(step >= 3, "creating, writing and renaming are three steps");
                continue;
            }
            assert!(window.app.has_overlay(), "it says why");
            assert_eq!((poem(&window), window.app.text().as_str()), (&b"one"[..], "xone"));
            window.host.files.fails_after = None;
            window.press(Key::Enter, NONE);
            assert!(window.app.has_unsaved_changes());
            window.press(Key::S, CTRL);
            assert_eq!(poem(&window), b"xone");
            assert_eq!(window.host.files.files.len(), 1, "no half file is left");
        }
    }
}

#[test]
fn somebody_elses_changes_are_not_written_over_unasked() {
    let mut window = editor_on("one");
    window.type_text("x");
    window.host.files.put("/disk/notes/poem.txt", "theirs, longer");
    window.press(Key::S, CTRL);
    assert!(window.app.has_overlay());
    window.press(Key::Enter, NONE);
    assert_eq!(poem(&window), b"theirs, longer", "Enter cancels");
    window.press(Key::S, CTRL);
    window.press(Key::Tab, NONE);
    window.press(Key::Enter, NONE);
    assert_eq!(poem(&window), b"xone");
}

#[test]
fn a_new_text_gets_a_name_and_a_taken_name_is_asked_about() {
    let mut window = editor_on("old");
    window.press(Key::N, CTRL);
    window.type_text("new");
    window.press(Key::S, CTRL);
    assert!(window.app.has_overlay(), "where to?");
    window.press(Key::A, CTRL);
    window.type_text("/disk/notes/poem.txt");
    window.press(Key::Enter, NONE);
    assert!(window.app.has_overlay(), "replace?");
    window.press(Key::Escape, NONE);
    assert_eq!(poem(&window), b"old");
    window.press(Key::S, CTRL | SHIFT);
    window.press(Key::A, CTRL);
    window.type_text("/disk/notes/second.txt");
    window.press(Key::Enter, NONE);
    assert_eq!(window.host.files.files["/disk/notes/second.txt"], b"new");
    assert!(window.app.title().starts_with("second.txt"));
}

#[test]
fn a_file_is_chosen_with_keys() {
    let mut window = editor_on("old");
    window.host.files.put("/disk/notes/shopping.txt", "lime");
    window.press(Key::O, CTRL);
    window.type_text("sh");
    window.press(Key::Tab, NONE);
    window.press(Key::Enter, NONE);
    window.work();
    assert_eq!(window.app.text(), "lime");
    // A folder is entered, a file that is missing is said to be.
    window.press(Key::O, CTRL);
    window.press(Key::A, CTRL);
    window.type_text("/disk");
    window.press(Key::Enter, NONE);
    assert!(window.app.has_overlay());
    window.type_text("nothing");
    window.press(Key::Enter, NONE);
    assert!(window.app.has_overlay() && window.app.text() == "lime");
}

#[test]
fn opening_another_file_asks_about_the_first() {
    let mut window = editor_on("old");
    window.host.files.put("/disk/notes/other.txt", "other");
    window.type_text("x");
    for discard in [false, true] {
        window.press(Key::O, CTRL);
        window.type_text("other.txt");
        window.press(Key::Enter, NONE);
        assert_eq!(window.app.text(), "xold");
        if discard {
            window.press(Key::Tab, NONE);
            window.press(Key::Enter, NONE);
        } else {
            window.press(Key::Escape, NONE);
        }
        window.work();
    }
    assert_eq!(window.app.text(), "other");
    assert_eq!(poem(&window), b"old");
}

#[test]
fn selection_clipboard_undo_and_redo() {
    let mut window = editor_on("one two three\nfour\n");
    window.press(Key::Right, CTRL | SHIFT);
    window.press(Key::X, CTRL);
    assert_eq!(window.host.clipboard, Clipboard::Text("one".into()));
    window.press(Key::End, CTRL);
    window.press(Key::V, CTRL);
    assert_eq!(window.app.text(), " two three\nfour\none");
    window.press(Key::Z, CTRL);
    window.press(Key::Z, CTRL);
    assert_eq!(window.app.text(), "one two three\nfour\n");
    window.press(Key::Y, CTRL);
    window.press(Key::Z, CTRL | SHIFT);
    assert_eq!(window.app.text(), " two three\nfour\none");
    window.press(Key::A, CTRL);
    window.type_text("all gone");
    assert_eq!(window.app.text(), "all gone");
}

/// The middle of a character's cell.
fn cell(window: &Window<Editor>, line: i32, column: i32) -> Point {
    let _ = window;
    // Three digits of line numbers, their margins, the text's.
    let left = 3 * 9 + 20 + 8;
    Point::new(left + column * 9 + 3, 44 + line * 18 + 9)
}

#[test]
fn the_mouse_selects_by_dragging_words_and_lines() {
    let mut window = editor_on("one two three\nfour five\n");
    let (from, to) = (cell(&window, 0, 4), cell(&window, 1, 4));
    window.pointer(PointerKind::Pressed(Button::Primary), from.x, from.y);
    window.pointer(PointerKind::Moved, to.x, to.y);
    window.pointer(PointerKind::Released(Button::Primary), to.x, to.y);
    assert_eq!(window.app.selected_text(), "two three\nfour");
    window.host.now_ms += 1000;
    let word = cell(&window, 0, 9);
    window.click(word.x, word.y);
    window.click(word.x, word.y);
    assert_eq!(window.app.selected_text(), "three");
    window.click(word.x, word.y);
    assert_eq!(window.app.selected_text(), "one two three\n");
    window.pointer_with(PointerKind::Pressed(Button::Primary), cell(&window, 1, 0), SHIFT);
    window.pointer(PointerKind::Released(Button::Primary), 0, 0);
    window.host.now_ms += 1000;
    window.click(20, 44 + 18 + 9);
    assert_eq!(window.app.selected_text(), "four five\n", "a line number selects its line");
}

#[test]
fn finding_and_replacing() {
    let mut window = editor_on("lime, Lime and limestone\nno fruit\nlime");
    window.press(Key::F, CTRL);
    window.type_text("lime");
    assert_eq!(window.app.status().1.split("   ").nth(1), Some("Line 1, column 5"));
    window.press(Key::Enter, NONE);
    assert_eq!(window.app.selected_text(), "Lime");
    window.press(Key::Enter, SHIFT);
    window.press(Key::Enter, SHIFT);
    assert!(window.app.status().1.contains("Line 3"), "round the start");
    window.press(Key::H, CTRL);
    window.press(Key::A, CTRL);
    window.type_text("lime");
    window.press(Key::Tab, NONE);
    window.type_text("lemon");
    window.press(Key::Enter, NONE);
    assert_eq!(window.app.text().matches("lemon").count(), 1);
    window.press(Key::Escape, NONE);
    window.press(Key::Z, CTRL);
    assert_eq!(window.app.text(), "lime, Lime and limestone\nno fruit\nlime");
}

#[test]
fn going_to_a_line() {
    let mut window = editor_on("x\n".repeat(500));
    window.press(Key::G, CTRL);
    window.type_text("321");
    window.press(Key::Enter, NONE);
    assert!(window.app.status().1.starts_with("Line 321, column 1 "));
    window.press(Key::G, CTRL);
    window.type_text("99999");
    window.press(Key::Enter, NONE);
    assert!(window.app.status().1.starts_with("Line 501"));
}

/// A file of many MiB: no event takes more than a slice of it, and a key repaints little.
#[test]
fn a_large_file_is_read_and_written_in_slices() {
    let line = "All work and no play makes Jack a dull boy. 0123456789\n";
    let contents = line.repeat(100_000);
    let mut host = FakeHost::new();
    host.files.put("/disk/large.txt", &contents);
    let app = Editor::new(Some("/disk/large.txt"));
    let size = app.initial_size();
    let mut window = Window::open_with(app, host, size);
    assert!(window.app.tick_interval_ms().is_some() && window.app.status().0.starts_with("Opening"));
    window.work();
    window.press(Key::End, CTRL);
    window.type_text("the end");
    assert!(window.damage.pixel_count() < 60_000, "{} pixels", window.damage.pixel_count());
    window.press(Key::S, CTRL);
    let mut ticks = 0;
    while window.app.tick_interval_ms().is_some() {
        // What is typed meanwhile must not fall between two slices.
        window.type_text("x");
        window.tick();
        ticks += 1;
    }
    assert!(ticks > 20);
    assert!(window.host.files.files["/disk/large.txt"] == format!("{contents}the end").into_bytes());
    assert!(!window.app.has_unsaved_changes());
}

#[test]
fn a_file_that_is_not_there_is_made_when_saved() {
    let app = Editor::new(Some("/disk/fresh.txt"));
    let size = app.initial_size();
    let mut window = Window::open_with(app, FakeHost::new(), size);
    assert!(!window.app.has_overlay());
    window.type_text("hi");
    window.press(Key::S, CTRL);
    assert_eq!(window.host.files.files["/disk/fresh.txt"], b"hi");
}

/// Smaller than its minimum, as on a tiny screen: the text does not show through the bars.
#[test]
fn a_window_without_room_for_text_shows_none() {
    let mut window = editor_on("One\nTwo\nThree\n");
    let size = Size::new(200, 100);
    window.resize(size);
    window.press(Key::F, CTRL);
    window.press(Key::Escape, NONE);
    window.press(Key::F, CTRL);
    for key in [Key::F3, Key::Enter, Key::Down] {
        window.type_text("T");
        window.press(key, NONE);
        let shown = window.surface.pixels().to_vec();
        window.resize(size);
        assert!(shown == window.surface.pixels(), "{key:?}: something stale is on the screen");
    }
}

/// Any events in any order: nothing panics, every pixel that changes is declared (`Window` looks), and what is drawn
/// piece by piece is what is drawn at once.
#[test]
fn random_events_do_no_harm() {
    const KEYS: [Key; 24] = [
        Key::Left,
        Key::Right,
        Key::Up,
        Key::Down,
        Key::Home,
        Key::End,
        Key::PageUp,
        Key::PageDown,
        Key::Enter,
        Key::Tab,
        Key::Backspace,
        Key::Delete,
        Key::Escape,
        Key::A,
        Key::C,
        Key::X,
        Key::V,
        Key::Z,
        Key::Y,
        Key::F,
        Key::H,
        Key::G,
        Key::F3,
        Key::S,
    ];
    for seed in 1..6_u64 {
        let mut random = Rng::with_seed(seed * 0x1234_5677);
        let mut window = editor_on(
            "The quick brown fox\n\tjumps over the lazy dog, and on it goes for a while.\n".repeat(20),
        );
        for _ in 0..250 {
            match random.usize(..10) {
                0..=3 => {
                    let modifiers =
                        [NONE, NONE, CTRL, SHIFT, CTRL | SHIFT, Modifiers::ALT][random.usize(..6)];
                    window.press(KEYS[random.usize(..KEYS.len())], modifiers);
                }
                4 | 5 => window.type_text(["a", " ", "\u{e9}", "9", "\n"][random.usize(..5)]),
                6 => {
                    let sizes = [(740, 520), (420, 260), (200, 100), (900, 700)];
                    let (width, height) = sizes[random.usize(..sizes.len())];
                    window.resize(Size::new(width, height));
                }
                7 => drop(window.pointer(PointerKind::Wheel(random.i32(0..5) - 2), 100, 100)),
                _ => {
                    let kind = [
                        PointerKind::Pressed(Button::Primary),
                        PointerKind::Released(Button::Primary),
                        PointerKind::Moved,
                        PointerKind::Pressed(Button::Secondary),
                        PointerKind::Left,
                    ][random.usize(..5)];
                    window.pointer(kind, random.i32(0..760) - 10, random.i32(0..540) - 10);
                }
            }
            if window.closed {
                break;
            }
            window.host.now_ms += random.u64(..600);
        }
        if !window.closed {
            let pieces = window.surface.pixels().to_vec();
            let size = window.surface.size();
            if !window.app.has_overlay() {
                window.resize(size);
                assert!(pieces == window.surface.pixels(), "seed {seed}: something stale is on the screen");
            }
        }
    }
}
