//! Text on one line.

use super::{Canvas, FAR, cover, near, near_point};
use crate::{Color, Font, Point, Rect, Size};

/// What stands for the part of a text that was cut off.
const ELLIPSIS: &str = "…";

impl Canvas<'_> {
    /// Draws `text` on one line whose box has its top left at `at`, and returns how far it reaches to the
    /// right, in pixels (what [`Font::width`] says). A character without a glyph shows as a box.
    pub fn text(&mut self, at: Point, text: &str, font: Font, color: Color) -> i32 {
        let (at, clip) = (near_point(at, FAR), self.clip());
        // Measuring costs a look-up a glyph, drawing a hundred pixels: lines outside are not drawn.
        if at.y >= clip.bottom() || at.y + font.line_height() <= clip.y {
            return font.width(text);
        }
        let source = color.premultiplied();
        let mut pen = 0;
        for character in text.chars() {
            let glyph = font.glyph(character, pen);
            let (left, top) = (at.x + glyph.left, at.y + glyph.top);
            self.for_each_row(Rect::new(left, top, glyph.columns, glyph.rows), |row, x, y| {
                let start = ((y - top) * glyph.columns + x - left) as usize;
                cover(row, &glyph.coverage[start..start + row.len()], source);
            });
            pen += glyph.advance;
        }
        (pen + 32) >> 6
    }

    /// Draws `text` in the middle of `rect`, cut to its width.
    pub fn text_centered(&mut self, rect: Rect, text: &str, font: Font, color: Color) {
        let rect = near(rect);
        let width = font.width(text).min(rect.width);
        let at = rect.centered(Size::new(width, font.line_height())).origin();
        self.text_cut(at, rect.width, text, font, color);
    }

    /// Draws `text` as [`Canvas::text`] does, but no wider than `width` pixels: what is too long ends with
    /// "…". Returns the width drawn.
    pub fn text_cut(&mut self, at: Point, width: i32, text: &str, font: Font, color: Color) -> i32 {
        if font.width(text) <= width {
            return self.text(at, text, font, color);
        }
        let room = width - font.width(ELLIPSIS);
        if room < 0 {
            return 0;
        }
        let start = text[..font.fit(text, room)].trim_end();
        let drawn = self.text(at, start, font, color);
        drawn + self.text(at.offset(drawn, 0), ELLIPSIS, font, color)
    }
}
