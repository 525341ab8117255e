//! A row of tabs, one of which is chosen.

use alloc::{string::String, vec::Vec};

use gfx::{Canvas, Font, Point, Rect, theme};

use crate::{Button, PointerEvent, PointerKind};

/// Space at each side of a tab's text.
const PADDING: i32 = 14;

/// A row of tabs.
#[derive(Debug, Clone)]
pub struct Tabs {
    /// Its place; tabs stand from the left, as wide as their texts.
    pub area: Rect,
    names: Vec<String>,
    selected: usize,
    hovered: Option<usize>,
}

impl Tabs {
    /// Tabs of these names; the first is chosen.
    pub fn new(area: Rect, names: &[&str]) -> Self {
        let names = names.iter().map(|name| String::from(*name)).collect();
        Self { area, names, selected: 0, hovered: None }
    }

    /// The index of the chosen one.
    pub fn selected(&self) -> usize {
        self.selected
    }

    /// Chooses the next one (or the previous one), round and round.
    pub fn step(&mut self, forwards: bool) {
        let count = self.names.len().max(1);
        self.selected = (self.selected + if forwards { 1 } else { count - 1 }) % count;
    }

    /// Takes a pointer event; says whether it looks different now.
    pub fn pointer(&mut self, event: &PointerEvent) -> bool {
        let before = (self.selected, self.hovered);
        let under = (0..self.names.len()).find(|index| self.tab(*index).contains(event.position));
        self.hovered = under.filter(|_| event.kind != PointerKind::Left);
        if let (PointerKind::Pressed(Button::Primary), Some(index)) = (event.kind, under) {
            self.selected = index;
        }
        before != (self.selected, self.hovered)
    }

    fn tab(&self, index: usize) -> Rect {
        let width = |name: &String| Font::UiBold.width(name) + 2 * PADDING;
        let left: i32 = self.names.iter().take(index).map(width).sum();
        let own = self.names.get(index).map_or(0, width);
        Rect::new(self.area.x + left, self.area.y, own, self.area.height)
    }

    /// Draws them over `area`, with a line beneath.
    pub fn draw(&self, canvas: &mut Canvas<'_>) {
        canvas.fill(self.area, theme::SURFACE);
        canvas.fill(Rect::new(self.area.x, self.area.bottom() - 1, self.area.width, 1), theme::BORDER);
        for (index, name) in self.names.iter().enumerate() {
            let tab = self.tab(index);
            let color = if index == self.selected {
                canvas.fill(Rect::new(tab.x + 6, tab.bottom() - 3, tab.width - 12, 3), theme::ACCENT);
                theme::TEXT
            } else if self.hovered == Some(index) {
                canvas.rounded_rect(tab.inset_by(4, 4, 4, 6), theme::CONTROL_RADIUS, theme::SURFACE_HOVER);
                theme::TEXT
            } else {
                theme::TEXT_MUTED
            };
            let y = tab.y + (tab.height - Font::UiBold.line_height()) / 2;
            canvas.text(Point::new(tab.x + PADDING, y), name, Font::UiBold, color);
        }
    }
}
