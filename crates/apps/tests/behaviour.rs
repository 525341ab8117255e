//! What the apps do when they are used.

mod support;

use apps::{Monitor, Snake, Terminal, all, open};
use gfx::{Rect, Size};
use support::{FakeHost, Window};
use ui::{App, Button, Event, Key, Modifiers, PointerKind, Response};

const SHIFT: Modifiers = Modifiers::SHIFT;
const NONE: Modifiers = Modifiers::empty();

// --- All ---

#[test]
fn every_listed_app_opens_and_closes() {
    for info in all() {
        let mut app = open(info.id, None, &Default::default()).unwrap();
        let (initial, minimum) = (app.initial_size(), app.minimum_size());
        assert!(minimum.width <= initial.width && minimum.height <= initial.height, "{}", info.id);
        assert!(initial.width <= 800 && initial.height <= 560, "{} fits a small screen", info.id);
        // 640 × 480 without the panel and the title bar.
        assert!(minimum.width <= 640 && minimum.height <= 414, "{} fits the smallest screen", info.id);
        assert_eq!(app.event(Event::Close, &mut FakeHost::new()), Response::Close);
    }
    assert!(open("nothing", None, &Default::default()).is_none());
}

/// `Window` checks at every step that nothing changes outside the damage.
#[test]
fn any_size_is_drawn_whole_and_nothing_panics() {
    for info in all() {
        for (width, height) in [(1, 1), (17, 900), (900, 17), (160, 80), (1920, 1080)] {
            let mut app = open(info.id, None, &Default::default()).unwrap();
            let mut host = FakeHost::new();
            let size = Size::new(width, height);
            app.event(Event::Resize(size), &mut host);
            let mut surface = gfx::Surface::new(size);
            let mut damage = gfx::Damage::new();
            app.draw(&mut surface.canvas(), &mut damage);
            assert!(damage.bounds().contains_rect(Rect::new(0, 0, width, height)), "{}", info.id);
        }
    }
}

// --- Terminal ---

#[test]
fn typing_reaches_the_shell_and_its_answer_the_screen() {
    let mut window = Window::open(Terminal::new());
    assert_eq!(window.host.pty.size, (80, 24));
    window.print("$ ");
    window.type_text("ls /disk");
    window.press(Key::Enter, NONE);
    assert_eq!(window.host.pty.typed, b"ls /disk\r");
    window.print("ls /disk\r\nreadme.txt\r\n$ ");
    assert_eq!(window.app.text(), "$ ls /disk\nreadme.txt\n$");
}

#[test]
fn a_typed_character_repaints_two_cells() {
    let mut window = Window::open(Terminal::new());
    window.print("$ ");
    window.print("x");
    assert!(window.damage.pixel_count() <= 2 * 9 * 18, "{} pixels", window.damage.pixel_count());
    assert_eq!(window.send(Event::Data), Response::Nothing, "nothing new, nothing drawn");
}

#[test]
fn resizing_tells_the_shell_and_keeps_the_text() {
    let mut window = Window::open(Terminal::new());
    window.print("a line of text that is longer than forty columns wide");
    let size = window.app.minimum_size();
    window.resize(size);
    assert_eq!(window.host.pty.size, (24, 4));
    assert_eq!(window.app.text(), "a line of text that is l\nonger than forty columns\n wide");
}

#[test]
fn the_wheel_and_keys_scroll_back_and_typing_returns() {
    let mut window = Window::open(Terminal::new());
    for line in 0..100 {
        window.print(&format!("line {line}\r\n"));
    }
    window.pointer(PointerKind::Wheel(1), 50, 50);
    assert!(window.app.text().starts_with("line 74\n"), "{}", window.app.text());
    window.press(Key::Home, SHIFT);
    assert!(window.app.text().starts_with("line 0\n"));
    window.press(Key::PageDown, SHIFT);
    assert!(window.app.text().starts_with("line 23\n"));
    assert!(window.host.pty.typed.is_empty(), "these keys are not the shell's");
    window.type_text("x");
    assert!(window.app.text().starts_with("line 77\n"));
}

#[test]
fn in_a_full_screen_program_the_wheel_is_arrow_keys() {
    let mut window = Window::open(Terminal::new());
    window.print("\x1b[?1049h");
    window.pointer(PointerKind::Wheel(-1), 50, 50);
    assert_eq!(window.host.pty.typed, b"\x1b[B\x1b[B\x1b[B");
}

#[test]
fn dragging_selects_and_the_selection_is_pasted() {
    let mut window = Window::open(Terminal::new());
    window.print("hello world\r\n");
    let cell = |column: i32| 10 + column * 9 + 4;
    window.pointer(PointerKind::Pressed(Button::Primary), cell(6), 15);
    window.pointer(PointerKind::Moved, cell(10), 15);
    window.pointer(PointerKind::Released(Button::Primary), cell(10), 15);
    window.press(Key::C, Modifiers::CTRL | SHIFT);
    window.press(Key::V, Modifiers::CTRL | SHIFT);
    assert_eq!(window.host.pty.typed, b"world");
    assert_eq!(window.pointer(PointerKind::Moved, 300, 300), Response::Nothing, "the drag is over");
}

#[test]
fn a_double_click_selects_a_word_and_the_middle_button_pastes_it() {
    let mut window = Window::open(Terminal::new());
    window.print("cat /disk/readme.txt now");
    let x = 10 + 8 * 9;
    window.click(x, 15);
    window.pointer(PointerKind::Pressed(Button::Middle), x, 15);
    assert!(window.host.pty.typed.is_empty(), "one click selects nothing");
    window.click(x, 15);
    window.pointer(PointerKind::Pressed(Button::Middle), x, 15);
    assert_eq!(window.host.pty.typed, b"/disk/readme.txt");
    window.host.now_ms += 1000;
    window.click(x, 15);
    window.host.now_ms += 1000;
    window.click(x, 15);
    window.press(Key::C, Modifiers::CTRL | SHIFT);
    window.press(Key::V, Modifiers::CTRL | SHIFT);
    assert_eq!(window.host.pty.typed, b"/disk/readme.txt/disk/readme.txt", "two slow clicks are none");
}

#[test]
fn a_shell_that_does_not_read_loses_nothing() {
    let mut window = Window::open(Terminal::new());
    window.host.pty.room = 3;
    window.type_text("abcdef");
    assert_eq!(window.host.pty.typed, b"abc");
    assert!(window.app.tick_interval_ms().is_some(), "it tries again");
    window.host.pty.room = 100;
    window.tick();
    assert_eq!(window.host.pty.typed, b"abcdef");
    assert_eq!(window.app.tick_interval_ms(), None, "an idle terminal costs nothing");
}

#[test]
fn a_flood_is_shown_in_pieces_and_whole_at_the_end() {
    let mut window = Window::open(Terminal::new());
    window.print(&format!("{}the end", "flood\r\n".repeat(100_000)));
    let mut ticks = 0;
    while window.app.tick_interval_ms().is_some() {
        window.tick();
        ticks += 1;
    }
    assert!(ticks > 1);
    assert!(window.app.text().ends_with("the end"));
}

#[test]
fn questions_are_answered_and_the_title_follows() {
    let mut window = Window::open(Terminal::new());
    window.print("\x1b[6n\x1b]0;a program\x07");
    assert_eq!(window.host.pty.typed, b"\x1b[1;1R");
    assert_eq!(window.app.title(), "a program");
}

#[test]
fn the_window_closes_when_the_shell_ends() {
    let mut window = Window::open(Terminal::new());
    window.host.pty.closed = true;
    window.print("bye");
    assert!(window.closed);
}

// --- System Monitor ---

#[test]
fn an_unchanged_table_is_not_repainted() {
    let mut window = Window::open(Monitor::new());
    window.tick();
    window.tick();
    let table = Rect::new(0, 250, 640, 230);
    assert!(window.damage.rects().iter().all(|rect| !rect.intersects(table)), "{:?}", window.damage.rects());
}

#[test]
fn a_click_on_a_column_sorts() {
    let mut window = Window::open(Monitor::new());
    let before = window.surface.pixels().to_vec();
    // The head of "Name".
    window.click(40, 232);
    let by_name = window.surface.pixels().to_vec();
    assert_ne!(before, by_name);
    window.click(40, 232);
    assert_ne!(by_name, window.surface.pixels(), "the other way round");
    window.click(40, 232);
    assert_eq!(by_name, window.surface.pixels());
}

#[test]
fn a_machine_that_changes_its_mind_does_not_upset_it() {
    let mut window = Window::open(Monitor::new());
    for cpus in [0, 1, 8, 64] {
        window.host.figures.cpu_busy_percent = vec![255; cpus];
        window.host.figures.memory_total = 0;
        window.host.figures.memory_used = u64::MAX;
        window.host.figures.threads.truncate(cpus);
        window.tick();
    }
    for key in [Key::End, Key::Home, Key::PageDown, Key::Up] {
        window.press(key, NONE);
    }
}

// --- Snake ---

fn die(window: &mut Window<Snake>) {
    while window.app.tick_interval_ms().is_some() {
        window.tick();
    }
}

#[test]
fn it_waits_pauses_and_ends() {
    let mut window = Window::open(Snake::new());
    assert_eq!(window.app.tick_interval_ms(), None, "waiting costs nothing");
    window.press(Key::Right, NONE);
    assert!(window.app.tick_interval_ms().is_some());
    window.press(Key::P, NONE);
    assert_eq!(window.app.tick_interval_ms(), None);
    window.press(Key::P, NONE);
    window.send(Event::Focus(false));
    assert_eq!(window.app.tick_interval_ms(), None, "another window got the focus");
    window.press(Key::D, NONE);
    die(&mut window);
    window.press(Key::Space, NONE);
    assert!(window.app.tick_interval_ms().is_some(), "again");
}

#[test]
fn a_step_repaints_few_places() {
    let mut window = Window::open(Snake::new());
    window.press(Key::Right, NONE);
    window.tick();
    window.tick();
    assert!(window.damage.pixel_count() <= 8 * 24 * 24, "{} pixels", window.damage.pixel_count());
}

#[test]
fn the_best_score_is_read_from_the_disk() {
    let mut host = FakeHost::new();
    host.files.files.insert("/disk/snake.score".into(), b"17\n".to_vec());
    let mut window = Window::open_with(Snake::new(), host, Size::new(640, 440));
    assert_eq!(window.app.best(), 17);
    window.press(Key::Right, NONE);
    die(&mut window);
    assert_eq!(window.host.files.writes, 0, "not beaten, not written");
}

#[test]
fn a_damaged_score_file_and_a_missing_disk_are_survived() {
    let mut host = FakeHost::new();
    host.files.files.insert("/disk/snake.score".into(), b"\xff\xfe many".to_vec());
    host.files.is_missing = true;
    let mut window = Window::open_with(Snake::new(), host, Size::new(640, 440));
    assert_eq!(window.app.best(), 0);
    window.press(Key::Right, NONE);
    die(&mut window);
}

/// Eats at least one apple by walking the whole field, and finds the score on the disk.
#[test]
fn a_better_score_is_kept() {
    let mut window = Window::open(Snake::new());
    window.press(Key::Down, NONE);
    // Three rows down from row 12 is the last; then left to the wall, then lanes of two rows up.
    for _ in 0..3 {
        window.tick();
    }
    window.press(Key::Left, NONE);
    for _ in 0..8 {
        window.tick();
    }
    window.press(Key::Up, NONE);
    window.tick();
    let mut to_right = true;
    while window.app.score() == 0 {
        window.press(if to_right { Key::Right } else { Key::Left }, NONE);
        for _ in 0..23 {
            window.tick();
        }
        window.press(Key::Up, NONE);
        window.tick();
        to_right = !to_right;
        assert!(window.app.tick_interval_ms().is_some() || window.app.score() > 0, "died hungry");
    }
    die(&mut window);
    let best = window.app.best();
    assert!(best > 0);
    assert_eq!(window.host.files.files["/disk/snake.score"], format!("{best}\n").into_bytes());
}
