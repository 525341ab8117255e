//! What Files does when it is used.

mod support;

use apps::FileManager;
use fastrand::Rng;
use gfx::{Point, Size};
use support::{FakeHost, Window};
use ui::{App, Button, Clipboard, Event, FileError, Key, Modifiers, PointerKind, Response};

const NONE: Modifiers = Modifiers::empty();
const CTRL: Modifiers = Modifiers::CTRL;
const SHIFT: Modifiers = Modifiers::SHIFT;
const ALT: Modifiers = Modifiers::ALT;

fn host() -> FakeHost {
    let mut host = FakeHost::new();
    let files = &mut host.files;
    files.put("/disk/notes/poem.txt", "Burn the white stone");
    files.put("/disk/notes/shopping.txt", "lime");
    files.put("/disk/readme.txt", "Hello.");
    files.put("/disk/picture.bin", [0, 159, 146, 150]);
    files.put("/disk/.hidden", "");
    files.put("/tmp/draft", "draft");
    host
}

fn window_on(path: &str, host: FakeHost) -> Window<FileManager> {
    let app = FileManager::new(Some(path));
    let size = app.initial_size();
    Window::open_with(app, host, size)
}

fn window() -> Window<FileManager> {
    window_on("/disk", host())
}

/// Selects a name by typing it, which takes longer than any earlier typing is remembered.
fn select(window: &mut Window<FileManager>, name: &str) {
    window.host.now_ms += 5000;
    window.type_text(name);
    assert_eq!(window.app.selected_names(), [name]);
}

fn double_click(window: &mut Window<FileManager>, name: &str) {
    let at = window.app.row_of(name).unwrap().center();
    window.host.now_ms += 1000;
    window.click(at.x, at.y);
    window.click(at.x, at.y);
}

#[test]
fn folders_are_entered_left_and_gone_back_to() {
    let mut window = window();
    assert_eq!(window.app.names(), ["notes", "picture.bin", "readme.txt"], "folders first, hidden ones not");
    double_click(&mut window, "notes");
    assert_eq!(window.app.directory(), "/disk/notes");
    assert_eq!(window.app.names(), ["poem.txt", "shopping.txt"]);
    window.press(Key::Backspace, NONE);
    assert_eq!((window.app.directory(), window.app.selected_names()), ("/disk", vec!["notes"]));
    window.press(Key::Left, ALT);
    assert_eq!(window.app.directory(), "/disk/notes");
    window.press(Key::Right, ALT);
    assert_eq!(window.app.directory(), "/disk");
    let part = window.app.path_part("Computer").unwrap().center();
    window.click(part.x, part.y);
    assert_eq!(window.app.names(), ["disk", "tmp"]);
    window.press(Key::L, CTRL);
    window.type_text("/disk/notes/poem.txt\n");
    assert_eq!((window.app.directory(), window.app.selected_names()), ("/disk/notes", vec!["poem.txt"]));
    window.press(Key::L, CTRL);
    window.type_text("/nowhere\n");
    assert!(window.app.has_overlay() && window.app.directory() == "/disk/notes");
}

#[test]
fn a_text_opens_in_the_editor_and_other_things_are_explained() {
    let mut window = window();
    double_click(&mut window, "readme.txt");
    assert_eq!(window.host.launched, ["editor /disk/readme.txt"]);
    select(&mut window, "picture.bin");
    window.press(Key::Enter, NONE);
    assert!(window.app.has_overlay());
    assert_eq!(window.host.launched.len(), 1);
}

#[test]
fn the_head_sorts() {
    let mut window = window();
    let right = window.app.row_of("notes").unwrap().right();
    let y = window.app.row_of("notes").unwrap().y - 15;
    window.click(right - 170, y);
    assert_eq!(window.app.names(), ["notes", "readme.txt", "picture.bin"], "by size, the largest first");
    window.click(right - 170, y);
    assert_eq!(window.app.names(), ["notes", "picture.bin", "readme.txt"]);
}

#[test]
fn a_new_folder_is_made_and_a_bad_name_is_explained() {
    let mut window = window();
    window.press(Key::N, CTRL | SHIFT);
    window.type_text("a?b\n");
    assert!(window.app.has_overlay(), "the question stays");
    window.press(Key::A, CTRL);
    window.type_text("readme.txt\n");
    assert!(window.app.has_overlay(), "it is taken");
    window.press(Key::A, CTRL);
    window.type_text("photos\n");
    assert!(!window.app.has_overlay() && window.host.files.exists("/disk/photos"));
    assert_eq!(window.app.selected_names(), ["photos"]);
    window.press(Key::Z, CTRL);
    assert!(!window.host.files.exists("/disk/photos"));
}

#[test]
fn renaming_in_place_and_back() {
    let mut window = window();
    select(&mut window, "readme.txt");
    window.press(Key::F2, NONE);
    window.type_text("story\n");
    assert_eq!(window.app.selected_names(), ["story.txt"], "the extension was not selected");
    assert_eq!(window.host.files.files["/disk/story.txt"], b"Hello.");
    window.press(Key::Z, CTRL);
    assert_eq!(window.app.names(), ["notes", "picture.bin", "readme.txt"]);
    // A name that is taken, one that leads elsewhere, and Escape change nothing.
    for (name, explained) in [("picture.bin\n", true), ("../x\n", true), ("other", false)] {
        select(&mut window, "readme.txt");
        window.press(Key::F2, NONE);
        window.press(Key::A, CTRL);
        window.type_text(name);
        assert_eq!(window.app.has_overlay(), explained);
        window.press(Key::Escape, NONE);
        assert_eq!(window.app.names(), ["notes", "picture.bin", "readme.txt"]);
    }
}

#[test]
fn copy_cut_and_paste_between_windows() {
    let mut first = window();
    select(&mut first, "notes");
    first.press(Key::C, CTRL);
    let mut second = window_on("/tmp", first.host);
    second.press(Key::V, CTRL);
    second.work();
    assert_eq!(second.host.files.files["/tmp/notes/poem.txt"], b"Burn the white stone");
    assert_eq!(second.app.selected_names(), ["notes"]);
    select(&mut second, "draft");
    second.press(Key::X, CTRL);
    let mut first = window_on("/disk/notes", second.host);
    first.press(Key::V, CTRL);
    first.work();
    assert_eq!(first.app.names(), ["draft", "poem.txt", "shopping.txt"]);
    assert!(!first.host.files.exists("/tmp/draft"));
    assert_eq!(first.host.clipboard, Clipboard::Empty, "what was cut is pasted once");
    first.press(Key::Z, CTRL);
    first.work();
    assert!(first.host.files.exists("/tmp/draft") && !first.host.files.exists("/disk/notes/draft"));
}

#[test]
fn a_copy_beside_the_original_gets_another_name() {
    let mut window = window();
    select(&mut window, "readme.txt");
    window.press(Key::C, CTRL);
    window.press(Key::V, CTRL);
    window.work();
    assert!(window.host.files.exists("/disk/readme (2).txt"));
    window.press(Key::Z, CTRL);
    window.work();
    assert_eq!(window.app.names(), ["notes", "picture.bin", "readme.txt"]);
}

#[test]
fn a_taken_name_is_asked_about() {
    for (tabs, expected) in [(0, ("old", Some("Hello."))), (1, ("Hello.", None)), (2, ("old", None))] {
        let mut host = host();
        host.files.put("/tmp/readme.txt", "old");
        let mut window = window_on("/disk", host);
        select(&mut window, "readme.txt");
        window.press(Key::C, CTRL);
        let mut window = window_on("/tmp", window.host);
        window.press(Key::V, CTRL);
        window.work();
        assert!(window.app.has_overlay());
        // "Keep both" has the focus, then "Replace"; the box follows, and "Skip".
        for _ in 0..tabs {
            window.press(Key::Right, NONE);
        }
        if tabs == 2 {
            window.press(Key::Right, NONE);
        }
        window.press(Key::Enter, NONE);
        window.work();
        let read = |path: &str| {
            window.host.files.files.get(path).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        };
        assert_eq!(read("/tmp/readme.txt").as_deref(), Some(expected.0), "{tabs}");
        assert_eq!(read("/tmp/readme (2).txt").as_deref(), expected.1, "{tabs}");
    }
}

#[test]
fn delete_goes_to_the_trash_and_comes_back() {
    let mut window = window();
    let before = window.host.files.tree();
    select(&mut window, "notes");
    window.press(Key::Delete, NONE);
    window.work();
    assert_eq!(window.app.names(), ["picture.bin", "readme.txt"]);
    assert!(window.host.files.exists("/disk/.Trash/files/notes/poem.txt"));
    window.press(Key::Z, CTRL);
    window.work();
    assert_eq!(window.app.names(), ["notes", "picture.bin", "readme.txt"]);
    let mut after = window.host.files.tree();
    after.retain(|path, _| !path.starts_with("/disk/.Trash"));
    assert_eq!(after, before);
}

#[test]
fn the_trash_is_looked_into_put_back_from_and_emptied() {
    let mut window = window();
    for name in ["readme.txt", "picture.bin"] {
        select(&mut window, name);
        window.press(Key::Delete, NONE);
        window.work();
    }
    let mut window = window_on("/disk/.Trash/files", window.host);
    assert_eq!(window.app.names(), ["picture.bin", "readme.txt"]);
    assert!(window.app.title().starts_with("Trash"));
    let at = window.app.row_of("readme.txt").unwrap().center();
    window.pointer(PointerKind::Pressed(Button::Secondary), at.x, at.y);
    window.press(Key::Down, NONE);
    window.press(Key::Enter, NONE);
    window.work();
    assert_eq!(window.host.files.files["/disk/readme.txt"], b"Hello.");
    assert_eq!(window.app.names(), ["picture.bin"]);
    window.pointer(PointerKind::Pressed(Button::Secondary), at.x, 300);
    window.press(Key::Down, NONE);
    window.press(Key::Enter, NONE);
    assert!(window.app.has_overlay(), "sure?");
    window.press(Key::Enter, NONE);
    assert_eq!(window.app.names(), ["picture.bin"], "Enter cancels");
    window.pointer(PointerKind::Pressed(Button::Secondary), at.x, 300);
    window.press(Key::Down, NONE);
    window.press(Key::Enter, NONE);
    window.press(Key::Right, NONE);
    window.press(Key::Enter, NONE);
    window.work();
    assert!(window.app.names().is_empty());
    assert!(!window.host.files.files.keys().any(|path| path.contains("/.Trash/")));
}

#[test]
fn deleting_for_good_asks() {
    let mut window = window();
    select(&mut window, "readme.txt");
    window.press(Key::Delete, SHIFT);
    assert!(window.app.has_overlay());
    window.press(Key::Escape, NONE);
    assert!(window.host.files.exists("/disk/readme.txt"));
    window.press(Key::Delete, SHIFT);
    window.press(Key::Tab, NONE);
    window.press(Key::Enter, NONE);
    window.work();
    assert!(!window.host.files.exists("/disk/readme.txt"));
}

#[test]
fn the_system_s_own_folders_stay() {
    let mut window = window_on("/", host());
    for name in ["tmp", "disk"] {
        select(&mut window, name);
        window.press(Key::Delete, NONE);
        assert!(window.app.has_overlay());
        window.press(Key::Enter, NONE);
    }
    assert!(window.host.files.exists("/tmp/draft") && window.host.files.exists("/disk/readme.txt"));
}

#[test]
fn what_fails_is_explained_and_can_be_tried_again() {
    let mut window = window();
    select(&mut window, "notes");
    window.press(Key::C, CTRL);
    let mut window = window_on("/tmp", window.host);
    window.host.files.fails_after = Some((3, FileError::NoSpace));
    window.press(Key::V, CTRL);
    assert!(window.app.has_overlay());
    assert_eq!(window.app.tick_interval_ms(), None, "it waits for the answer");
    window.host.files.fails_after = None;
    window.press(Key::Enter, NONE);
    window.work();
    assert_eq!(window.host.files.files["/tmp/notes/shopping.txt"], b"lime");
}

#[test]
fn long_work_leaves_the_window_alive_and_can_be_cancelled() {
    let mut host = host();
    host.files.put("/disk/large.bin", vec![1; 40 << 20]);
    let mut window = window_on("/disk", host);
    let before = window.host.files.tree();
    select(&mut window, "large.bin");
    window.press(Key::C, CTRL);
    window.press(Key::V, CTRL);
    assert!(window.app.tick_interval_ms().is_some());
    window.tick();
    assert_eq!(window.send(Event::Close), Response::Redraw, "it asks before it stops");
    window.press(Key::Enter, NONE);
    window.press(Key::Escape, NONE);
    window.work();
    assert!(window.host.files.tree() == before);
    // And once more, not cancelled.
    window.press(Key::V, CTRL);
    window.work();
    assert_eq!(window.host.files.files["/disk/large (2).bin"].len(), 40 << 20);
}

#[test]
fn closing_during_work_clears_up_first() {
    let mut host = host();
    host.files.put("/disk/large.bin", vec![1; 40 << 20]);
    let mut window = window_on("/disk", host);
    let before = window.host.files.tree();
    select(&mut window, "large.bin");
    window.press(Key::C, CTRL);
    window.press(Key::V, CTRL);
    window.send(Event::Close);
    window.press(Key::Right, NONE);
    window.press(Key::Enter, NONE);
    window.work();
    assert!(window.closed);
    assert!(window.host.files.tree() == before);
}

#[test]
fn the_mouse_selects_with_ctrl_and_shift() {
    let mut window = window();
    let at = |window: &Window<FileManager>, name: &str| window.app.row_of(name).unwrap().center();
    let press = PointerKind::Pressed(Button::Primary);
    window.pointer_with(press, at(&window, "notes"), NONE);
    window.pointer_with(press, at(&window, "readme.txt"), CTRL);
    assert_eq!(window.app.selected_names(), ["notes", "readme.txt"]);
    window.pointer_with(press, at(&window, "picture.bin"), SHIFT);
    assert_eq!(window.app.selected_names(), ["picture.bin", "readme.txt"]);
    window.pointer_with(press, Point::new(400, 380), NONE);
    assert!(window.app.selected_names().is_empty(), "a click beside");
    window.press(Key::A, CTRL);
    assert_eq!(window.app.selected_names().len(), 3);
}

/// 5,000 names: a step repaints rows, not the folder, and reaches every end.
#[test]
fn a_large_folder_scrolls_in_steps_of_few_rows() {
    let mut host = FakeHost::new();
    for number in 0..5000 {
        host.files.put(&format!("/disk/many/file {number:04}.txt"), "x");
    }
    let mut window = window_on("/disk/many", host);
    assert_eq!(window.app.names().len(), 5000);
    window.press(Key::Down, NONE);
    window.press(Key::Down, NONE);
    assert!(window.damage.pixel_count() < 60_000, "{} pixels", window.damage.pixel_count());
    window.press(Key::End, NONE);
    assert_eq!(window.app.selected_names(), ["file 4999.txt"]);
    assert!(window.app.row_of("file 4999.txt").is_some());
    window.type_text("file 25");
    assert_eq!(window.app.selected_names(), ["file 2500.txt"]);
    window.pointer(PointerKind::Wheel(-10), 400, 200);
    assert!(window.app.row_of("file 2500.txt").is_none());
}

#[test]
fn properties_count_what_is_inside() {
    let mut window = window();
    select(&mut window, "notes");
    window.press(Key::Enter, ALT);
    window.work();
    assert!(window.app.has_overlay());
    assert!(!window.app.has_unsaved_changes());
}

#[test]
fn what_belongs_to_the_system_stays() {
    for (keys, modifiers) in [(Key::F2, NONE), (Key::X, CTRL), (Key::Delete, NONE), (Key::Delete, SHIFT)] {
        for name in ["tmp", "disk"] {
            let mut window = window_on("/", host());
            select(&mut window, name);
            window.press(keys, modifiers);
            assert!(window.app.has_overlay(), "{name} and {keys:?}: says that it stays");
            window.press(Key::Enter, NONE);
            window.type_text("other");
            window.press(Key::Enter, NONE);
            window.work();
            assert!(window.host.files.exists("/disk") && window.host.files.exists("/tmp"));
            assert!(!matches!(window.host.clipboard, Clipboard::Files { is_cut: true, .. }));
        }
    }
}

/// Any events in any order: nothing panics, every pixel that changes is declared (`Window` looks), what is drawn piece
/// by piece is what is drawn at once, and no half file is ever left.
#[test]
fn random_events_do_no_harm() {
    const KEYS: [Key; 22] = [
        Key::Up,
        Key::Down,
        Key::Home,
        Key::End,
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
        Key::H,
        Key::L,
        Key::N,
        Key::F2,
        Key::F5,
        Key::Menu,
        Key::Left,
    ];
    for seed in 1..8_u64 {
        let mut random = Rng::with_seed(seed * 0x9876_5431);
        let mut host = host();
        for number in 0..30 {
            host.files.put(&format!("/disk/notes/deep/{number}"), vec![number; 5000]);
        }
        let mut window = window_on("/disk", host);
        for step in 0..400 {
            match random.usize(..10) {
                0..=4 => {
                    let modifiers = [NONE, NONE, NONE, CTRL, SHIFT, CTRL | SHIFT, ALT][random.usize(..7)];
                    window.press(KEYS[random.usize(..KEYS.len())], modifiers);
                }
                5 => window.type_text(["r", "n", "x", "1"][random.usize(..4)]),
                6 => {
                    let sizes = [(720, 460), (400, 280), (200, 100), (900, 700)];
                    let (width, height) = sizes[random.usize(..sizes.len())];
                    window.resize(Size::new(width, height));
                }
                7 if window.app.tick_interval_ms().is_some() => window.tick(),
                _ => {
                    let kind = [
                        PointerKind::Pressed(Button::Primary),
                        PointerKind::Released(Button::Primary),
                        PointerKind::Moved,
                        PointerKind::Pressed(Button::Secondary),
                        PointerKind::Wheel(-1),
                        PointerKind::Left,
                    ][random.usize(..6)];
                    window.pointer(kind, random.i32(0..740) - 10, random.i32(0..480) - 10);
                }
            }
            window.host.now_ms += random.u64(..600);
            if window.closed {
                break;
            }
            if step % 40 == 39 && !window.app.has_overlay() {
                window.pointer(PointerKind::Left, 0, 0);
                let shown = window.surface.pixels().to_vec();
                let size = window.surface.size();
                window.resize(size);
                let differing = shown.iter().zip(window.surface.pixels()).position(|(a, b)| a != b);
                assert_eq!(differing, None, "seed {seed}, step {step}: something stale at this pixel");
            }
        }
        if !window.app.has_overlay() {
            window.work();
            assert!(!window.host.files.files.keys().any(|path| path.ends_with(".part")), "seed {seed}");
        }
        assert!(window.host.files.exists("/disk") && window.host.files.exists("/tmp"));
    }
}
