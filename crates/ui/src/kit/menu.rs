//! A menu that pops up over a window: a context menu.

use alloc::vec::Vec;

use gfx::{Canvas, Font, Point, Rect, theme};

use super::card::card;
use super::columns::right_label;
use super::text::label;
use crate::{Button, Key, KeyEvent, PointerEvent, PointerKind};

const PADDING: i32 = 6;
const ROW: i32 = 26;
const SEPARATOR: i32 = 9;
const INDENT: i32 = 12;
/// Between a row's text and its shortcut.
const SHORTCUT_GAP: i32 = 32;

/// A row of a menu; choosing it gives the `T`.
#[derive(Debug, Clone, Copy)]
pub enum MenuItem<T> {
    /// Something to choose.
    Choice {
        /// What it says.
        text: &'static str,
        /// The keys that do the same, as people read them; may be empty.
        shortcut: &'static str,
        /// Whether it can be chosen now.
        is_enabled: bool,
        /// What choosing it means.
        value: T,
    },
    /// A line between groups.
    Separator,
}

/// What an event meant to a menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MenuOutcome<T> {
    /// Nothing.
    Nothing,
    /// It looks different now.
    Changed,
    /// It is to be closed and this done.
    Chosen(T),
    /// It is to be closed.
    Dismissed,
}

/// An open menu.
#[derive(Debug, Clone)]
pub struct Menu<T> {
    area: Rect,
    items: Vec<MenuItem<T>>,
    selected: Option<usize>,
}

impl<T: Copy> Menu<T> {
    /// A menu whose top left is at `at`, moved to lie within `bounds`.
    pub fn new(at: Point, bounds: Rect, items: Vec<MenuItem<T>>) -> Self {
        let width = |item: &MenuItem<T>| match item {
            MenuItem::Choice { text, shortcut, .. } => {
                let shortcut = if shortcut.is_empty() { 0 } else { Font::Ui.width(shortcut) + SHORTCUT_GAP };
                Font::Ui.width(text) + shortcut
            }
            MenuItem::Separator => 0,
        };
        let height: i32 = items.iter().map(item_height).sum::<i32>() + 2 * PADDING;
        let width = items.iter().map(width).max().unwrap_or(0) + 2 * (PADDING + INDENT);
        let x = at.x.min(bounds.right() - width).max(bounds.x);
        let y = at.y.min(bounds.bottom() - height).max(bounds.y);
        Self { area: Rect::new(x, y, width, height), items, selected: None }
    }

    fn row(&self, index: usize) -> Rect {
        let top: i32 = self.items.iter().take(index).map(item_height).sum();
        let height = self.items.get(index).map_or(0, item_height);
        Rect::new(self.area.x + PADDING, self.area.y + PADDING + top, self.area.width - 2 * PADDING, height)
    }

    fn value(&self, index: usize) -> Option<T> {
        match self.items.get(index)? {
            MenuItem::Choice { value, is_enabled: true, .. } => Some(*value),
            _ => None,
        }
    }

    fn choice_at(&self, point: Point) -> Option<usize> {
        (0..self.items.len())
            .find(|index| self.row(*index).contains(point))
            .filter(|index| self.value(*index).is_some())
    }

    /// Takes a key. A menu takes all of them while it is open.
    pub fn key(&mut self, event: &KeyEvent) -> MenuOutcome<T> {
        if !event.is_down() {
            return MenuOutcome::Nothing;
        }
        match event.key {
            Key::Escape | Key::Menu => MenuOutcome::Dismissed,
            Key::Up | Key::Down | Key::Tab => {
                self.step(event.key != Key::Up);
                MenuOutcome::Changed
            }
            Key::Enter | Key::KeypadEnter | Key::Space => {
                let value = self.selected.and_then(|index| self.value(index));
                value.map_or(MenuOutcome::Nothing, MenuOutcome::Chosen)
            }
            _ => MenuOutcome::Nothing,
        }
    }

    /// Goes to the next choice that can be chosen, round and round.
    fn step(&mut self, forwards: bool) {
        let count = self.items.len();
        let mut index = self.selected.unwrap_or(if forwards { count.saturating_sub(1) } else { 0 });
        for _ in 0..count {
            index = (index + if forwards { 1 } else { count - 1 }) % count;
            if self.value(index).is_some() {
                self.selected = Some(index);
                return;
            }
        }
    }

    /// Takes a pointer event. A press outside dismisses it.
    pub fn pointer(&mut self, event: &PointerEvent) -> MenuOutcome<T> {
        let under = self.choice_at(event.position);
        match event.kind {
            PointerKind::Pressed(_) if !self.area.contains(event.position) => MenuOutcome::Dismissed,
            // Released after a drag from where the menu was called up, or after a press on the row.
            PointerKind::Released(Button::Primary | Button::Secondary) => {
                let value = under.filter(|row| self.selected == Some(*row)).and_then(|row| self.value(row));
                value.map_or(MenuOutcome::Nothing, MenuOutcome::Chosen)
            }
            PointerKind::Moved | PointerKind::Pressed(_) if self.selected != under => {
                self.selected = under;
                MenuOutcome::Changed
            }
            _ => MenuOutcome::Nothing,
        }
    }

    /// Draws it over whatever is there.
    pub fn draw(&self, canvas: &mut Canvas<'_>) {
        card(canvas, self.area);
        for (index, item) in self.items.iter().enumerate() {
            let row = self.row(index);
            let MenuItem::Choice { text, shortcut, is_enabled, .. } = item else {
                let line = Rect::new(row.x + INDENT / 2, row.y + SEPARATOR / 2, row.width - INDENT, 1);
                canvas.fill(line, theme::BORDER);
                continue;
            };
            let is_selected = self.selected == Some(index);
            if is_selected {
                canvas.rounded_rect(row, theme::CONTROL_RADIUS, theme::ACCENT);
            }
            let (color, muted) = match () {
                () if !is_enabled => (theme::TEXT_DISABLED, theme::TEXT_DISABLED),
                () if is_selected => (theme::ON_ACCENT, theme::ON_ACCENT),
                () => (theme::TEXT, theme::TEXT_MUTED),
            };
            let inner = row.inset_by(INDENT, 0, INDENT, 0);
            label(canvas, inner, text, Font::Ui, color);
            right_label(canvas, inner, shortcut, Font::Ui, muted);
        }
    }
}

fn item_height<T>(item: &MenuItem<T>) -> i32 {
    match item {
        MenuItem::Choice { .. } => ROW,
        MenuItem::Separator => SEPARATOR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use keymap::{KeyState, Modifiers};

    fn menu() -> Menu<char> {
        let item = |text, is_enabled, value| MenuItem::Choice { text, shortcut: "", is_enabled, value };
        let items =
            vec![item("A", true, 'a'), MenuItem::Separator, item("B", false, 'b'), item("C", true, 'c')];
        Menu::new(Point::new(90, 90), Rect::new(0, 0, 100, 120), items)
    }

    fn key(menu: &mut Menu<char>, key: Key) -> MenuOutcome<char> {
        menu.key(&KeyEvent { key, state: KeyState::Pressed, modifiers: Modifiers::empty(), text: None })
    }

    #[test]
    fn it_lies_within_its_bounds() {
        assert!(Rect::new(0, 0, 100, 120).contains_rect(menu().area));
    }

    #[test]
    fn keys_walk_over_what_can_be_chosen() {
        let mut menu = menu();
        assert_eq!(key(&mut menu, Key::Enter), MenuOutcome::Nothing, "nothing is selected yet");
        key(&mut menu, Key::Down);
        assert_eq!(key(&mut menu, Key::Enter), MenuOutcome::Chosen('a'));
        key(&mut menu, Key::Down);
        assert_eq!(key(&mut menu, Key::Enter), MenuOutcome::Chosen('c'), "B can't be chosen");
        key(&mut menu, Key::Down);
        assert_eq!(key(&mut menu, Key::Enter), MenuOutcome::Chosen('a'), "round and round");
        assert_eq!(key(&mut menu, Key::Escape), MenuOutcome::Dismissed);
    }

    #[test]
    fn a_click_chooses_and_one_outside_dismisses() {
        let mut menu = menu();
        let mut send =
            |kind, position| menu.pointer(&PointerEvent { kind, position, modifiers: Modifiers::empty() });
        let press = PointerKind::Pressed(Button::Primary);
        assert_eq!(send(press, Point::new(0, 0)), MenuOutcome::Dismissed);
        let at = Menu::<char>::row(&self::menu(), 3).center();
        assert_eq!(send(press, at), MenuOutcome::Changed);
        assert_eq!(send(PointerKind::Released(Button::Primary), at), MenuOutcome::Chosen('c'));
    }
}
