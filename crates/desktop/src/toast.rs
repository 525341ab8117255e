//! Messages in the upper right corner. They go by themselves after a while, or at a click.

use alloc::{string::String, vec::Vec};

use gfx::{Canvas, Color, Font, Point, Rect, Symbol, theme};

use crate::card;

const WIDTH: i32 = 340;
const MARGIN: i32 = 12;
const PADDING: i32 = 12;
/// Width of the coloured bar that says how serious it is.
const BAR: i32 = 4;
/// How many are kept; the oldest goes when there are more.
const MOST: usize = 4;
/// The most lines of one message.
const MOST_LINES: usize = 5;
/// How long a message stays: a base, and time to read each character.
const BASE_MS: u64 = 6_000;
const PER_CHARACTER_MS: u64 = 60;

/// How serious a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToastKind {
    /// For information.
    Info,
    /// Something is missing or limited.
    Warning,
    /// Something failed.
    Error,
}

impl ToastKind {
    fn color(self) -> Color {
        match self {
            Self::Info => theme::ACCENT,
            Self::Warning => theme::WARNING,
            Self::Error => theme::DANGER,
        }
    }
}

struct Toast {
    kind: ToastKind,
    lines: Vec<String>,
    expires_ms: u64,
}

impl Toast {
    fn height(&self) -> i32 {
        self.lines.len() as i32 * Font::Ui.line_height() + 2 * PADDING
    }
}

/// The messages that show, the oldest on top.
pub(crate) struct Toasts {
    screen: Rect,
    toasts: Vec<Toast>,
}

impl Toasts {
    pub(crate) fn new(screen: Rect) -> Self {
        Self { screen, toasts: Vec::new() }
    }

    /// How many show.
    pub(crate) fn len(&self) -> usize {
        self.toasts.len()
    }

    fn width(&self) -> i32 {
        WIDTH.min(self.screen.width - 2 * MARGIN)
    }

    /// Shows a message from `now_ms` on. One that shows already stays longer instead of coming twice.
    pub(crate) fn push(&mut self, kind: ToastKind, text: &str, now_ms: u64) {
        let room = self.width() - 2 * PADDING - BAR - Symbol::SIDE - PADDING;
        let mut lines = ui::kit::wrap(text, Font::Ui, room);
        lines.truncate(MOST_LINES);
        let reading = PER_CHARACTER_MS * text.chars().count() as u64;
        let expires_ms = now_ms + BASE_MS + reading;
        if let Some(same) = self.toasts.iter_mut().find(|toast| toast.kind == kind && toast.lines == lines) {
            same.expires_ms = expires_ms;
            return;
        }
        if self.toasts.len() == MOST {
            self.toasts.remove(0);
        }
        self.toasts.push(Toast { kind, lines, expires_ms });
    }

    /// Removes the message at this place.
    pub(crate) fn dismiss(&mut self, index: usize) {
        if index < self.toasts.len() {
            self.toasts.remove(index);
        }
    }

    /// Removes what has been read; says whether anything went.
    pub(crate) fn expire(&mut self, now_ms: u64) -> bool {
        let before = self.toasts.len();
        self.toasts.retain(|toast| toast.expires_ms > now_ms);
        before != self.toasts.len()
    }

    /// When the next message goes, in milliseconds since boot.
    pub(crate) fn next_expiry(&self) -> Option<u64> {
        self.toasts.iter().map(|toast| toast.expires_ms).min()
    }

    /// The card of the message at this place.
    pub(crate) fn area(&self, index: usize) -> Rect {
        let above: i32 = self.toasts.iter().take(index).map(|toast| toast.height() + 10).sum();
        let height = self.toasts.get(index).map_or(0, Toast::height);
        let top = self.screen.y + theme::PANEL_HEIGHT + MARGIN + above;
        Rect::new(self.screen.right() - MARGIN - self.width(), top, self.width(), height)
    }

    /// Everything the messages paint.
    pub(crate) fn bounds(&self) -> Rect {
        (0..self.len()).fold(Rect::EMPTY, |all, index| all.union(card::bounds(self.area(index))))
    }

    /// The message under `point`.
    pub(crate) fn hit(&self, point: Point) -> Option<usize> {
        (0..self.len()).find(|index| self.area(*index).contains(point))
    }

    /// Draws the message at this place.
    pub(crate) fn draw(&self, canvas: &mut Canvas<'_>, index: usize, hovered: bool) {
        let Some(toast) = self.toasts.get(index) else { return };
        let area = self.area(index);
        card::draw(canvas, area);
        let bar = Rect::new(area.x + PADDING, area.y + PADDING, BAR, area.height - 2 * PADDING);
        canvas.rounded_rect(bar, BAR / 2, toast.kind.color());
        let mut at = Point::new(bar.right() + PADDING, area.y + PADDING);
        for line in &toast.lines {
            canvas.text(at, line, Font::Ui, theme::TEXT);
            at.y += Font::Ui.line_height();
        }
        let color = if hovered { theme::TEXT } else { theme::TEXT_DISABLED };
        let cross = Point::new(area.right() - PADDING - Symbol::SIDE, area.y + PADDING);
        canvas.symbol(Symbol::Close, cross, color);
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn a_message_that_shows_stays_longer_instead_of_coming_twice() {
        let mut toasts = Toasts::new(Rect::new(0, 0, 640, 480));
        toasts.push(ToastKind::Error, "Not enough memory.", 0);
        let first = toasts.next_expiry();
        toasts.push(ToastKind::Error, "Not enough memory.", 500);
        assert_eq!((toasts.len(), toasts.next_expiry()), (1, first.map(|at| at + 500)));
        toasts.push(ToastKind::Info, "Not enough memory.", 500);
        assert_eq!(toasts.len(), 2, "of another weight");
    }

    #[test]
    fn only_the_newest_are_kept_and_each_goes_in_time() {
        let mut toasts = Toasts::new(Rect::new(0, 0, 640, 480));
        for step in 0..10 {
            toasts.push(ToastKind::Info, &format!("Hello {step}"), step);
        }
        assert_eq!(toasts.len(), MOST);
        assert!(!toasts.expire(BASE_MS), "still to be read");
        let last = toasts.next_expiry().expect("there are some");
        assert!(toasts.expire(last) && toasts.len() == MOST - 1);
        assert!(toasts.expire(u64::MAX) && toasts.next_expiry().is_none());
    }
}
