//! Text that has to fit.

use alloc::{borrow::Cow, string::String, vec::Vec};

use gfx::{Canvas, Color, Font, Point, Rect};

/// `text`, or its beginning with an ellipsis when it is wider than `width` pixels.
pub fn elide(text: &str, font: Font, width: i32) -> Cow<'_, str> {
    if font.width(text) <= width {
        return Cow::Borrowed(text);
    }
    let room = width - font.advance('…');
    let mut used = 0;
    let mut short: String = text
        .chars()
        .take_while(|character| {
            used += font.advance(*character);
            used <= room
        })
        .collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    Cow::Owned(short)
}

/// Draws `text` at the left of `area`, centred vertically and elided.
pub fn label(canvas: &mut Canvas<'_>, area: Rect, text: &str, font: Font, color: Color) {
    let at = Point::new(area.x, area.y + (area.height - font.line_height()) / 2);
    canvas.clipped(area).text(at, &elide(text, font, area.width), font, color);
}

/// The lines that `text` takes when it is broken between words to fit `width` pixels. A word that is wider is cut.
pub fn wrap(text: &str, font: Font, width: i32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let space = if line.is_empty() { 0 } else { font.advance(' ') };
        if !line.is_empty() && font.width(&line) + space + font.width(word) > width {
            lines.push(core::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&elide(word, font, width));
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_lines_fit_and_lose_no_word() {
        let text = "No disk found: files live in memory only and are gone after the next restart.";
        let lines = wrap(text, Font::Ui, 240);
        assert_eq!(lines.join(" "), text);
        assert!(lines.iter().all(|line| Font::Ui.width(line) <= 240));
        assert!(lines.len() > 1);
    }

    #[test]
    fn elided_text_fits_and_begins_as_the_text_did() {
        let text = "A rather long file name.txt";
        for width in 10..300 {
            let short = elide(text, Font::Ui, width);
            assert!(Font::Ui.width(&short) <= width.max(Font::Ui.advance('…')), "{short} in {width}");
            assert!(text.starts_with(short.trim_end_matches('…')));
        }
        assert_eq!(elide(text, Font::Ui, 1000), text);
    }
}
