//! A question over a window: a heading, some words, perhaps a field, and buttons to answer with.
//!
//! While it is open it takes everything that the user does to the window.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use gfx::{Canvas, Color, Font, Point, Rect, Size, Symbol, theme};

use super::button::{Button, ButtonKind};
use super::card::{card, focus_ring};
use super::text::{label, wrap};
use super::text_field::{FieldChange, TextField};
use crate::{Button as PointerButton, Host, Key, KeyEvent, Modifiers, PointerEvent, PointerKind};

const WIDTH: i32 = 400;
const MARGIN: i32 = 20;
const BUTTON_HEIGHT: i32 = 30;
const LEAST_BUTTON: i32 = 84;
const GAP: i32 = 8;
const CHECK_ROW: i32 = 26;
/// What lies beneath is dimmed by this.
const DIM: Color = Color::rgba(0x12, 0x15, 0x24, 72);

/// What an event meant to a dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialogOutcome {
    /// Nothing.
    Nothing,
    /// It looks different now.
    Changed,
    /// It was answered with the button of this index.
    Answered(usize),
    /// It was dismissed with Escape: nothing shall happen.
    Dismissed,
}

/// What the keys go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Focus {
    Field,
    Check,
    Button(usize),
}

/// An open dialog.
#[derive(Debug, Clone)]
pub struct Dialog {
    area: Rect,
    heading: String,
    text: String,
    lines: Vec<String>,
    /// What is wrong with the field's text.
    problem: Vec<String>,
    /// The window's size.
    size: Size,
    field: Option<TextField>,
    check: Option<(String, bool)>,
    buttons: Vec<Button>,
    names: Vec<String>,
    /// What Enter gives while the field has the focus.
    default: usize,
    focus: Focus,
}

impl Dialog {
    /// A dialog with these buttons, from left to right; Enter gives the one at `default`.
    pub fn new(heading: &str, text: &str, buttons: &[&str], default: usize) -> Self {
        Self {
            area: Rect::EMPTY,
            heading: heading.to_string(),
            text: text.to_string(),
            lines: Vec::new(),
            problem: Vec::new(),
            size: Size::ZERO,
            field: None,
            check: None,
            buttons: Vec::new(),
            names: buttons.iter().map(|name| name.to_string()).collect(),
            default,
            focus: Focus::Button(default),
        }
    }

    /// With a field that holds `text`, of which `selected` bytes at the start are selected.
    #[must_use]
    pub fn with_field(mut self, text: &str, selected: usize) -> Self {
        let mut field = TextField::new(text);
        field.select(0..selected);
        self.field = Some(field);
        self.focus = Focus::Field;
        self
    }

    /// With a box to tick.
    #[must_use]
    pub fn with_check(mut self, text: &str) -> Self {
        self.check = Some((text.to_string(), false));
        self
    }

    /// What the field holds.
    pub fn field_text(&self) -> &str {
        self.field.as_ref().map_or("", TextField::text)
    }

    /// Whether the box is ticked.
    pub fn is_checked(&self) -> bool {
        self.check.as_ref().is_some_and(|(_, on)| *on)
    }

    /// Says what is wrong with the answer; the dialog stays open.
    pub fn set_problem(&mut self, problem: &str) {
        let width = self.area.width - 2 * MARGIN;
        self.problem = if problem.is_empty() { Vec::new() } else { wrap(problem, Font::Small, width) };
        self.lay_out(self.size);
    }

    /// Puts it into the middle of a window of `size`. To be called before anything else, and when the window
    /// gets another size.
    pub fn lay_out(&mut self, size: Size) {
        self.size = size;
        let width = WIDTH.min(size.width - 2 * GAP).max(120);
        let inner = width - 2 * MARGIN;
        self.lines = self.text.lines().flat_map(|paragraph| wrap(paragraph, Font::Ui, inner)).collect();
        let lines = self.lines.len() as i32 * Font::Ui.line_height();
        let problem = Font::Small.line_height() * self.problem.len().max(1) as i32 + 4;
        let field = if self.field.is_some() { 10 + theme::CONTROL_HEIGHT + problem } else { 0 };
        let check = if self.check.is_some() { 6 + CHECK_ROW } else { 0 };
        let text = if lines > 0 { 6 + lines } else { 0 };
        let height =
            MARGIN + Font::Heading.line_height() + text + field + check + 16 + BUTTON_HEIGHT + MARGIN;
        self.area = Rect::at(Point::ZERO, size).centered(Size::new(width, height));
        let below_text = self.area.y + MARGIN + Font::Heading.line_height() + text;
        if let Some(field) = &mut self.field {
            field.area = Rect::new(self.area.x + MARGIN, below_text + 10, inner, theme::CONTROL_HEIGHT);
        }
        self.make_buttons();
    }

    fn make_buttons(&mut self) {
        let mut x = self.area.right() - MARGIN;
        let top = self.area.bottom() - MARGIN - BUTTON_HEIGHT;
        let widths: Vec<i32> =
            self.names.iter().map(|name| (Font::UiBold.width(name) + 28).max(LEAST_BUTTON)).collect();
        let total: i32 = widths.iter().sum::<i32>() + GAP * (widths.len() as i32 - 1);
        // On a narrow window the buttons share what there is.
        let room = self.area.width - 2 * MARGIN;
        self.buttons.clear();
        for (index, name) in self.names.iter().enumerate().rev() {
            let width = if total > room { widths[index] * room / total - 1 } else { widths[index] };
            x -= width;
            let kind = if index == self.default { ButtonKind::Default } else { ButtonKind::Plain };
            self.buttons.insert(0, Button::new(Rect::new(x, top, width, BUTTON_HEIGHT), name, kind));
            x -= GAP;
        }
    }

    fn check_area(&self) -> Rect {
        let bottom = self.area.bottom() - MARGIN - BUTTON_HEIGHT - 16;
        Rect::new(self.area.x + MARGIN, bottom - CHECK_ROW, self.area.width - 2 * MARGIN, CHECK_ROW)
    }

    /// Takes a key.
    pub fn key(&mut self, event: &KeyEvent, host: &mut dyn Host) -> DialogOutcome {
        if !event.is_down() {
            return DialogOutcome::Nothing;
        }
        if self.focus == Focus::Field
            && let Some(field) = &mut self.field
        {
            match field.key(event, host) {
                FieldChange::Ignored => {}
                FieldChange::Taken => return DialogOutcome::Changed,
                FieldChange::Edited => {
                    if !self.problem.is_empty() {
                        self.problem.clear();
                        self.lay_out(self.size);
                    }
                    return DialogOutcome::Changed;
                }
            }
        }
        match event.key {
            Key::Escape => return DialogOutcome::Dismissed,
            Key::Enter | Key::KeypadEnter => {
                return DialogOutcome::Answered(match self.focus {
                    Focus::Button(index) => index,
                    Focus::Field | Focus::Check => self.default,
                });
            }
            Key::Space => match self.focus {
                Focus::Button(index) => return DialogOutcome::Answered(index),
                Focus::Check => self.toggle_check(),
                Focus::Field => return DialogOutcome::Nothing,
            },
            Key::Tab => self.step(!event.modifiers.contains(Modifiers::SHIFT)),
            Key::Right | Key::Down => self.step(true),
            Key::Left | Key::Up => self.step(false),
            _ => return DialogOutcome::Nothing,
        }
        DialogOutcome::Changed
    }

    fn toggle_check(&mut self) {
        if let Some((_, on)) = &mut self.check {
            *on = !*on;
        }
    }

    /// Moves the focus through field, box and buttons, round and round.
    fn step(&mut self, forwards: bool) {
        let field = self.field.is_some().then_some(Focus::Field);
        let check = self.check.is_some().then_some(Focus::Check);
        let all: Vec<Focus> =
            field.into_iter().chain(check).chain((0..self.names.len()).map(Focus::Button)).collect();
        let count = all.len().max(1);
        let now = all.iter().position(|focus| *focus == self.focus).unwrap_or(0);
        let next = (now + if forwards { 1 } else { count - 1 }) % count;
        self.focus = all.get(next).copied().unwrap_or(self.focus);
    }

    /// Takes a pointer event.
    pub fn pointer(&mut self, event: &PointerEvent, host: &dyn Host) -> DialogOutcome {
        let mut changed = false;
        let answer =
            self.buttons.iter_mut().map(|button| button.pointer(event, &mut changed)).collect::<Vec<_>>();
        if let Some(index) = answer.iter().position(|clicked| *clicked) {
            return DialogOutcome::Answered(index);
        }
        if let Some(field) = &mut self.field {
            if event.kind == PointerKind::Pressed(PointerButton::Primary)
                && field.area.contains(event.position)
            {
                self.focus = Focus::Field;
            }
            changed |= field.pointer(event, host.now_ms());
        }
        if event.kind == PointerKind::Pressed(PointerButton::Primary)
            && self.check.is_some()
            && self.check_area().contains(event.position)
        {
            self.toggle_check();
            changed = true;
        }
        if changed { DialogOutcome::Changed } else { DialogOutcome::Nothing }
    }

    /// Draws it over a window of which everything else is dimmed.
    pub fn draw(&mut self, canvas: &mut Canvas<'_>) {
        let clip = canvas.clip();
        canvas.blend(clip, DIM);
        card(canvas, self.area);
        let inner = self.area.inset(MARGIN);
        let mut y = inner.y;
        let heading = Rect::new(inner.x, y, inner.width, Font::Heading.line_height());
        label(canvas, heading, &self.heading, Font::Heading, theme::TEXT);
        y = heading.bottom() + 6;
        for line in &self.lines {
            canvas.text(Point::new(inner.x, y), line, Font::Ui, theme::TEXT_MUTED);
            y += Font::Ui.line_height();
        }
        let is_field_focused = self.focus == Focus::Field;
        if let Some(field) = &mut self.field {
            field.draw(canvas, is_field_focused, "");
            let mut at = Point::new(inner.x, field.area.bottom() + 4);
            for line in &self.problem {
                canvas.text(at, line, Font::Small, theme::DANGER);
                at.y += Font::Small.line_height();
            }
        }
        self.draw_check(canvas);
        for (index, button) in self.buttons.iter().enumerate() {
            button.draw(canvas);
            if self.focus == Focus::Button(index) {
                focus_ring(canvas, button.area.inset(-3), theme::CONTROL_RADIUS + 3);
            }
        }
    }

    fn draw_check(&self, canvas: &mut Canvas<'_>) {
        let Some((text, on)) = &self.check else { return };
        let row = self.check_area();
        let mark = Rect::new(row.x, row.y + (row.height - 16) / 2, 16, 16);
        let (fill, line) =
            if *on { (theme::ACCENT, theme::ACCENT) } else { (theme::SURFACE, theme::TEXT_DISABLED) };
        canvas.rounded_rect(mark, 4, fill);
        canvas.stroke_rounded_rect(mark, 4, 1, line);
        if *on {
            canvas.symbol(Symbol::Check, mark.origin(), theme::ON_ACCENT);
        }
        if self.focus == Focus::Check {
            focus_ring(canvas, mark.inset(-3), 6);
        }
        label(canvas, row.inset_by(24, 0, 0, 0), text, Font::Ui, theme::TEXT);
    }
}
