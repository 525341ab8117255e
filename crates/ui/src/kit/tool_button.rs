//! A flat button of a tool bar: a symbol, a word, or both.

use alloc::string::String;

use gfx::{Canvas, Font, Point, Rect, Symbol, theme};

use crate::{Button as PointerButton, PointerEvent, PointerKind};

const PADDING: i32 = 8;
const GAP: i32 = 6;

/// A flat button. It acts when it is released where it was pressed.
#[derive(Debug, Clone)]
pub struct ToolButton {
    /// Its place.
    pub area: Rect,
    /// Whether it can be pressed.
    pub is_enabled: bool,
    /// Whether what it switches is on.
    pub is_on: bool,
    symbol: Option<Symbol>,
    text: String,
    hovered: bool,
    pressed: bool,
}

impl ToolButton {
    /// A button with a symbol and a word, each of which may be missing.
    pub fn new(symbol: Option<Symbol>, text: &str) -> Self {
        Self {
            area: Rect::EMPTY,
            is_enabled: true,
            is_on: false,
            symbol,
            text: text.into(),
            hovered: false,
            pressed: false,
        }
    }

    /// The width that suits it.
    pub fn width(&self) -> i32 {
        let symbol = if self.symbol.is_some() { Symbol::SIDE } else { 0 };
        let text = if self.text.is_empty() { 0 } else { Font::Ui.width(&self.text) };
        let gap = if symbol > 0 && text > 0 { GAP } else { 0 };
        symbol + gap + text + 2 * PADDING
    }

    /// Takes a pointer event; says whether the button was clicked. `changed` is set when it looks
    /// different now.
    pub fn pointer(&mut self, event: &PointerEvent, changed: &mut bool) -> bool {
        let before = (self.hovered, self.pressed);
        let inside = self.area.contains(event.position);
        let mut clicked = false;
        self.hovered = inside && event.kind != PointerKind::Left;
        match event.kind {
            PointerKind::Pressed(PointerButton::Primary) => self.pressed = inside && self.is_enabled,
            PointerKind::Released(PointerButton::Primary) => {
                clicked = self.pressed && inside && self.is_enabled;
                self.pressed = false;
            }
            _ => {}
        }
        *changed |= before != (self.hovered, self.pressed);
        clicked
    }

    /// Draws it; the caller has drawn what lies beneath.
    pub fn draw(&self, canvas: &mut Canvas<'_>) {
        let color = if self.is_enabled { theme::TEXT } else { theme::TEXT_DISABLED };
        if self.is_enabled {
            let fill = match () {
                () if self.pressed && self.hovered => Some(theme::SURFACE_PRESSED),
                () if self.is_on => Some(theme::ACCENT_SOFT),
                () if self.hovered => Some(theme::SURFACE_HOVER),
                () => None,
            };
            if let Some(fill) = fill {
                canvas.rounded_rect(self.area, theme::CONTROL_RADIUS, fill);
            }
        }
        let mut x = self.area.x + (self.area.width - self.width()) / 2 + PADDING;
        let middle = self.area.y + self.area.height / 2;
        if let Some(symbol) = self.symbol {
            let tint = if self.is_enabled { theme::TEXT.mix(theme::TEXT_MUTED, 110) } else { color };
            canvas.symbol(symbol, Point::new(x, middle - Symbol::SIDE / 2), tint);
            x += Symbol::SIDE + GAP;
        }
        let at = Point::new(x, middle - Font::Ui.line_height() / 2);
        canvas.text(at, &self.text, Font::Ui, color);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keymap::Modifiers;

    #[test]
    fn a_disabled_button_does_nothing() {
        let mut button = ToolButton::new(Some(Symbol::Plus), "New");
        button.area = Rect::new(0, 0, button.width(), 28);
        let click = |button: &mut ToolButton| {
            [PointerKind::Pressed(PointerButton::Primary), PointerKind::Released(PointerButton::Primary)]
                .into_iter()
                .filter(|kind| {
                    let position = Point::new(4, 4);
                    let event = PointerEvent { kind: *kind, position, modifiers: Modifiers::empty() };
                    button.pointer(&event, &mut false)
                })
                .count()
        };
        assert_eq!(click(&mut button), 1);
        button.is_enabled = false;
        assert_eq!(click(&mut button), 0);
    }
}
