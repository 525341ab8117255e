//! The keyboard: the desktop's shortcuts, and everything else to the focused program.
//!
//! `docs/desktop.md` lists the shortcuts; each that needs the Super key has one without, because a
//! desktop that Quicklime runs in may keep Super for itself.

use alloc::vec::Vec;

use keymap::{Key, KeyEvent, KeyState, Modifiers};
use ui::Event;
use wm::Direction;

use super::Session;
use crate::{Action, dialog::Answer, menu::MenuChoice};

/// The program that the terminal shortcut starts.
const TERMINAL: &str = "terminal";

impl Session {
    pub(super) fn key(&mut self, event: KeyEvent) -> Vec<Action> {
        self.modifiers = event.modifiers;
        self.route_key(event);
        self.finish()
    }

    fn route_key(&mut self, event: KeyEvent) {
        let is_meta = matches!(event.key, Key::LeftMeta | Key::RightMeta);
        let opens_menu = is_meta && event.state == KeyState::Released && self.meta_alone;
        if event.state != KeyState::Repeated {
            self.meta_alone = is_meta && event.state == KeyState::Pressed;
        }
        if let Some(dialog) = self.dialog.as_mut() {
            let answer = dialog.key(&event);
            self.damage.add(dialog.area);
            if let Some(answer) = answer {
                self.answer_dialog(answer);
            }
        } else if self.stack.switcher().is_some() {
            self.overview_key(event);
        } else if opens_menu {
            self.toggle_menu();
        } else if event.is_down() && self.shortcut(event) {
            self.close_menu_after(event);
        } else if self.menu.is_some() {
            self.menu_key(event);
        } else if self.stack.is_dragging() && event.key == Key::Escape && event.is_down() {
            let changes = self.stack.cancel_drag();
            self.apply(changes);
        } else if let Some(focused) = self.stack.focused() {
            self.deliver(focused, Event::Key(event));
        }
    }

    /// A shortcut other than the menu's own closes the menu.
    fn close_menu_after(&mut self, event: KeyEvent) {
        if event.key != Key::F1 {
            self.close_menu();
        }
    }

    /// Acts on the desktop's shortcuts; says whether it was one.
    fn shortcut(&mut self, event: KeyEvent) -> bool {
        let held = event.modifiers & (Modifiers::CTRL | Modifiers::ALT | Modifiers::META);
        let alt = held == Modifiers::ALT;
        let meta = held == Modifiers::META;
        let ctrl_alt = held == Modifiers::CTRL | Modifiers::ALT;
        match event.key {
            Key::Tab if alt || meta => self.step_overview(!event.modifiers.contains(Modifiers::SHIFT)),
            Key::F1 if alt => self.toggle_menu(),
            Key::F4 if alt => self.request_close(),
            Key::Q if meta => self.request_close(),
            Key::F9 if alt => self.minimise_focused(),
            Key::F10 if alt => self.maximise_focused(),
            Key::T if ctrl_alt => self.request(Action::Launch(TERMINAL)),
            Key::Enter if meta => self.request(Action::Launch(TERMINAL)),
            Key::Delete if ctrl_alt => self.open_dialog(Answer::PowerOff),
            Key::Left | Key::Right | Key::Up | Key::Down if meta || ctrl_alt => self.arrow(event.key),
            _ => return false,
        }
        true
    }

    fn arrow(&mut self, key: Key) {
        let changes = self.stack.arrow(match key {
            Key::Left => Direction::Left,
            Key::Right => Direction::Right,
            Key::Up => Direction::Up,
            _ => Direction::Down,
        });
        self.apply(changes);
    }

    fn request_close(&mut self) {
        if let Some(focused) = self.stack.focused() {
            self.deliver(focused, Event::Close);
        }
    }

    fn minimise_focused(&mut self) {
        if let Some(focused) = self.stack.focused() {
            let changes = self.stack.minimise(focused);
            self.apply(changes);
        }
    }

    fn maximise_focused(&mut self) {
        if let Some(focused) = self.stack.focused() {
            let changes = self.stack.toggle_maximised(focused);
            self.apply(changes);
        }
    }

    fn step_overview(&mut self, forwards: bool) {
        let changes = self.stack.cancel_drag();
        self.apply(changes);
        let before = self.overview_bounds();
        self.stack.switch(forwards);
        self.damage_overview(before);
    }

    pub(super) fn end_overview(&mut self) {
        let before = self.overview_bounds();
        let changes = self.stack.end_switch();
        self.apply(changes);
        self.damage_tasks();
        self.damage_overview(before);
    }

    pub(super) fn cancel_overview(&mut self) {
        let before = self.overview_bounds();
        self.stack.cancel_switch();
        self.damage_overview(before);
    }

    /// While the overview is open, keys walk in it; letting go of the modifier takes the choice.
    fn overview_key(&mut self, event: KeyEvent) {
        let modifier = matches!(event.key, Key::LeftAlt | Key::RightAlt | Key::LeftMeta | Key::RightMeta);
        match (event.key, event.is_down()) {
            (Key::Tab, true) => self.step_overview(!event.modifiers.contains(Modifiers::SHIFT)),
            (Key::Right | Key::Down, true) => self.step_overview(true),
            (Key::Left | Key::Up, true) => self.step_overview(false),
            (Key::Escape, true) => self.cancel_overview(),
            (Key::Enter, true) => self.end_overview(),
            (_, false) if modifier => self.end_overview(),
            _ => {}
        }
    }

    fn menu_key(&mut self, event: KeyEvent) {
        if !event.is_down() {
            return;
        }
        let Some(menu) = self.menu.as_mut() else { return };
        match event.key {
            Key::Up | Key::Down => {
                menu.step(event.key == Key::Down);
                self.damage.add(menu.area);
            }
            Key::Tab => {
                menu.step(!event.modifiers.contains(Modifiers::SHIFT));
                self.damage.add(menu.area);
            }
            Key::Enter | Key::KeypadEnter => {
                let choice = menu.selected.and_then(|row| menu.choice(row));
                self.choose(choice);
            }
            Key::Escape => self.close_menu(),
            _ => {}
        }
    }

    /// Closes the menu and does what was chosen in it.
    pub(super) fn choose(&mut self, choice: Option<MenuChoice>) {
        if let Some(choice) = choice {
            self.close_menu();
            match choice {
                MenuChoice::App(index) => {
                    if let Some(app) = self.launcher_apps().nth(index) {
                        self.request(Action::Launch(app.id));
                    }
                }
                MenuChoice::Restart => self.open_dialog(Answer::Restart),
                MenuChoice::PowerOff => self.open_dialog(Answer::PowerOff),
            }
        }
    }
}
