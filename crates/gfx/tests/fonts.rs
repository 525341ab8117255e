//! What a reader of text would notice.

use gfx::{Color, Font, Point, Size, Surface, theme};

/// The coverage of `text`, drawn white on black in a surface of `size`.
fn ink(text: &[&str], font: Font, size: Size) -> Surface {
    let mut surface = Surface::filled(size, Color::BLACK);
    for (line, text) in text.iter().enumerate() {
        surface.canvas().text(Point::new(0, line as i32 * font.line_height()), text, font, Color::WHITE);
    }
    surface
}

#[test]
fn all_promised_characters_have_glyphs() {
    let latin = (0x20..0x7f).chain(0xa0..0x100).filter(|&code| code != 0xad);
    let promised: Vec<char> = latin.filter_map(char::from_u32).chain("–—‘’“”•…€™←↑→↓✓✗≤≥".chars()).collect();
    for font in Font::ALL {
        for &character in &promised {
            assert!(font.has(character), "{font:?} has no {character}");
        }
        assert!(!font.has('\u{2603}') && !font.has('\u{1f600}') && !font.has('\n'));
    }
    for font in [Font::Small, Font::Ui, Font::UiBold, Font::Mono, Font::MonoBold] {
        for character in "Καλημέρα, Οδυσσεύς. Съешь ещё этих мягких булок. Ґанок, їжак, Љубав".chars()
        {
            assert!(font.has(character), "{font:?} has no {character}");
        }
    }
    for font in [Font::Mono, Font::MonoBold] {
        assert!((0x2500..0x25a0).filter_map(char::from_u32).all(|character| font.has(character)));
    }
}

#[test]
fn glyphs_differ_and_a_missing_one_shows() {
    for font in Font::ALL {
        let draw = |text: &str| ink(&[text], font, Size::new(40, font.line_height()));
        let blank = draw(" ");
        for (a, b) in [("a", "b"), ("O", "0"), ("l", "I"), ("é", "e"), ("\u{2603}", " ")] {
            assert!(draw(a) != draw(b), "{font:?}: {a} looks like {b}");
            assert!(draw(a) != blank);
        }
    }
}

#[test]
fn terminal_cells_are_even() {
    for font in [Font::Mono, Font::MonoBold] {
        for character in "iW é─█…\u{2603}".chars() {
            assert_eq!(font.advance(character), 9, "{character}");
        }
        assert_eq!(font.width("Quicklime ├──┤ žluť"), 19 * 9);
        assert_eq!(font.line_height(), 18);
    }
}

#[test]
fn what_is_measured_is_what_is_drawn() {
    for font in Font::ALL {
        for text in ["", "i", "Quicklime", "The quick brown fox — 12:45", "žluťoučký"] {
            let mut surface = Surface::filled(Size::new(600, 40), Color::BLACK);
            assert_eq!(surface.canvas().text(Point::ZERO, text, font, Color::WHITE), font.width(text));
            let last = (0..40).flat_map(|y| surface.row(y).iter().rposition(|&pixel| pixel & 255 > 64)).max();
            assert!(
                last.is_none_or(|last| (last as i32) < font.width(text) + 1),
                "{font:?}: {text} is wider than it says"
            );
        }
    }
}

#[test]
fn text_that_is_too_long_is_cut() {
    let text = "The quick brown fox jumps over the lazy dog";
    for font in Font::ALL {
        for width in 0..200 {
            let start = &text[..font.fit(text, width)];
            assert!(font.width(start) <= width);
            assert!(start.len() == text.len() || font.width(&text[..=start.len()]) > width);
            let mut surface = Surface::filled(Size::new(400, 40), Color::BLACK);
            let drawn = surface.canvas().text_cut(Point::ZERO, width, text, font, Color::WHITE);
            assert!(drawn <= width);
        }
    }
}

#[test]
fn frames_join_from_cell_to_cell() {
    let frame = ink(&["┌──┐", "│  │", "├──┤", "└──┘"], Font::Mono, Size::new(36, 72));
    let lit = |x: i32, y: i32| frame.row(y)[x as usize] & 255 == 255;
    for x in 4..32 {
        assert!(lit(x, 9) && lit(x, 45) && lit(x, 63), "a gap in column {x}");
    }
    for y in 9..64 {
        assert!(lit(4, y) && lit(31, y), "a gap in row {y}");
    }
    let blocks = ink(&["██", "██"], Font::Mono, Size::new(18, 36));
    assert!(blocks.pixels().iter().all(|&pixel| pixel == u32::MAX));
}

#[test]
fn lines_of_letters_are_crisp() {
    // The tops and feet of straight letters fall on whole rows: full ink in one, none in the next.
    for font in Font::ALL {
        let drawn = ink(&["HHHH"], font, Size::new(40, font.line_height()));
        let darkest = |y: i32| drawn.row(y).iter().map(|pixel| pixel & 255).max().unwrap_or(0);
        assert_eq!(darkest(font.ascent()), 0, "{font:?}: ink below the baseline");
        assert!(darkest(font.ascent() - 1) > 150, "{font:?}: no ink on the baseline");
        let top = (0..font.line_height()).find(|&y| darkest(y) > 0).unwrap();
        assert!(darkest(top) > 150, "{font:?}: a blurred top");
    }
}

#[test]
fn colours_have_contrast() {
    // The relative luminance of the Web Content Accessibility Guidelines 2.1, which ask for 4.5 to 1.
    let luminance = |color: Color| {
        let linear = |channel: u8| (f64::from(channel) / 255.0).powf(2.2);
        0.2126 * linear(color.red()) + 0.7152 * linear(color.green()) + 0.0722 * linear(color.blue())
    };
    for (text, ground) in [
        (theme::TEXT, theme::SURFACE),
        (theme::TEXT, theme::SURFACE_HOVER),
        (theme::TEXT_MUTED, theme::SURFACE),
        (theme::TITLE_TEXT, theme::TITLE_BAR),
        (theme::TERMINAL_TEXT, theme::TERMINAL_BACKGROUND),
        (theme::TERMINAL_COLORS[1], theme::TERMINAL_BACKGROUND),
        (theme::TERMINAL_COLORS[4], theme::TERMINAL_BACKGROUND),
    ] {
        let (a, b) = (luminance(text), luminance(ground));
        let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
        assert!(contrast >= 4.5, "{text:x?} on {ground:x?}: {contrast}");
    }
}
