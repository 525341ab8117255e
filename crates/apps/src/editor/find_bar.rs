//! The bar for searching and replacing: two fields and some buttons.

use alloc::string::{String, ToString};

use gfx::{Canvas, Font, Rect, Symbol, theme};
use ui::kit::{FieldChange, TextField, ToolButton, label};
use ui::{Host, KeyEvent, PointerEvent, PointerKind};

use super::text::Pattern;

const ROW: i32 = 36;
const FIELD: i32 = 260;
const MARGIN: i32 = 8;

/// Which field has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Find,
    Replace,
}

/// What a button of the bar does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Press {
    Previous,
    Next,
    Replace,
    ReplaceAll,
    Close,
}

const PRESSES: [Press; 5] = [Press::Previous, Press::Next, Press::Close, Press::Replace, Press::ReplaceAll];

/// The open bar.
pub(super) struct FindBar {
    pub(super) find: TextField,
    pub(super) replace: TextField,
    /// The second row shows.
    pub(super) replaces: bool,
    /// None when the text has the keys.
    pub(super) focus: Option<Field>,
    /// What the last search found, in words.
    pub(super) message: String,
    buttons: [ToolButton; 5],
}

impl FindBar {
    pub(super) fn new() -> FindBar {
        FindBar {
            find: TextField::new(""),
            replace: TextField::new(""),
            replaces: false,
            focus: Some(Field::Find),
            message: String::new(),
            buttons: [
                ToolButton::new(Some(Symbol::ChevronUp), ""),
                ToolButton::new(Some(Symbol::ChevronDown), ""),
                ToolButton::new(Some(Symbol::Close), ""),
                ToolButton::new(None, "Replace"),
                ToolButton::new(None, "Replace all"),
            ],
        }
    }

    pub(super) fn height(&self) -> i32 {
        if self.replaces { 2 * ROW } else { ROW }
    }

    pub(super) fn lay_out(&mut self, area: Rect) {
        let field = FIELD.min((area.width - 190).max(60));
        let top = area.y + (ROW - theme::CONTROL_HEIGHT) / 2;
        let height = theme::CONTROL_HEIGHT;
        self.find.area = Rect::new(area.x + MARGIN, top, field, height);
        self.replace.area = Rect::new(area.x + MARGIN, top + ROW, field, height);
        let mut x = self.find.area.right() + 6;
        for button in &mut self.buttons[..2] {
            button.area = Rect::new(x, top, height, height);
            x = button.area.right() + 2;
        }
        self.buttons[2].area = Rect::new(area.right() - MARGIN - height, top, height, height);
        let mut x = self.replace.area.right() + 6;
        for button in &mut self.buttons[3..] {
            button.area =
                if self.replaces { Rect::new(x, top + ROW, button.width(), height) } else { Rect::EMPTY };
            x = button.area.right() + 2;
        }
    }

    pub(super) fn pattern(&self) -> Option<Pattern> {
        Pattern::new(self.find.text())
    }

    pub(super) fn say(&mut self, message: &str) {
        self.message = message.to_string();
    }

    /// Takes a key for the field that has them.
    pub(super) fn key(&mut self, event: &KeyEvent, host: &mut dyn Host) -> FieldChange {
        match self.focus {
            Some(Field::Find) => self.find.key(event, host),
            Some(Field::Replace) => self.replace.key(event, host),
            None => FieldChange::Ignored,
        }
    }

    /// The next field, round and round.
    pub(super) fn step(&mut self) {
        self.focus = match self.focus {
            Some(Field::Find) if self.replaces => Some(Field::Replace),
            Some(_) => None,
            None => Some(Field::Find),
        };
    }

    /// Takes a pointer event; `changed` is set when it looks different now.
    pub(super) fn pointer(&mut self, event: &PointerEvent, now_ms: u64, changed: &mut bool) -> Option<Press> {
        let mut press = None;
        for (button, means) in self.buttons.iter_mut().zip(PRESSES) {
            if button.pointer(event, changed) {
                press = Some(means);
            }
        }
        if matches!(event.kind, PointerKind::Pressed(_)) {
            if self.find.area.contains(event.position) {
                self.focus = Some(Field::Find);
            } else if self.replaces && self.replace.area.contains(event.position) {
                self.focus = Some(Field::Replace);
            }
        }
        *changed |= self.find.pointer(event, now_ms);
        *changed |= self.replaces && self.replace.pointer(event, now_ms);
        press
    }

    pub(super) fn draw(&mut self, canvas: &mut Canvas<'_>, area: Rect, is_focused: bool) {
        canvas.fill(area, theme::SURFACE_SUNKEN);
        canvas.fill(Rect::new(area.x, area.bottom() - 1, area.width, 1), theme::BORDER);
        let focus = self.focus.filter(|_| is_focused);
        self.find.draw(canvas, focus == Some(Field::Find), "Find");
        if self.replaces {
            self.replace.draw(canvas, focus == Some(Field::Replace), "Replace with");
        }
        self.buttons.iter().for_each(|button| button.draw(canvas));
        let left = self.buttons[1].area.right() + 10;
        let place =
            Rect::from_edges(left, self.find.area.y, self.buttons[2].area.x - 4, self.find.area.bottom());
        label(canvas, place, &self.message, Font::Ui, theme::TEXT_MUTED);
    }
}
