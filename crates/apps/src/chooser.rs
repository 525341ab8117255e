//! The dialog that asks for a file: a path to type, and what the folder holds below it to choose from.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use gfx::{Canvas, Color, Font, Icon, IconSize, Point, Rect, Size, theme};
use ui::kit::{self, Button, ButtonKind, Clicks, FieldChange, ScrollBar, TextField};
use ui::{Button as PointerButton, DirectoryEntry, Host, Key, KeyEvent, PointerEvent, PointerKind};

use crate::{path, trouble};

const WIDTH: i32 = 480;
const MARGIN: i32 = 20;
const BUTTON: Size = Size::new(92, 30);
const ROW: i32 = 24;
const MOST_ROWS: i32 = 10;
const WHEEL_ROWS: i32 = 3;
const DIM: Color = Color::rgba(0x12, 0x15, 0x24, 72);

/// What an event meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Nothing,
    Changed,
    /// This path.
    Path(String),
    Dismissed,
}

/// What the path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A file that is there.
    Open,
    /// A file that may be there or not.
    Save,
}

/// The open dialog.
pub(crate) struct Chooser {
    pub(crate) purpose: Purpose,
    area: Rect,
    list: Rect,
    field: TextField,
    buttons: [Button; 2],
    /// The folder that `entries` are of; empty before the first look.
    folder: String,
    entries: Vec<DirectoryEntry>,
    /// Those of `entries` that begin as the typed name does.
    shown: Vec<usize>,
    selected: Option<usize>,
    scroll: ScrollBar,
    clicks: Clicks,
    problem: String,
}

impl Chooser {
    /// A dialog that starts with `start`, a path; of a name at its end all before the extension is selected.
    pub(crate) fn new(purpose: Purpose, start: &str, size: Size, host: &mut dyn Host) -> Chooser {
        let mut field = TextField::new(start);
        let name = path::name(start);
        let stem = path::split_extension(name).0.len();
        let from = start.len() - name.len();
        field.select(from..from + stem);
        let verb = if purpose == Purpose::Open { "Open" } else { "Save" };
        let mut chooser = Chooser {
            purpose,
            area: Rect::EMPTY,
            list: Rect::EMPTY,
            field,
            buttons: [
                Button::new(Rect::EMPTY, "Cancel", ButtonKind::Plain),
                Button::new(Rect::EMPTY, verb, ButtonKind::Default),
            ],
            folder: String::new(),
            entries: Vec::new(),
            shown: Vec::new(),
            selected: None,
            scroll: ScrollBar::new(Rect::EMPTY),
            clicks: Clicks::default(),
            problem: String::new(),
        };
        chooser.lay_out(size);
        chooser.look(host);
        chooser
    }

    pub(crate) fn lay_out(&mut self, size: Size) {
        let width = WIDTH.min(size.width - 16).max(160);
        let heading = Font::Heading.line_height();
        let fixed = MARGIN + heading + 10 + theme::CONTROL_HEIGHT + 8 + 12 + 18 + BUTTON.height + MARGIN;
        let rows = ((size.height - 16 - fixed) / ROW).clamp(1, MOST_ROWS);
        self.area = Rect::at(Point::ZERO, size).centered(Size::new(width, fixed + rows * ROW));
        let inner = self.area.inset(MARGIN);
        self.field.area = Rect::new(inner.x, inner.y + heading + 10, inner.width, theme::CONTROL_HEIGHT);
        self.list = Rect::new(inner.x, self.field.area.bottom() + 8, inner.width, rows * ROW + 2);
        for (index, button) in self.buttons.iter_mut().enumerate() {
            let from_right = (2 - index as i32) * BUTTON.width + (1 - index as i32) * 8;
            let at = Point::new(inner.right() - from_right, inner.bottom() - BUTTON.height);
            button.area = Rect::at(at, BUTTON);
        }
        let bar = theme::SCROLL_BAR;
        self.scroll.area = Rect::new(self.list.right() - bar - 2, self.list.y + 2, bar, self.list.height - 4);
        self.set_scroll(self.scroll.first());
    }

    fn rows(&self) -> usize {
        ((self.list.height - 2) / ROW).max(1) as usize
    }

    fn set_scroll(&mut self, first: usize) {
        self.scroll.set(self.shown.len(), self.rows(), first);
    }

    /// Looks at the folder of the typed path, if it is another one, and at what fits the name.
    fn look(&mut self, host: &mut dyn Host) {
        let typed = self.field.text().to_string();
        let at = typed.rfind('/').map_or(0, |at| at + 1);
        let folder = path::normalise("/", &typed[..at]);
        if folder != self.folder {
            self.problem.clear();
            self.entries = host.files().list(&folder).unwrap_or_else(|error| {
                self.problem = trouble::explain(path::name(&folder), error);
                Vec::new()
            });
            self.entries.sort_by_cached_key(|entry| (!entry.is_directory, entry.name.to_lowercase()));
            self.folder = folder;
        }
        let wanted = typed[at..].to_lowercase();
        // A whole name of a file that is there narrows nothing: one saves over it, or looks for another.
        let is_whole = self.entries.iter().any(|entry| entry.name.to_lowercase() == wanted);
        let fits = |entry: &DirectoryEntry| {
            let is_hidden = entry.name.starts_with('.') && !wanted.starts_with('.');
            !is_hidden
                && (is_whole
                    || self.purpose == Purpose::Save
                    || entry.name.to_lowercase().starts_with(&wanted))
        };
        self.shown = (0..self.entries.len()).filter(|index| fits(&self.entries[*index])).collect();
        self.selected = None;
        self.set_scroll(0);
    }

    fn entry(&self, shown: usize) -> Option<&DirectoryEntry> {
        self.shown.get(shown).and_then(|index| self.entries.get(*index))
    }

    /// Puts a row's path into the field; of a folder with a slash, so that its inside is shown next.
    fn take(&mut self, shown: usize, host: &mut dyn Host) {
        let Some(entry) = self.entry(shown) else { return };
        let mut path = path::join(&self.folder, &entry.name);
        let is_directory = entry.is_directory;
        if is_directory {
            path.push('/');
        }
        self.field.set_text(&path);
        self.field.select(path.len()..path.len());
        if is_directory {
            self.look(host);
        }
    }

    fn confirm(&mut self, host: &mut dyn Host) -> Choice {
        if let Some(selected) = self.selected {
            let is_directory = self.entry(selected).is_some_and(|entry| entry.is_directory);
            self.take(selected, host);
            if is_directory {
                return Choice::Changed;
            }
        }
        let typed = self.field.text().to_string();
        let path = path::normalise("/", &typed);
        match host.files().status(&path) {
            Ok(status) if status.is_directory => {
                self.field.set_text(&path::join(&path, ""));
                let end = self.field.text().len();
                self.field.select(end..end);
                self.look(host);
                Choice::Changed
            }
            Err(error) if self.purpose == Purpose::Open => {
                self.problem = trouble::explain(path::name(&path), error);
                Choice::Changed
            }
            _ if typed.ends_with('/') || typed.is_empty() => {
                self.problem = String::from("Type a name for the file.");
                Choice::Changed
            }
            _ => Choice::Path(path),
        }
    }

    fn step(&mut self, rows: i32) {
        let count = self.shown.len();
        if count == 0 {
            return;
        }
        let next = match self.selected {
            None => {
                if rows > 0 {
                    0
                } else {
                    count - 1
                }
            }
            Some(row) => (row as i64 + i64::from(rows)).clamp(0, count as i64 - 1) as usize,
        };
        self.selected = Some(next);
        let first = self.scroll.first();
        let rows = self.rows();
        self.set_scroll(first.min(next).max((next + 1).saturating_sub(rows)));
    }

    pub(crate) fn key(&mut self, event: &KeyEvent, host: &mut dyn Host) -> Choice {
        if !event.is_down() {
            return Choice::Nothing;
        }
        match event.key {
            Key::Escape => return Choice::Dismissed,
            Key::Enter | Key::KeypadEnter => return self.confirm(host),
            Key::Down => self.step(1),
            Key::Up => self.step(-1),
            Key::PageDown => self.step(self.rows() as i32),
            Key::PageUp => self.step(-(self.rows() as i32)),
            Key::Tab => self.take(self.selected.unwrap_or(0), host),
            _ => match self.field.key(event, host) {
                FieldChange::Ignored => return Choice::Nothing,
                FieldChange::Taken => {}
                FieldChange::Edited => {
                    self.problem.clear();
                    self.look(host);
                }
            },
        }
        Choice::Changed
    }

    fn row_at(&self, point: Point) -> Option<usize> {
        let inner = self.list.inset(1);
        if !inner.contains(point) {
            return None;
        }
        let row = self.scroll.first() + ((point.y - inner.y) / ROW) as usize;
        (row < self.shown.len()).then_some(row)
    }

    pub(crate) fn pointer(&mut self, event: &PointerEvent, host: &mut dyn Host) -> Choice {
        let mut changed = false;
        let [cancel, confirm] = &mut self.buttons;
        if cancel.pointer(event, &mut changed) {
            return Choice::Dismissed;
        }
        if confirm.pointer(event, &mut changed) {
            return self.confirm(host);
        }
        changed |= self.field.pointer(event, host.now_ms());
        match event.kind {
            PointerKind::Wheel(notches) => changed |= self.scroll.scroll(notches.saturating_mul(-WHEEL_ROWS)),
            PointerKind::Pressed(PointerButton::Primary) if !self.scroll.area.contains(event.position) => {
                if let Some(row) = self.row_at(event.position) {
                    let is_directory = self.entry(row).is_some_and(|entry| entry.is_directory);
                    self.selected = Some(row);
                    changed = true;
                    if self.clicks.press(event.position, host.now_ms()) > 1 {
                        self.clicks.forget();
                        return self.confirm(host);
                    }
                    if !is_directory {
                        self.take(row, host);
                    }
                }
            }
            _ => changed |= self.scroll.pointer(event),
        }
        if changed { Choice::Changed } else { Choice::Nothing }
    }

    pub(crate) fn draw(&mut self, canvas: &mut Canvas<'_>) {
        let clip = canvas.clip();
        canvas.blend(clip, DIM);
        kit::card(canvas, self.area);
        let inner = self.area.inset(MARGIN);
        let heading = Rect::new(inner.x, inner.y, inner.width, Font::Heading.line_height());
        let title = if self.purpose == Purpose::Open { "Open a file" } else { "Save as" };
        kit::label(canvas, heading, title, Font::Heading, theme::TEXT);
        self.field.draw(canvas, true, "/disk/name.txt");
        canvas.rounded_rect(self.list, theme::CONTROL_RADIUS, theme::SURFACE_RAISED);
        canvas.stroke_rounded_rect(self.list, theme::CONTROL_RADIUS, 1, theme::BORDER);
        let rows = self.list.inset(1);
        for index in 0..self.rows() {
            let shown = self.scroll.first() + index;
            let Some(entry) = self.entry(shown) else { break };
            let row = Rect::new(rows.x, rows.y + index as i32 * ROW, rows.width, ROW);
            let is_selected = self.selected == Some(shown);
            if is_selected {
                canvas.rounded_rect(row.inset_by(3, 1, 14, 1), theme::CONTROL_RADIUS, theme::ACCENT);
            }
            let icon = if entry.is_directory { Icon::Folder } else { Icon::File };
            canvas.icon(icon, IconSize::Small, Point::new(row.x + 10, row.y + (ROW - 16) / 2));
            let color = if is_selected { theme::ON_ACCENT } else { theme::TEXT };
            kit::label(canvas, row.inset_by(34, 0, 20, 0), &entry.name, Font::Ui, color);
        }
        if self.shown.is_empty() && self.problem.is_empty() {
            kit::label(
                canvas,
                rows.inset_by(12, 0, 12, 0),
                "Nothing here begins like that.",
                Font::Ui,
                theme::TEXT_DISABLED,
            );
        }
        self.scroll.draw(canvas, theme::BORDER.darker(30));
        let line = Rect::new(inner.x, self.list.bottom() + 6, inner.width, Font::Small.line_height());
        kit::label(canvas, line, &self.problem, Font::Small, theme::DANGER);
        self.buttons.iter().for_each(|button| button.draw(canvas));
    }
}
