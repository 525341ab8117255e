//! What keys, buttons and the mouse do to the text.

use alloc::format;
use alloc::vec::Vec;

use gfx::{Point, Rect};
use ui::kit::{Dialog, FieldChange, Menu, MenuItem};
use ui::{Button, Clipboard, Host, Key, KeyEvent, Modifiers, PointerEvent, PointerKind};

use super::document::{Found, Motion, Reach};
use super::find_bar::{Field, FindBar, Press};
use super::overlay::{Next, Overlay, Question};
use super::{Editor, Task, paint};
use crate::chooser::Purpose;

/// Rows that one notch of the wheel scrolls.
const WHEEL_ROWS: i32 = 3;

/// Something to do, however it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    New,
    Open,
    Save,
    SaveAs,
    Undo,
    Redo,
    Cut,
    Copy,
    Paste,
    SelectAll,
    Find,
    Replace,
    FindNext,
    FindPrevious,
    GoToLine,
    Wrap,
}

/// What the buttons of the tool bar do, in their order.
const TOOLS: [Command; 7] =
    [Command::New, Command::Open, Command::Save, Command::Undo, Command::Redo, Command::Find, Command::Wrap];

/// The command that a key stands for.
fn shortcut(event: &KeyEvent) -> Option<Command> {
    let held = event.modifiers & (Modifiers::CTRL | Modifiers::SHIFT | Modifiers::ALT | Modifiers::META);
    let ctrl_shift = Modifiers::CTRL | Modifiers::SHIFT;
    Some(match (event.key, held) {
        (Key::N, Modifiers::CTRL) => Command::New,
        (Key::O, Modifiers::CTRL) => Command::Open,
        (Key::S, Modifiers::CTRL) => Command::Save,
        (Key::S, held) if held == ctrl_shift => Command::SaveAs,
        (Key::Z, Modifiers::CTRL) => Command::Undo,
        (Key::Y, Modifiers::CTRL) => Command::Redo,
        (Key::Z, held) if held == ctrl_shift => Command::Redo,
        (Key::X, Modifiers::CTRL) | (Key::Delete, Modifiers::SHIFT) => Command::Cut,
        (Key::C | Key::Insert, Modifiers::CTRL) => Command::Copy,
        (Key::V, Modifiers::CTRL) | (Key::Insert, Modifiers::SHIFT) => Command::Paste,
        (Key::A, Modifiers::CTRL) => Command::SelectAll,
        (Key::F, Modifiers::CTRL) => Command::Find,
        (Key::H, Modifiers::CTRL) => Command::Replace,
        (Key::F3, held) if held.is_empty() => Command::FindNext,
        (Key::F3, Modifiers::SHIFT) => Command::FindPrevious,
        (Key::G, Modifiers::CTRL) => Command::GoToLine,
        (Key::Z, Modifiers::ALT) => Command::Wrap,
        _ => return None,
    })
}

impl Editor {
    /// Takes a key; says whether anything looks different.
    pub(super) fn key(&mut self, event: &KeyEvent, host: &mut dyn Host) -> bool {
        if !event.is_down() {
            return false;
        }
        if !matches!(self.task, Task::Idle) {
            // The text is on its way from or to a file, and stays as it is until it is there.
            if event.key == Key::Escape {
                self.cancel_task();
            }
            return true;
        }
        if self.find_bar_key(event, host) {
            return true;
        }
        let had_message = !self.message.is_empty();
        self.message.clear();
        if let Some(command) = shortcut(event) {
            self.perform(command, host);
            return true;
        }
        self.text_key(event) || had_message
    }

    /// A key while a field of the search bar has them; says whether it was the bar's.
    fn find_bar_key(&mut self, event: &KeyEvent, host: &mut dyn Host) -> bool {
        let Some(find) = &mut self.find else { return false };
        if event.key == Key::Escape {
            self.find = None;
            self.painted.forget();
            return true;
        }
        let Some(field) = find.focus else { return false };
        self.painted.bars_changed();
        let shift = event.modifiers.contains(Modifiers::SHIFT);
        match (event.key, field) {
            (Key::Enter | Key::KeypadEnter, Field::Find) => self.find_again(!shift),
            (Key::Enter | Key::KeypadEnter, Field::Replace) => self.press(Press::Replace),
            (Key::Tab, _) => find.step(),
            (Key::Down, Field::Find) => self.find_again(true),
            (Key::Up, Field::Find) => self.find_again(false),
            _ => match find.key(event, host) {
                FieldChange::Ignored => return false,
                FieldChange::Taken => {}
                FieldChange::Edited if field == Field::Find => self.find_typed(),
                FieldChange::Edited => {}
            },
        }
        true
    }

    /// A key for the text.
    fn text_key(&mut self, event: &KeyEvent) -> bool {
        let shift = event.modifiers.contains(Modifiers::SHIFT);
        let ctrl = event.modifiers.contains(Modifiers::CTRL);
        if event.modifiers.intersects(Modifiers::ALT | Modifiers::META) {
            return false;
        }
        let page = self.view.rows.max(2) as isize - 1;
        match event.key {
            Key::Left => self.move_to(if ctrl { Motion::WordLeft } else { Motion::Left }, shift),
            Key::Right => self.move_to(if ctrl { Motion::WordRight } else { Motion::Right }, shift),
            Key::Home => self.move_to(if ctrl { Motion::Start } else { Motion::LineStart }, shift),
            Key::End => self.move_to(if ctrl { Motion::End } else { Motion::LineEnd }, shift),
            Key::Up if ctrl => self.view.scroll(self.document.text(), -1),
            Key::Down if ctrl => self.view.scroll(self.document.text(), 1),
            Key::Up => self.move_rows(-1, shift),
            Key::Down => self.move_rows(1, shift),
            Key::PageUp => self.move_rows(-page, shift),
            Key::PageDown => self.move_rows(page, shift),
            Key::Backspace if ctrl => self.edit(|editor| editor.document.erase(Reach::WordBack)),
            Key::Backspace => self.edit(|editor| editor.document.erase(Reach::Back)),
            Key::Delete if ctrl => self.edit(|editor| editor.document.erase(Reach::WordForward)),
            Key::Delete => self.edit(|editor| editor.document.erase(Reach::Forward)),
            Key::Enter | Key::KeypadEnter => self.edit(|editor| editor.document.type_line_end()),
            Key::Tab if !ctrl && !shift => self.edit(|editor| editor.document.type_char('\t')),
            Key::Menu => self.open_menu(self.cursor_point()),
            _ => match event.text {
                Some(character) if !ctrl => self.edit(|editor| editor.document.type_char(character)),
                _ => return false,
            },
        }
        true
    }

    fn move_to(&mut self, motion: Motion, is_selecting: bool) {
        self.document.move_to(motion, is_selecting);
        self.cursor_moved();
    }

    fn move_rows(&mut self, rows: isize, is_selecting: bool) {
        let target = self.view.vertical(self.document.text(), self.document.cursor(), rows);
        self.document.go(target, is_selecting);
        self.view.reveal(self.document.text(), self.document.cursor());
    }

    fn cursor_moved(&mut self) {
        self.view.forget_goal();
        self.view.reveal(self.document.text(), self.document.cursor());
    }

    /// Changes the text, if it may be.
    fn edit<T>(
        &mut self,
        change: impl FnOnce(&mut Editor) -> Result<T, alloc::collections::TryReserveError>,
    ) {
        if self.format.is_lossy {
            self.say("This file can only be read: it is not UTF-8. Save it under another name to edit it.");
            return;
        }
        if change(self).is_err() {
            self.say("There is not enough memory for that. Close a window, then try again.");
        }
        self.view.settle(self.document.text());
        self.cursor_moved();
    }

    pub(super) fn go_to_line(&mut self, line: usize) {
        let start = self.document.text().line_start(line.saturating_sub(1));
        self.document.go(start, false);
        self.view.forget_goal();
        self.view.reveal_in_middle(self.document.text(), self.document.cursor());
    }

    /// Does what a key, a button or the menu asked for.
    pub(super) fn perform(&mut self, command: Command, host: &mut dyn Host) {
        match command {
            Command::New => self.leave_for(Next::New, host),
            Command::Open => self.choose(Purpose::Open, host),
            Command::Save => self.save(host),
            Command::SaveAs => self.choose(Purpose::Save, host),
            Command::Undo => self.edit(|editor| editor.document.undo()),
            Command::Redo => self.edit(|editor| editor.document.redo()),
            Command::Cut if self.copy(host) => self.edit(|editor| editor.document.erase(Reach::Back)),
            Command::Cut => {}
            Command::Copy => drop(self.copy(host)),
            Command::Paste => {
                // Whatever line ends it comes with, the text has one kind.
                let mut text = host.clipboard().into_text();
                if text.contains("\r\n") {
                    text = text.replace("\r\n", "\n");
                }
                self.edit(|editor| editor.document.insert(&text));
            }
            Command::SelectAll => self.document.select(0..self.document.text().len()),
            Command::Find => self.open_find(false),
            Command::Replace => self.open_find(true),
            Command::FindNext => self.find_again(true),
            Command::FindPrevious => self.find_again(false),
            Command::GoToLine => {
                let lines = self.document.text().lines();
                let line = format!("{}", self.document.text().line_of(self.document.cursor()) + 1);
                let dialog = Dialog::new("Go to line", &format!("1 to {lines}"), &["Cancel", "Go"], 1);
                self.show_dialog(dialog.with_field(&line, line.len()), Question::Line);
            }
            Command::Wrap => {
                self.view.wraps = !self.view.wraps;
                self.view.top.part = 0;
                self.view.reveal(self.document.text(), self.document.cursor());
            }
        }
    }

    /// Copies the selection; says whether there is one.
    fn copy(&mut self, host: &mut dyn Host) -> bool {
        match self.document.selected_text() {
            Ok(text) if !text.is_empty() => {
                host.set_clipboard(Clipboard::Text(text));
                true
            }
            Ok(_) => false,
            Err(_) => {
                self.say("There is not enough memory to copy that.");
                false
            }
        }
    }

    /// Opens the search bar, for what is selected if that is within a line.
    fn open_find(&mut self, replaces: bool) {
        let selected = self.document.selected_text().unwrap_or_default();
        let find = self.find.get_or_insert_with(FindBar::new);
        find.replaces |= replaces;
        find.focus = Some(Field::Find);
        if !selected.is_empty() && !selected.contains('\n') && selected.len() < 200 {
            find.find.set_text(&selected);
        } else {
            find.find.select(0..find.find.text().len());
        }
        find.say("");
        // The layout is another one.
        self.layout = paint::Layout::default();
        self.painted.forget();
    }

    /// The pattern was typed into: the first place from the cursor on.
    fn find_typed(&mut self) {
        let Some(find) = &mut self.find else { return };
        find.say("");
        if let Some(pattern) = find.pattern() {
            if !self.document.find_from_here(&pattern) {
                find.say("Not found");
            }
            self.view.forget_goal();
            self.view.reveal_in_middle(self.document.text(), self.document.cursor());
        }
    }

    fn find_again(&mut self, is_forwards: bool) {
        let Some(find) = &mut self.find else {
            self.open_find(false);
            return;
        };
        let Some(pattern) = find.pattern() else { return };
        let message = match self.document.find(&pattern, is_forwards) {
            Some(Found::Direct) => "",
            Some(Found::Around) if is_forwards => "From the start again",
            Some(Found::Around) => "From the end again",
            None => "Not found",
        };
        find.say(message);
        self.painted.bars_changed();
        self.view.forget_goal();
        self.view.reveal_in_middle(self.document.text(), self.document.cursor());
    }

    fn press(&mut self, press: Press) {
        let Some(find) = &self.find else { return };
        let (pattern, inserted) = (find.pattern(), find.replace.text().into());
        let inserted: alloc::string::String = inserted;
        match (press, pattern) {
            (Press::Previous, _) => self.find_again(false),
            (Press::Next, _) => self.find_again(true),
            (Press::Close, _) => {
                self.find = None;
                self.painted.forget();
            }
            (Press::Replace, Some(pattern)) => {
                self.edit(|editor| editor.document.replace_found(&pattern, &inserted));
                self.find_again(true);
            }
            (Press::ReplaceAll, Some(pattern)) => {
                let mut count = 0;
                self.edit(|editor| {
                    count = editor.document.replace_all(&pattern, &inserted)?;
                    Ok(())
                });
                let plural = if count == 1 { "" } else { "s" };
                if let Some(find) = &mut self.find {
                    find.say(&format!("{count} place{plural} replaced"));
                }
                self.painted.bars_changed();
            }
            (Press::Replace | Press::ReplaceAll, None) => {}
        }
    }

    /// Where the cursor is in the window: the place of a menu called up by a key.
    fn cursor_point(&self) -> Point {
        let (row, column) = self.view.place(self.document.text(), self.document.cursor());
        let mut down = 0;
        let mut at = self.view.top;
        while at < row && down < self.view.rows as i32 {
            at = self.view.step(self.document.text(), at, 1);
            down += 1;
        }
        let cell = paint::cell();
        let column = column.saturating_sub(self.view.left) as i32;
        Point::new(self.layout.text.x + column * cell.width, self.layout.text.y + (down + 1) * cell.height)
    }

    fn open_menu(&mut self, at: Point) {
        let has_selection = !self.document.selected().is_empty();
        let may_edit = !self.format.is_lossy;
        let (undo, redo) = self.document.can_undo_redo();
        let item = |text, shortcut, is_enabled, value| MenuItem::Choice { text, shortcut, is_enabled, value };
        let items = Vec::from([
            item("Undo", "Ctrl+Z", undo, Command::Undo),
            item("Redo", "Ctrl+Y", redo, Command::Redo),
            MenuItem::Separator,
            item("Cut", "Ctrl+X", has_selection && may_edit, Command::Cut),
            item("Copy", "Ctrl+C", has_selection, Command::Copy),
            item("Paste", "Ctrl+V", may_edit, Command::Paste),
            item("Select all", "Ctrl+A", true, Command::SelectAll),
            MenuItem::Separator,
            item("Find…", "Ctrl+F", true, Command::Find),
            item("Replace…", "Ctrl+H", may_edit, Command::Replace),
            item("Go to line…", "Ctrl+G", true, Command::GoToLine),
            MenuItem::Separator,
            item("Save as…", "Ctrl+Shift+S", true, Command::SaveAs),
        ]);
        self.overlay = Overlay::Menu(Menu::new(at, Rect::at(Point::ZERO, self.size), items));
    }

    /// Takes a pointer event; says whether anything looks different.
    pub(super) fn pointer(&mut self, event: &PointerEvent, host: &mut dyn Host) -> bool {
        let mut changed = false;
        let clicked: Vec<bool> =
            self.tools.iter_mut().map(|tool| tool.pointer(event, &mut changed)).collect();
        let mut press = None;
        if let Some(find) = &mut self.find {
            press = find.pointer(event, host.now_ms(), &mut changed);
        }
        if changed {
            self.painted.bars_changed();
        }
        if !matches!(self.task, Task::Idle) {
            return changed;
        }
        if let Some(index) = clicked.iter().position(|clicked| *clicked) {
            self.message.clear();
            self.perform(TOOLS[index], host);
            return true;
        }
        if let Some(press) = press {
            self.press(press);
            return true;
        }
        self.text_pointer(event, host) || changed
    }

    fn text_pointer(&mut self, event: &PointerEvent, host: &mut dyn Host) -> bool {
        let body =
            Rect::from_edges(0, self.layout.text.y, self.layout.scroll.x - 2, self.layout.text.bottom());
        match event.kind {
            PointerKind::Wheel(notches) => {
                let rows = notches.saturating_mul(-WHEEL_ROWS);
                self.view.scroll(self.document.text(), rows as isize);
                true
            }
            PointerKind::Pressed(Button::Primary) if body.contains(event.position) => {
                self.press_text(event, host.now_ms());
                true
            }
            PointerKind::Pressed(Button::Secondary) if body.contains(event.position) => {
                let offset = self.offset_at(event.position);
                if !self.document.selected().contains(&offset) {
                    self.document.go(offset, false);
                }
                self.open_menu(event.position);
                true
            }
            PointerKind::Moved if self.is_dragging => {
                let offset = self.offset_at(event.position);
                self.document.go(offset, true);
                self.cursor_moved();
                true
            }
            PointerKind::Released(Button::Primary) if self.is_dragging => {
                self.is_dragging = false;
                false
            }
            _ => {
                let moved = self.scroll.pointer(event);
                if moved {
                    self.view.top.line = self.scroll.first().min(self.document.text().lines() - 1);
                    self.view.top.part = 0;
                }
                moved
            }
        }
    }

    /// A press in the text: one puts the cursor there, two select the word, three the line. In the margin one selects
    /// the line.
    fn press_text(&mut self, event: &PointerEvent, now_ms: u64) {
        if let Some(find) = &mut self.find {
            find.focus = None;
            self.painted.bars_changed();
        }
        self.message.clear();
        let offset = self.offset_at(event.position);
        let line = self.document.text().line_of(offset);
        let count = self.clicks.press(event.position, now_ms);
        if event.position.x < self.layout.gutter.right() || count > 2 {
            self.document.select_line(line);
        } else if count == 2 {
            let word = self.document.word_at(offset);
            self.document.select(word);
        } else {
            self.document.go(offset, event.modifiers.contains(Modifiers::SHIFT));
            self.is_dragging = true;
        }
        self.cursor_moved();
    }

    /// The offset nearest to a point, beyond the window's edges too.
    fn offset_at(&self, point: Point) -> usize {
        let cell = paint::cell();
        let text = self.document.text();
        let y = point.y - self.layout.text.y;
        let down = y.div_euclid(cell.height).clamp(-3, self.view.rows as i32 + 2);
        let row = self.view.step(text, self.view.top, down as isize);
        // Half a cell to the right counts as the next character's left edge.
        let x = (point.x - self.layout.text.x + cell.width / 2).max(0);
        self.view.offset(text, row, self.view.left + (x / cell.width) as usize)
    }
}
