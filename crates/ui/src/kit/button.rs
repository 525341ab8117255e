//! A push button.

use alloc::string::String;

use gfx::{Canvas, Color, Font, Rect, theme};

use crate::{Button as PointerButton, PointerEvent, PointerKind};

/// How much a button asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ButtonKind {
    /// One of several choices.
    Plain,
    /// The choice that Enter takes.
    Default,
}

/// A push button. It acts when it is released where it was pressed.
#[derive(Debug, Clone)]
pub struct Button {
    /// Its place.
    pub area: Rect,
    text: String,
    kind: ButtonKind,
    hovered: bool,
    pressed: bool,
}

impl Button {
    /// A button that says `text`.
    pub fn new(area: Rect, text: &str, kind: ButtonKind) -> Self {
        Self { area, text: text.into(), kind, hovered: false, pressed: false }
    }

    /// Takes a pointer event; says whether the button was clicked. `changed` is set when it looks
    /// different now.
    pub fn pointer(&mut self, event: &PointerEvent, changed: &mut bool) -> bool {
        let before = (self.hovered, self.pressed);
        let inside = self.area.contains(event.position);
        let mut clicked = false;
        self.hovered = inside && event.kind != PointerKind::Left;
        match event.kind {
            PointerKind::Pressed(PointerButton::Primary) => self.pressed = inside,
            PointerKind::Released(PointerButton::Primary) => {
                clicked = self.pressed && inside;
                self.pressed = false;
            }
            _ => {}
        }
        *changed |= before != (self.hovered, self.pressed);
        clicked
    }

    /// Draws it.
    pub fn draw(&self, canvas: &mut Canvas<'_>) {
        let held = self.pressed && self.hovered;
        let (fill, text) = match self.kind {
            ButtonKind::Default if held => (theme::ACCENT_PRESSED, theme::ON_ACCENT),
            ButtonKind::Default if self.hovered => (theme::ACCENT_HOVER, theme::ON_ACCENT),
            ButtonKind::Default => (theme::ACCENT, theme::ON_ACCENT),
            ButtonKind::Plain if held => (theme::SURFACE_PRESSED, theme::TEXT),
            ButtonKind::Plain if self.hovered => (theme::SURFACE_HOVER, theme::TEXT),
            ButtonKind::Plain => (theme::SURFACE_RAISED, theme::TEXT),
        };
        canvas.rounded_rect(self.area, theme::CONTROL_RADIUS, fill);
        let outline = if self.kind == ButtonKind::Default { Color::TRANSPARENT } else { theme::BORDER };
        canvas.stroke_rounded_rect(self.area, theme::CONTROL_RADIUS, 1, outline);
        canvas.text_centered(self.area, &self.text, Font::UiBold, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gfx::Point;
    use keymap::Modifiers;

    fn event(kind: PointerKind, x: i32) -> PointerEvent {
        PointerEvent { kind, position: Point::new(x, 5), modifiers: Modifiers::empty() }
    }

    #[test]
    fn only_a_release_on_the_pressed_button_clicks() {
        let press = PointerKind::Pressed(PointerButton::Primary);
        let release = PointerKind::Released(PointerButton::Primary);
        let mut button = Button::new(Rect::new(0, 0, 50, 20), "OK", ButtonKind::Plain);
        let mut clicks = |events: &[(PointerKind, i32)]| {
            let mut changed = false;
            events.iter().filter(|(kind, x)| button.pointer(&event(*kind, *x), &mut changed)).count()
        };
        assert_eq!(clicks(&[(press, 10), (release, 12)]), 1);
        assert_eq!(clicks(&[(press, 10), (release, 90)]), 0);
        assert_eq!(clicks(&[(press, 90), (release, 10)]), 0);
        assert_eq!(clicks(&[(PointerKind::Pressed(PointerButton::Secondary), 10), (release, 10)]), 0);
    }
}
