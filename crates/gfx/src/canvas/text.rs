//! Text on one line.

use super::Canvas;
use crate::{Color, Font, Point, Rect};

impl Canvas<'_> {
    /// Draws `text` on one line whose box has its top left at `at`, and returns how far it reaches to the right, in pixels
    /// (what [`Font::width`] says). A character without a glyph shows as a box.
    pub fn text(&mut self, at: Point, text: &str, font: Font, color: Color) -> i32 {
        let mut x = at.x;
        for character in text.chars() {
            let advance = font.advance(character);
            if !character.is_whitespace() {
                self.stroke_rect(Rect::new(x, at.y, advance, font.line_height()).inset(2), color);
            }
            x += advance;
        }
        x - at.x
    }

    /// Draws `text` in the middle of `rect`, clipped to it.
    pub fn text_centered(&mut self, rect: Rect, text: &str, font: Font, color: Color) {
        let at = rect.centered(crate::Size::new(font.width(text), font.line_height())).origin();
        self.clipped(rect).text(at, text, font, color);
    }
}
