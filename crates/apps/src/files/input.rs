//! Keys and pointer in Files.

use gfx::Point;
use ui::kit::FieldChange;
use ui::{Button, Host, Key, KeyEvent, Modifiers, PointerEvent, PointerKind};

use super::commands::{Command, TOOLS};
use super::listing::Select;
use super::places::PLACES;
use super::{FileManager, Overlay};
use crate::path;

/// Rows that one notch of the wheel scrolls.
const WHEEL_ROWS: i32 = 3;

/// The command that a key stands for.
fn shortcut(event: &KeyEvent) -> Option<Command> {
    let held = event.modifiers & (Modifiers::CTRL | Modifiers::SHIFT | Modifiers::ALT | Modifiers::META);
    const NONE: Modifiers = Modifiers::empty();
    Some(match (event.key, held) {
        (Key::Enter | Key::KeypadEnter, NONE) => Command::Open,
        (Key::Enter, Modifiers::ALT) => Command::Properties,
        (Key::F2, NONE) => Command::Rename,
        (Key::F5, NONE) => Command::Refresh,
        (Key::C | Key::Insert, Modifiers::CTRL) => Command::Copy,
        (Key::X, Modifiers::CTRL) => Command::Cut,
        (Key::V, Modifiers::CTRL) | (Key::Insert, Modifiers::SHIFT) => Command::Paste,
        (Key::Delete, NONE) => Command::Trash,
        (Key::Delete, Modifiers::SHIFT) => Command::Delete,
        (Key::Z, Modifiers::CTRL) => Command::Undo,
        (Key::A, Modifiers::CTRL) => Command::SelectAll,
        (Key::H, Modifiers::CTRL) => Command::ToggleHidden,
        (Key::L, Modifiers::CTRL) => Command::TypePath,
        (Key::N, held) if held == Modifiers::CTRL | Modifiers::SHIFT => Command::NewFolder,
        (Key::Left, Modifiers::ALT) => Command::Back,
        (Key::Right, Modifiers::ALT) => Command::Forward,
        (Key::Up, Modifiers::ALT) | (Key::Backspace, NONE) => Command::Up,
        _ => return None,
    })
}

impl FileManager {
    /// Takes a key; says whether anything looks different.
    pub(super) fn key(&mut self, event: &KeyEvent, host: &mut dyn Host) -> bool {
        match &mut self.overlay {
            Overlay::Dialog(dialog, _) => {
                let outcome = dialog.key(event, host);
                return self.take_dialog(outcome, host);
            }
            Overlay::Menu(menu) => {
                let outcome = menu.key(event);
                return self.take_menu(outcome, host);
            }
            Overlay::None => {}
        }
        if !event.is_down() {
            return false;
        }
        if self.path_field.is_some() {
            return self.path_key(event, host);
        }
        if self.renaming.is_some() {
            return self.rename_key(event, host);
        }
        let had_message = !self.message.is_empty();
        self.message.clear();
        if let Some(command) = shortcut(event) {
            self.perform(command, host);
            return true;
        }
        self.list_key(event, host) || had_message
    }

    fn path_key(&mut self, event: &KeyEvent, host: &mut dyn Host) -> bool {
        let Some(field) = &mut self.path_field else { return false };
        self.painted.bars_changed();
        match event.key {
            Key::Escape | Key::Tab => self.path_field = None,
            Key::Enter | Key::KeypadEnter => {
                let typed = path::normalise(&self.directory, field.text());
                self.path_field = None;
                match host.files().status(&typed) {
                    Ok(status) if status.is_directory => self.enter(&typed, host),
                    Ok(_) => {
                        self.enter(path::parent(&typed), host);
                        let name = path::name(&typed);
                        self.listing.select_names(&[name.into()]);
                        self.reveal_cursor();
                    }
                    Err(error) => self.show_error("There is no way there", &typed, error),
                }
            }
            _ => return field.key(event, host) != FieldChange::Ignored,
        }
        true
    }

    fn rename_key(&mut self, event: &KeyEvent, host: &mut dyn Host) -> bool {
        match event.key {
            Key::Escape => self.renaming = None,
            Key::Enter | Key::KeypadEnter | Key::Tab => self.end_rename(host),
            _ => {
                let Some((_, field)) = &mut self.renaming else { return false };
                return field.key(event, host) != FieldChange::Ignored;
            }
        }
        true
    }

    /// Moving, selecting, typing ahead.
    fn list_key(&mut self, event: &KeyEvent, host: &mut dyn Host) -> bool {
        let select = match event.modifiers & (Modifiers::CTRL | Modifiers::SHIFT) {
            held if held.contains(Modifiers::SHIFT) => Select::Extend,
            held if held.contains(Modifiers::CTRL) => Select::Keep,
            _ => Select::Only,
        };
        let page = self.layout.shown().max(2) as i64 - 1;
        match event.key {
            Key::Up => self.listing.step(-1, select),
            Key::Down => self.listing.step(1, select),
            Key::PageUp => self.listing.step(-page, select),
            Key::PageDown => self.listing.step(page, select),
            Key::Home => self.listing.go(0, select),
            Key::End => self.listing.go(usize::MAX, select),
            Key::Space if event.modifiers.contains(Modifiers::CTRL) => {
                if let Some(cursor) = self.listing.cursor() {
                    self.listing.toggle(cursor);
                }
            }
            Key::Escape if self.job.is_some() => self.cancel_job(host),
            Key::Escape => {
                self.listing.select_none();
                if !self.cut.is_empty() {
                    self.forget_cut(host);
                }
            }
            Key::Menu => {
                let row = self.listing.cursor().and_then(|cursor| cursor.checked_sub(self.scroll.first()));
                let place = self.layout.row(row.unwrap_or(0));
                self.open_menu(Point::new(place.x + 40, place.bottom()), host);
            }
            _ => match event.text {
                Some(character) => {
                    if !self.listing.type_ahead(character, host.now_ms()) {
                        self.say("Nothing here begins like that.");
                    }
                }
                None => return false,
            },
        }
        self.reveal_cursor();
        true
    }

    /// Takes a pointer event; says whether anything looks different.
    pub(super) fn pointer(&mut self, event: &PointerEvent, host: &mut dyn Host) -> bool {
        match &mut self.overlay {
            Overlay::Dialog(dialog, _) => {
                let outcome = dialog.pointer(event, host);
                return self.take_dialog(outcome, host);
            }
            Overlay::Menu(menu) => {
                let outcome = menu.pointer(event);
                return self.take_menu(outcome, host);
            }
            Overlay::None => {}
        }
        let mut changed = self.hover(event);
        let mut bars = false;
        let mut clicked = None;
        for (tool, command) in self.tools.iter_mut().zip(TOOLS) {
            if tool.pointer(event, &mut bars) {
                clicked = Some(command);
            }
        }
        if bars {
            self.painted.bars_changed();
            changed = true;
        }
        if let Some(command) = clicked {
            self.message.clear();
            self.perform(command, host);
            return true;
        }
        if self.work_text().is_some() {
            let mut hot = false;
            let is_cancelled = self.cancel.pointer(event, &mut hot);
            if hot {
                self.painted.work_changed();
                changed = true;
            }
            if is_cancelled {
                self.cancel_job(host);
                return true;
            }
        }
        if self.field_pointer(event, host) {
            return true;
        }
        match event.kind {
            PointerKind::Wheel(notches) => {
                self.scroll.scroll(notches.saturating_mul(-WHEEL_ROWS)) | self.hover(event) | changed
            }
            PointerKind::Pressed(Button::Primary) => self.press(event, host) || changed,
            PointerKind::Pressed(Button::Secondary) => self.press_secondary(event, host) || changed,
            _ => self.scroll.pointer(event) || changed,
        }
    }

    /// A field over the path or a name takes what is over it; a press elsewhere ends it.
    fn field_pointer(&mut self, event: &PointerEvent, host: &mut dyn Host) -> bool {
        let now_ms = host.now_ms();
        let is_press = matches!(event.kind, PointerKind::Pressed(_));
        if let Some(field) = &mut self.path_field {
            if is_press && !field.area.contains(event.position) {
                self.path_field = None;
                self.painted.bars_changed();
                return false;
            }
            if field.pointer(event, now_ms) {
                self.painted.bars_changed();
                return true;
            }
        }
        if let Some((_, field)) = &mut self.renaming {
            if is_press && !field.area.contains(event.position) {
                self.end_rename(host);
                return self.has_overlay();
            }
            return field.pointer(event, now_ms) || is_press;
        }
        false
    }

    /// What is under the pointer looks so; says whether that changed.
    fn hover(&mut self, event: &PointerEvent) -> bool {
        let point = (event.kind != PointerKind::Left).then_some(event.position);
        let row = point.and_then(|point| self.layout.row_at(point)).map(|row| self.scroll.first() + row);
        let row = row.filter(|row| *row < self.listing.len());
        let part = point
            .filter(|point| self.path_field.is_none() && self.layout.path.contains(*point))
            .and_then(|point| {
                self.layout.path_parts(&self.directory).iter().position(|(place, ..)| place.contains(point))
            });
        let place =
            point.and_then(|point| (0..PLACES.len()).find(|index| self.layout.place(*index).contains(point)));
        let head = point.filter(|point| self.layout.head.contains(*point));
        let has_bars_changed = (part, place) != (self.hovered_part, self.hovered_place)
            || self.columns.hover(self.layout.head, head);
        if has_bars_changed {
            self.painted.bars_changed();
        }
        let has_changed = has_bars_changed || row != self.hovered_row;
        (self.hovered_row, self.hovered_part, self.hovered_place) = (row, part, place);
        has_changed
    }

    fn press(&mut self, event: &PointerEvent, host: &mut dyn Host) -> bool {
        let at = event.position;
        self.message.clear();
        if let Some(index) = self.hovered_place {
            self.enter(PLACES[index].path, host);
            return true;
        }
        if self.layout.path.contains(at) && self.path_field.is_none() {
            let parts = self.layout.path_parts(&self.directory);
            match parts.into_iter().find(|(place, ..)| place.contains(at)) {
                Some((_, _, path)) => self.enter(&path, host),
                None => self.perform(Command::TypePath, host),
            }
            return true;
        }
        if self.layout.head.contains(at) {
            if let Some(column) = self.columns.at(self.layout.head, at) {
                self.columns.sort_by(column);
                let (key, descending) = self.order();
                self.listing.sort(key, descending);
                self.reveal_cursor();
                self.painted.bars_changed();
            }
            return true;
        }
        if self.layout.scroll.contains(at) {
            return self.scroll.pointer(event);
        }
        let Some(row) = self.layout.row_at(at).map(|row| self.scroll.first() + row) else { return true };
        let count = self.clicks.press(at, host.now_ms());
        if row >= self.listing.len() {
            self.listing.select_none();
            return true;
        }
        if event.modifiers.contains(Modifiers::SHIFT) {
            self.listing.go(row, Select::Extend);
        } else if event.modifiers.contains(Modifiers::CTRL) {
            self.listing.toggle(row);
        } else if count == 2 {
            self.clicks.forget();
            self.listing.go(row, Select::Only);
            self.perform(Command::Open, host);
        } else {
            self.listing.go(row, Select::Only);
        }
        true
    }

    fn press_secondary(&mut self, event: &PointerEvent, host: &mut dyn Host) -> bool {
        let is_in_list = self.layout.rows.inset_by(-14, 0, -8, -super::paint::ROW).contains(event.position);
        if !is_in_list {
            return false;
        }
        self.message.clear();
        let row = self.layout.row_at(event.position).map(|row| self.scroll.first() + row);
        match row.filter(|row| *row < self.listing.len()) {
            Some(row) if !self.listing.is_selected(row) => self.listing.go(row, Select::Only),
            Some(_) => {}
            None => self.listing.select_none(),
        }
        self.open_menu(event.position, host);
        true
    }
}
