//! Whole desktops, compared with images that somebody has looked at.

mod common;

use common::Screen;
use desktop::ToastKind;
use gfx::Size;
use keymap::{Key, KeyState, Modifiers};

/// Two windows, as a user would have them after a minute.
fn desktop(width: i32, height: i32) -> Screen {
    let mut screen = Screen::new(width, height);
    screen.open("monitor", Size::new(560, 380));
    screen.open("terminal", Size::new(680, 400));
    screen
}

#[test]
fn first_sight() {
    let mut screen = Screen::new(1280, 800);
    screen.open("terminal", Size::new(736, 448));
    screen.golden("first-sight");
}

#[test]
fn two_windows() {
    let mut screen = desktop(1280, 800);
    screen.move_to(900, 140);
    screen.golden("two-windows");
}

#[test]
fn small_screen() {
    let mut screen = desktop(640, 480);
    screen.session.notify(ToastKind::Warning, "No disk found: files live in memory only.", 1000);
    screen.golden("small-screen");
}

#[test]
fn large_screen() {
    let mut screen = desktop(1920, 1080);
    screen.open("snake", Size::new(400, 400));
    screen.golden("large-screen");
}

#[test]
fn launcher_menu() {
    let mut screen = desktop(1280, 800);
    screen.click(60, 15);
    screen.move_to(120, 110);
    screen.golden("launcher-menu");
}

#[test]
fn launcher_menu_on_a_small_screen() {
    let mut screen = desktop(640, 480);
    screen.tap(Key::LeftMeta, Modifiers::META);
    screen.tap(Key::Down, Modifiers::empty());
    screen.golden("launcher-menu-small");
}

#[test]
fn switcher() {
    let mut screen = desktop(1280, 800);
    screen.open("snake", Size::new(300, 300));
    screen.key(Key::Tab, KeyState::Pressed, Modifiers::ALT);
    screen.golden("switcher");
}

#[test]
fn snap_preview() {
    let mut screen = desktop(1280, 800);
    screen.move_to(900, 72);
    screen.press();
    screen.move_to(400, 300);
    screen.move_to(0, 300);
    screen.golden("snap-preview");
}

#[test]
fn halves_and_maximised() {
    let mut screen = desktop(1280, 800);
    screen.tap(Key::Right, Modifiers::META);
    screen.key(Key::Tab, KeyState::Pressed, Modifiers::ALT);
    screen.key(Key::LeftAlt, KeyState::Released, Modifiers::empty());
    screen.tap(Key::Left, Modifiers::META);
    screen.golden("halves");
    screen.tap(Key::Up, Modifiers::META);
    screen.golden("maximised");
}

#[test]
fn leave_dialog() {
    let mut screen = desktop(1280, 800);
    screen.tap(Key::Delete, Modifiers::CTRL | Modifiers::ALT);
    screen.golden("leave-dialog");
}

#[test]
fn messages_and_dock() {
    let mut screen = Screen::new(1280, 800);
    screen.open("about", Size::new(420, 300));
    screen.session.notify(
        ToastKind::Warning,
        "No disk found: files live in memory only and are gone after the next restart.",
        1000,
    );
    screen.session.notify(ToastKind::Error, "Snake could not be opened: not enough memory.", 1000);
    screen.session.notify(ToastKind::Info, "Saved.", 1000);
    screen.move_to(600, 760);
    screen.golden("messages-and-dock");
}

#[test]
fn title_buttons_under_the_pointer() {
    let mut screen = desktop(1280, 800);
    // The right half begins in the middle, below the panel.
    screen.tap(Key::Right, Modifiers::META);
    screen.move_to(640 + 20, 30 + 18);
    screen.golden("title-buttons");
}
