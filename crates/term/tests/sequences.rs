//! Control sequences and the screens a user must see after them.

use term::{Attributes, Color, Modes, Terminal, Width};

fn screen_after(columns: usize, rows: usize, bytes: &str) -> Terminal {
    let mut terminal = Terminal::new(columns, rows);
    terminal.feed(bytes.as_bytes());
    terminal
}

/// (what it shows, columns, rows, bytes, expected screen)
const TABLE: &[(&str, usize, usize, &str, &str)] = &[
    ("plain text", 10, 2, "hello", "hello"),
    ("line feed alone keeps the column", 10, 3, "ab\ncd", "ab\n  cd"),
    ("carriage return overwrites", 10, 2, "hello\rJ", "Jello"),
    ("backspace moves left", 10, 2, "abc\x08\x08X", "aXc"),
    ("text wraps", 4, 3, "abcdefghij", "abcd\nefgh\nij"),
    ("the last column waits", 4, 3, "abcd\r\nef", "abcd\nef"),
    ("autowrap off overwrites the last column", 4, 2, "\x1b[?7labcdefg", "abcg"),
    ("the screen scrolls", 4, 2, "a\r\nb\r\nc", "b\nc"),
    ("tab stops every eight", 20, 1, "a\tb\tc", "a       b       c"),
    ("a tab stop of one's own", 20, 1, "\x1b[4G\x1bH\rx\ty", "x  y"),
    ("back tab", 20, 1, "a\tb\x1b[2ZX", "X       b"),
    ("absolute position", 6, 3, "\x1b[2;3Hx", "\n  x"),
    ("position beyond the edge is clamped", 4, 2, "\x1b[99;99Hx", "\n   x"),
    ("relative moves", 6, 3, "ab\x1b[Bc\x1b[2Dd\x1b[A\x1b[Ce", "ab e\n dc"),
    ("column and row absolute", 6, 3, "\x1b[3G1\x1b[2d2", "  1\n   2"),
    ("next and previous line", 6, 3, "abc\x1b[Ed\x1b[FX", "Xbc\nd"),
    ("erase to the right", 6, 1, "abcdef\x1b[3G\x1b[K", "ab"),
    ("erase to the left", 6, 1, "abcdef\x1b[3G\x1b[1K", "   def"),
    ("erase the line", 6, 2, "abc\r\ndef\x1b[2K", "abc"),
    ("erase below", 3, 3, "abc\r\ndef\r\nghi\x1b[2;2H\x1b[J", "abc\nd"),
    ("erase above", 3, 3, "abc\r\ndef\r\nghi\x1b[2;2H\x1b[1J", "\n  f\nghi"),
    ("erase all", 3, 2, "abc\r\ndef\x1b[2J", ""),
    ("erase characters", 6, 1, "abcdef\x1b[2G\x1b[3X", "a   ef"),
    ("insert characters", 6, 1, "abcdef\x1b[2G\x1b[2@", "a  bcd"),
    ("delete characters", 6, 1, "abcdef\x1b[2G\x1b[2P", "adef"),
    ("insert mode", 6, 1, "abc\r\x1b[4hXY\x1b[4lZ", "XYZbc"),
    ("insert lines", 3, 3, "a\r\nb\r\nc\x1b[2H\x1b[L", "a\n\nb"),
    ("delete lines", 3, 3, "a\r\nb\r\nc\x1b[1H\x1b[M", "b\nc"),
    ("scrolling region scrolls inside", 3, 4, "a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[3H\n", "a\nc\n\nd"),
    ("reverse index at the top", 3, 3, "a\r\nb\x1b[H\x1bMx", "x\na\nb"),
    ("scroll up and down", 3, 3, "a\r\nb\r\nc\x1b[S\x1b[2T", "\n\nb"),
    ("origin mode counts from the region", 4, 4, "\x1b[2;3r\x1b[?6h\x1b[1;1Hx\x1b[9;1Hy", "\nx\ny"),
    ("save and restore the cursor", 6, 2, "ab\x1b7\x1b[2;1Hx\x1b8c", "abc\nx"),
    ("alternate screen comes and goes", 6, 2, "main\x1b[?1049h\x1b[Halt\x1b[?1049l!", "main!"),
    ("alternate screen is blank", 6, 2, "main\x1b[?1049h", ""),
    ("repeat", 6, 1, "ab\x1b[3b", "abbbb"),
    ("UTF-8", 10, 1, "grün ✓", "grün ✓"),
    ("broken UTF-8 shows a replacement", 10, 1, "a\u{fffd}b", "a\u{fffd}b"),
    ("a wide character that does not fit wraps", 5, 2, "abcd漢x", "abcd\n漢x"),
    ("half a wide character is blanked", 6, 1, "漢字\x1b[2GX", " X字"),
    ("combining marks don't shift", 6, 1, "e\u{301}x", "ex"),
    ("line drawing", 6, 1, "\x1b(0lqk\x1b(B q", "┌─┐ q"),
    ("reset", 6, 2, "abc\x1b[2;2H\x1bcx", "x"),
    ("unknown sequences vanish", 10, 1, "a\x1b[?9999h\x1b[5;5zb\x1b]777;x\x07c\x1bPq#\x1b\\d", "abcd"),
    ("alignment pattern", 3, 2, "\x1b#8", "EEE\nEEE"),
];

#[test]
fn sequences_give_the_expected_screens() {
    for (what, columns, rows, bytes, expected) in TABLE {
        let terminal = screen_after(*columns, *rows, bytes);
        assert_eq!(terminal.screen_text(), *expected, "{what}");
    }
}

#[test]
fn every_sequence_means_the_same_when_it_arrives_byte_by_byte() {
    for (what, columns, rows, bytes, expected) in TABLE {
        let mut terminal = Terminal::new(*columns, *rows);
        for byte in bytes.as_bytes() {
            terminal.feed(&[*byte]);
        }
        assert_eq!(terminal.screen_text(), *expected, "{what}");
    }
}

#[test]
fn colours_and_attributes_reach_the_cells() {
    let terminal =
        screen_after(10, 1, "\x1b[1;31mA\x1b[22;38;5;200mB\x1b[48;2;1;2;3mC\x1b[38:2::9:8:7;4;7mD\x1b[mE");
    let style = |column| terminal.line(0).cell(column).style;
    assert_eq!(style(0).foreground, Color::Indexed(1));
    assert_eq!(style(0).attributes, Attributes::BOLD);
    assert_eq!(style(1).foreground, Color::Indexed(200));
    assert_eq!(style(1).attributes, Attributes::empty());
    assert_eq!(style(2).background, Color::Rgb(1, 2, 3));
    assert_eq!(style(3).foreground, Color::Rgb(9, 8, 7));
    assert_eq!(style(3).attributes, Attributes::UNDERLINE | Attributes::INVERSE);
    assert_eq!(style(4), term::Style::default());
}

#[test]
fn the_256_colours_are_xterms() {
    let ansi = [0x11_22_33; 16];
    let color = |index| Color::Indexed(index).resolve(&ansi, 0);
    assert_eq!(color(7), 0x11_22_33);
    assert_eq!(color(16), 0);
    assert_eq!(color(196), 0xff_00_00);
    assert_eq!(color(110), 0x87_af_d7);
    assert_eq!(color(232), 0x08_08_08);
    assert_eq!(color(255), 0xee_ee_ee);
}

#[test]
fn a_wide_character_takes_two_cells() {
    let terminal = screen_after(6, 1, "漢x");
    assert_eq!(terminal.line(0).cell(0).width, Width::Wide);
    assert_eq!(terminal.line(0).cell(1).width, Width::Spacer);
    assert_eq!(terminal.line(0).cell(2).character, 'x');
}

#[test]
fn questions_are_answered() {
    let mut terminal = screen_after(80, 24, "\x1b[5;10H\x1b[6n\x1b[c\x1b[>c\x1b[5n\x1b[18t");
    assert_eq!(terminal.take_replies(), b"\x1b[5;10R\x1b[?62;22c\x1b[>1;1;0c\x1b[0n\x1b[8;24;80t");
    assert!(terminal.take_replies().is_empty());
}

#[test]
fn answers_nobody_reads_are_bounded() {
    let mut terminal = Terminal::new(80, 24);
    for _ in 0..100_000 {
        terminal.feed(b"\x1b[6n");
    }
    assert!(terminal.take_replies().len() <= 4096);
}

#[test]
fn title_bell_and_modes() {
    let mut terminal = screen_after(80, 24, "\x1b]2;a; b\x07\x07\x1b[?1h\x1b[?2004h\x1b[?25l");
    assert_eq!(terminal.title(), "a; b");
    assert!(terminal.take_bell());
    assert!(!terminal.take_bell());
    assert!(terminal.modes().contains(Modes::APPLICATION_CURSOR | Modes::BRACKETED_PASTE));
    assert_eq!(terminal.cursor(), None);
}

#[test]
fn only_rows_that_changed_are_damaged() {
    let mut terminal = screen_after(20, 6, "one\r\ntwo\r\nthree");
    terminal.clear_damage();
    assert!(!terminal.is_damaged());
    terminal.feed(b"!");
    let damaged = |terminal: &Terminal| -> Vec<usize> {
        (0..terminal.rows()).filter(|row| terminal.is_row_damaged(*row)).collect()
    };
    assert_eq!(damaged(&terminal), [2]);
    terminal.clear_damage();
    terminal.feed(b"\x1b[1;1HX");
    assert_eq!(damaged(&terminal), [0, 2], "the row written, and the one the cursor left");
    terminal.clear_damage();
    terminal.feed(b"\x1b[?2004h");
    assert!(!terminal.is_damaged());
}

/// However a program's output is cut into pieces, on its way through a pipe for instance, it shows the same.
#[test]
fn characters_may_be_cut_anywhere() {
    for text in ["\u{fc}a\u{fc}b", "a\u{85}b", "\u{6f22}x\u{1f642}", "\x1b[31m\u{e9}\u{e9}"] {
        let mut whole = Terminal::new(10, 3);
        whole.feed(text.as_bytes());
        for first in 0..text.len() {
            for second in first..text.len() {
                let mut pieces = Terminal::new(10, 3);
                pieces.feed(&text.as_bytes()[..first]);
                pieces.feed(&text.as_bytes()[first..second]);
                pieces.feed(&text.as_bytes()[second..]);
                assert_eq!(pieces.screen_text(), whole.screen_text(), "{text:?} cut at {first} and {second}");
            }
        }
    }
    let mut broken = Terminal::new(10, 3);
    for byte in b"\xc3\xe2\x82\xc3a" {
        broken.feed(&[*byte]);
    }
    assert_eq!(broken.screen_text(), "\u{fffd}\u{fffd}\u{fffd}a");
}
