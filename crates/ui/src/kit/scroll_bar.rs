//! A vertical scroll bar.

use gfx::{Canvas, Color, Rect};

use crate::{Button, PointerEvent, PointerKind};

/// The least height of the thumb, in pixels: it has to be grabbed.
const LEAST_THUMB: i32 = 24;

/// A vertical scroll bar over rows. Everything is counted in rows of the content.
#[derive(Debug, Clone)]
pub struct ScrollBar {
    /// Its place; [`gfx::theme::SCROLL_BAR`] is the usual width.
    pub area: Rect,
    rows: usize,
    visible: usize,
    first: usize,
    /// While dragged: the distance from the thumb's top to the pointer.
    grabbed: Option<i32>,
}

impl ScrollBar {
    /// A bar for nothing yet.
    pub fn new(area: Rect) -> Self {
        Self { area, rows: 0, visible: 0, first: 0, grabbed: None }
    }

    /// Says how many rows there are, how many fit, and which is the first one shown.
    pub fn set(&mut self, rows: usize, visible: usize, first: usize) {
        (self.rows, self.visible) = (rows, visible);
        self.first = first.min(self.last_first());
    }

    /// The first row to show.
    pub fn first(&self) -> usize {
        self.first
    }

    /// Whether everything fits, so that there is nothing to scroll.
    pub fn is_idle(&self) -> bool {
        self.rows <= self.visible
    }

    fn last_first(&self) -> usize {
        self.rows.saturating_sub(self.visible)
    }

    /// Scrolls by so many rows; negative is towards the start. Says whether it moved.
    pub fn scroll(&mut self, rows: i32) -> bool {
        let before = self.first;
        let distance = rows.unsigned_abs() as usize;
        self.first = if rows < 0 { self.first.saturating_sub(distance) } else { self.first + distance };
        self.first = self.first.min(self.last_first());
        before != self.first
    }

    /// The part that shows the place and can be dragged.
    fn thumb(&self) -> Rect {
        let track = i64::from(self.area.height.max(0));
        let rows = self.rows.max(1) as i64;
        let height = (track * self.visible as i64 / rows).max(LEAST_THUMB.into()).min(track);
        let top = (track - height) * self.first as i64 / self.last_first().max(1) as i64;
        Rect::new(self.area.x, self.area.y + top as i32, self.area.width, height as i32)
    }

    /// Takes a pointer event; says whether the first row changed. A press beside the thumb scrolls by
    /// a page.
    pub fn pointer(&mut self, event: &PointerEvent) -> bool {
        if self.is_idle() {
            return false;
        }
        let thumb = self.thumb();
        match event.kind {
            PointerKind::Pressed(Button::Primary) if thumb.contains(event.position) => {
                self.grabbed = Some(event.position.y - thumb.y);
                false
            }
            PointerKind::Pressed(Button::Primary) if self.area.contains(event.position) => {
                let page = i32::try_from(self.visible).unwrap_or(i32::MAX);
                self.scroll(if event.position.y < thumb.y { -page } else { page })
            }
            PointerKind::Released(Button::Primary) => {
                self.grabbed = None;
                false
            }
            PointerKind::Moved => self.grabbed.is_some_and(|grabbed| {
                let room = i64::from(self.area.height - thumb.height).max(1);
                let top = i64::from(event.position.y - grabbed - self.area.y).clamp(0, room);
                let before = self.first;
                self.first = ((top * self.last_first() as i64 + room / 2) / room) as usize;
                before != self.first
            }),
            _ => false,
        }
    }

    /// Draws the thumb in `color`; the caller has drawn what lies beneath.
    pub fn draw(&self, canvas: &mut Canvas<'_>, color: Color) {
        if !self.is_idle() {
            let thumb = self.thumb().inset(1);
            canvas.rounded_rect(thumb, thumb.width / 2, color);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gfx::Point;
    use keymap::Modifiers;

    fn event(kind: PointerKind, y: i32) -> PointerEvent {
        PointerEvent { kind, position: Point::new(4, y), modifiers: Modifiers::empty() }
    }

    #[test]
    fn dragging_the_thumb_reaches_both_ends_and_never_passes_them() {
        let mut bar = ScrollBar::new(Rect::new(0, 0, 8, 200));
        bar.set(1000, 20, 0);
        bar.pointer(&event(PointerKind::Pressed(Button::Primary), 2));
        let mut last = 0;
        for y in 0..400 {
            bar.pointer(&event(PointerKind::Moved, y));
            assert!(bar.first() >= last && bar.first() <= 980);
            last = bar.first();
        }
        assert_eq!(last, 980);
        bar.pointer(&event(PointerKind::Moved, -50));
        assert_eq!(bar.first(), 0);
        bar.pointer(&event(PointerKind::Released(Button::Primary), -50));
        assert!(!bar.pointer(&event(PointerKind::Moved, 100)), "released");
    }

    #[test]
    fn pages_and_rows_stay_in_range() {
        let mut bar = ScrollBar::new(Rect::new(0, 0, 8, 200));
        bar.set(50, 20, 99);
        assert_eq!(bar.first(), 30);
        assert!(bar.pointer(&event(PointerKind::Pressed(Button::Primary), 0)));
        assert_eq!(bar.first(), 10);
        assert!(bar.scroll(-100) && bar.first() == 0 && !bar.scroll(-1));
        bar.set(5, 20, 3);
        assert!(bar.is_idle() && bar.first() == 0);
    }
}
