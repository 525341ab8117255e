//! What the user does and what must come of it: nothing stale on the screen, little painted, and the
//! right program told.

mod common;

use common::Screen;
use desktop::{Action, Input, ToastKind};
use fastrand::Rng;
use gfx::Size;
use keymap::{Key, KeyState, Modifiers};
use ui::{Button, DateTime, Event, PointerKind};

const KEYS: [Key; 12] = [
    Key::Tab,
    Key::F1,
    Key::F9,
    Key::F10,
    Key::Left,
    Key::Right,
    Key::Up,
    Key::Down,
    Key::Escape,
    Key::Enter,
    Key::LeftAlt,
    Key::Delete,
];

fn random_step(screen: &mut Screen, random: &mut Rng) -> String {
    let size = screen.pixels.size();
    match random.i32(0..14) {
        0 => {
            let app = common::APPS[random.usize(..4)].id;
            if screen.session.needs_frame() || random.i32(0..3) > 0 {
                return String::new();
            }
            let client = Size::new(200 + random.i32(0..200), 120 + random.i32(0..150));
            format!("open {app} {:?}", screen.open(app, client))
        }
        1 | 2 => {
            screen.press();
            "press".into()
        }
        3 | 4 => {
            screen.release();
            "release".into()
        }
        5 => {
            let key = KEYS[random.usize(..KEYS.len())];
            let modifiers = [Modifiers::ALT, Modifiers::META, Modifiers::empty()][random.usize(..3)];
            let state = if random.i32(0..3) == 0 { KeyState::Released } else { KeyState::Pressed };
            screen.key(key, state, modifiers);
            format!("{key:?} {state:?} {modifiers:?}")
        }
        6 => {
            screen.session.notify(ToastKind::Info, "Something has happened", screen.now_ms);
            "notify".into()
        }
        7 => {
            screen.now_ms += 3000;
            screen.session.tick(screen.now_ms);
            "tick".into()
        }
        8 => {
            let minute = random.u8(..60);
            screen.session.set_time(DateTime {
                minute,
                hour: minute / 3,
                day: minute / 2 + 1,
                ..common::NOW
            });
            "time".into()
        }
        9 => {
            for (id, event) in delivered(screen) {
                if event == Event::Close {
                    let _ = screen.session.close(id);
                } else if random.i32(0..3) == 0 {
                    screen.session.set_title(id, ["Short", "A longer title"][random.usize(..2)]);
                }
            }
            "close or title".into()
        }
        _ => {
            let (x, y) = (random.i32(0..size.width + 40) - 20, random.i32(0..size.height + 40) - 20);
            screen.move_to(x, y);
            format!("move {x},{y}")
        }
    }
}

fn delivered(screen: &mut Screen) -> Vec<(desktop::WindowId, Event)> {
    let actions = screen.take_actions();
    actions
        .into_iter()
        .filter_map(|action| match action {
            Action::Deliver(id, event) => Some((id, event)),
            _ => None,
        })
        .collect()
}

#[test]
fn nothing_stale_is_ever_left_on_the_screen() {
    for seed in 1..=40 {
        let mut random = Rng::with_seed(seed);
        let mut screen = Screen::new(420, 320);
        screen.frame();
        let mut steps = Vec::new();
        for number in 0..220 {
            steps.push(random_step(&mut screen, &mut random));
            // Frames come at any time, often after several inputs.
            if random.i32(0..3) == 0 {
                screen.frame();
                let recent = steps[steps.len().saturating_sub(8)..].join(", ");
                screen.assert_not_stale(&format!("seed {seed}, step {number}, after {recent}"));
            }
        }
    }
}

fn desktop() -> Screen {
    let mut screen = Screen::new(1280, 800);
    screen.open("monitor", Size::new(560, 380));
    screen.open("terminal", Size::new(680, 400));
    screen.move_to(640, 400);
    screen.frame();
    screen
}

#[test]
fn an_idle_desktop_draws_nothing() {
    let mut screen = desktop();
    assert!(!screen.session.needs_frame());
    screen.session.tick(60_000);
    screen.session.set_time(DateTime { second: 50, ..common::NOW });
    assert!(!screen.session.needs_frame());
    assert_eq!(screen.frame(), 0);
}

#[test]
fn moving_the_pointer_paints_two_pointers_at_most() {
    let mut screen = desktop();
    for step in 0..200 {
        screen.move_to(20 + step * 6, 100 + step * 3);
        let painted = screen.frame();
        // Over a button or a dock icon its highlight comes with it.
        assert!(painted <= 10_000, "{painted} pixels at step {step}");
    }
    screen.move_to(640, 300);
    screen.frame();
    screen.move_to(700, 350);
    assert!(screen.frame() <= 2 * 32 * 32);
}

#[test]
fn a_new_minute_paints_only_the_clock() {
    let mut screen = desktop();
    screen.session.set_time(DateTime { minute: 42, ..common::NOW });
    let painted = screen.frame();
    assert!(painted > 0 && painted < 200 * 30, "{painted}");
}

#[test]
fn what_a_window_covers_is_not_painted() {
    let mut screen = desktop();
    screen.tap(Key::Up, Modifiers::META);
    screen.frame();
    let back = screen.open("about", Size::new(300, 200));
    screen.key(Key::Tab, KeyState::Pressed, Modifiers::ALT);
    screen.key(Key::LeftAlt, KeyState::Released, Modifiers::empty());
    screen.frame();
    screen.draw_program(back, Size::new(300, 200));
    assert_eq!(screen.frame(), 0, "the maximised window is in front of it");
}

#[test]
fn keys_go_to_the_focused_window_and_shortcuts_do_not() {
    let mut screen = desktop();
    screen.take_actions();
    screen.tap(Key::A, Modifiers::empty());
    assert_eq!(delivered(&mut screen).len(), 2);
    screen.tap(Key::F4, Modifiers::ALT);
    let events = delivered(&mut screen);
    assert!(events.iter().any(|(_, event)| *event == Event::Close));
    assert!(!events.iter().any(|(_, event)| matches!(event, Event::Key(key) if key.is_down())));
}

#[test]
fn a_drag_inside_a_window_stays_with_it_outside_too() {
    let mut screen = desktop();
    screen.move_to(640, 400);
    screen.take_actions();
    screen.press();
    screen.move_to(5, 790);
    screen.release();
    let kinds: Vec<_> = delivered(&mut screen)
        .into_iter()
        .filter_map(|(_, event)| match event {
            Event::Pointer(pointer) => Some(pointer.kind),
            _ => None,
        })
        .collect();
    let primary = Button::Primary;
    assert_eq!(kinds, [PointerKind::Pressed(primary), PointerKind::Moved, PointerKind::Released(primary)]);
}

#[test]
fn the_super_key_alone_opens_the_menu_and_with_others_does_not() {
    let mut screen = desktop();
    screen.tap(Key::LeftMeta, Modifiers::META);
    screen.tap(Key::Down, Modifiers::empty());
    screen.take_actions();
    screen.tap(Key::Enter, Modifiers::empty());
    assert_eq!(screen.take_actions().first(), Some(&Action::Launch("terminal")));

    screen.key(Key::LeftMeta, KeyState::Pressed, Modifiers::META);
    screen.tap(Key::Left, Modifiers::META);
    screen.key(Key::LeftMeta, KeyState::Released, Modifiers::empty());
    screen.take_actions();
    screen.tap(Key::Enter, Modifiers::empty());
    let events = delivered(&mut screen);
    assert_eq!(events.len(), 2, "Enter reaches the program, no menu is open: {events:?}");
}

#[test]
fn power_off_is_asked_for_first() {
    let mut screen = desktop();
    screen.click(1262, 15);
    assert!(!screen.take_actions().contains(&Action::PowerOff));
    screen.tap(Key::Escape, Modifiers::empty());
    assert!(!screen.take_actions().contains(&Action::PowerOff));
    screen.click(1279, 0);
    screen.tap(Key::Enter, Modifiers::empty());
    assert!(screen.take_actions().contains(&Action::PowerOff), "the corner hits the button too");
}

#[test]
fn unsaved_changes_keep_the_machine_on() {
    let mut screen = desktop();
    let unsaved = screen.open("about", Size::new(300, 200));
    let other = screen.open("snake", Size::new(300, 200));
    screen.session.set_unsaved(unsaved, true);
    screen.take_actions();
    let leave = |screen: &mut Screen| {
        screen.tap(Key::Delete, Modifiers::CTRL | Modifiers::ALT);
        screen.tap(Key::Enter, Modifiers::empty());
        screen.take_actions()
    };
    let actions = leave(&mut screen);
    assert!(!actions.contains(&Action::PowerOff));
    assert!(actions.contains(&Action::Deliver(unsaved, Event::Close)), "it is asked");
    assert!(actions.contains(&Action::Deliver(unsaved, Event::Focus(true))), "in front of the others");
    assert!(!actions.contains(&Action::Deliver(other, Event::Close)));
    screen.session.set_unsaved(unsaved, false);
    assert!(leave(&mut screen).contains(&Action::PowerOff));
}

#[test]
fn a_double_click_on_the_title_maximises_and_restores() {
    let mut screen = Screen::new(1280, 800);
    let before = Size::new(680, 400);
    let id = screen.open("terminal", before);
    // In the middle of the screen first, below the panel then.
    for (title_y, expected) in [(220, Size::new(1280, 734)), (45, before)] {
        screen.move_to(640, title_y);
        for _ in 0..2 {
            screen.press();
            screen.release();
        }
        screen.now_ms += 1000;
        assert_eq!(screen.session.client_size(id), Some(expected));
    }
}

#[test]
fn messages_go_at_a_click_and_with_time() {
    let mut screen = desktop();
    screen.session.notify(ToastKind::Warning, "No disk found", screen.now_ms);
    screen.frame();
    let deadline = screen.session.next_deadline().expect("it goes some time");
    assert!(deadline > screen.now_ms + 5_000, "there is time to read it");
    screen.click(1100, 60);
    assert_eq!(screen.session.next_deadline(), None);
    screen.session.notify(ToastKind::Warning, "No disk found", screen.now_ms);
    screen.session.tick(screen.now_ms + 60_000);
    assert_eq!(screen.session.next_deadline(), None);
}

#[test]
fn the_wheel_reaches_the_window_under_the_pointer() {
    let mut screen = desktop();
    screen.move_to(640, 400);
    screen.take_actions();
    screen.input(Input::Wheel(-2));
    let events = delivered(&mut screen);
    assert!(matches!(events[..], [(_, Event::Pointer(pointer))] if pointer.kind == PointerKind::Wheel(-2)));
}

#[test]
fn the_smallest_screens_do_not_break_anything() {
    for (width, height) in [(320, 200), (64, 48), (1, 1)] {
        let mut screen = Screen::new(width, height);
        screen.open("terminal", Size::new(736, 448));
        screen.session.notify(ToastKind::Error, "A message that is much wider than the screen", 0);
        screen.tap(Key::LeftMeta, Modifiers::META);
        screen.frame();
        screen.assert_not_stale("tiny");
        screen.tap(Key::Delete, Modifiers::CTRL | Modifiers::ALT);
        screen.frame();
        screen.assert_not_stale("tiny dialog");
    }
}
