//! The question before the machine goes down. It is modal: nothing else takes input while it is open.

use gfx::{Canvas, Font, Point, Rect, Size, theme};
use ui::{
    Key, KeyEvent, PointerEvent,
    kit::{self, Button, ButtonKind},
};

use crate::card;

const SIZE: Size = Size::new(420, 168);
const MARGIN: i32 = 24;
const BUTTON: Size = Size::new(112, 32);
const GAP: i32 = 10;

/// What the user may answer, in the order of the buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Cancel,
    Restart,
    PowerOff,
}

const ANSWERS: [(Answer, &str); 3] =
    [(Answer::Cancel, "Cancel"), (Answer::Restart, "Restart"), (Answer::PowerOff, "Power off")];

/// The open dialog.
pub(crate) struct Dialog {
    pub(crate) area: Rect,
    buttons: [Button; 3],
    /// The answer that Enter gives.
    chosen: usize,
}

impl Dialog {
    /// The dialog in the middle of `screen`, with `answer` as what Enter gives.
    pub(crate) fn new(screen: Rect, answer: Answer) -> Self {
        let size = Size::new(SIZE.width.min(screen.width - 16), SIZE.height);
        let area = screen.centered(size);
        let chosen = ANSWERS.iter().position(|(each, _)| *each == answer).unwrap_or(0);
        let mut dialog =
            Self { area, buttons: ANSWERS.map(|_| Button::new(area, "", ButtonKind::Plain)), chosen };
        dialog.make_buttons();
        dialog
    }

    fn make_buttons(&mut self) {
        let count = ANSWERS.len() as i32;
        for (index, (_, text)) in ANSWERS.iter().enumerate() {
            let from_right = (count - index as i32) * BUTTON.width + (count - 1 - index as i32) * GAP;
            let place = Point::new(
                self.area.right() - MARGIN - from_right,
                self.area.bottom() - MARGIN - BUTTON.height,
            );
            let kind = if index == self.chosen { ButtonKind::Default } else { ButtonKind::Plain };
            self.buttons[index] = Button::new(Rect::at(place, BUTTON), text, kind);
        }
    }

    /// Takes a key; returns the answer if it gives one.
    pub(crate) fn key(&mut self, event: &KeyEvent) -> Option<Answer> {
        if !event.is_down() {
            return None;
        }
        let count = ANSWERS.len();
        match event.key {
            Key::Escape => return Some(Answer::Cancel),
            Key::Enter | Key::KeypadEnter | Key::Space => return Some(ANSWERS[self.chosen].0),
            Key::Left => self.chosen = (self.chosen + count - 1) % count,
            Key::Right | Key::Tab => self.chosen = (self.chosen + 1) % count,
            _ => return None,
        }
        self.make_buttons();
        None
    }

    /// Takes a pointer event; `changed` is set when it looks different now.
    pub(crate) fn pointer(&mut self, event: &PointerEvent, changed: &mut bool) -> Option<Answer> {
        let mut answer = None;
        for (button, (each, _)) in self.buttons.iter_mut().zip(ANSWERS) {
            if button.pointer(event, changed) {
                answer = Some(each);
            }
        }
        answer
    }

    /// Draws it.
    pub(crate) fn draw(&self, canvas: &mut Canvas<'_>) {
        card::draw(canvas, self.area);
        let inner = self.area.inset(MARGIN);
        let heading = Rect::new(inner.x, inner.y, inner.width, Font::Heading.line_height());
        kit::label(canvas, heading, "Leave Quicklime?", Font::Heading, theme::TEXT);
        let line = Rect::new(inner.x, heading.bottom() + 8, inner.width, Font::Ui.line_height());
        kit::label(
            canvas,
            line,
            "Programs are closed, files are written to the disk.",
            Font::Ui,
            theme::TEXT_MUTED,
        );
        for button in &self.buttons {
            button.draw(canvas);
        }
    }
}
