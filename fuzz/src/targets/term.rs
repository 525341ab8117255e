//! Escape sequences, sizes and views. Whatever comes, the cursor stays on the screen and no wide character is cut in half;
//! and it makes no difference in how many pieces the bytes arrive.

use term::{MAX_CELLS_PER_SIDE, Position, Selection, Terminal, Width};

use crate::Target;
use crate::choices::Choices;

pub const TARGET: Target = Target { name: "term", run, seeds };

const SCROLLBACK: usize = 50;

fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let (columns, rows) = (1 + choices.below(40), 1 + choices.below(16));
    let mut whole = Terminal::with_scrollback(columns, rows, SCROLLBACK);
    let mut pieces = Terminal::with_scrollback(columns, rows, SCROLLBACK);
    while !choices.is_empty() {
        match choices.byte() {
            0 => {
                // Mostly sizes of windows; now and then one of nothing.
                let size = (choices.below(60), choices.below(20));
                both(&mut whole, &mut pieces, |terminal| terminal.resize(size.0, size.1));
            }
            1 => {
                let rows = choices.below(80) as isize - 40;
                both(&mut whole, &mut pieces, |terminal| terminal.scroll_view(rows));
            }
            2 => {
                let mut place = || Position { line: choices.below(120) as u64, column: choices.below(64) };
                let mut selection = Selection::new(place());
                selection.extend_to(place());
                assert_eq!(whole.selected_text(&selection), pieces.selected_text(&selection));
            }
            3 => both(&mut whole, &mut pieces, Terminal::scroll_to_bottom),
            length => {
                let text = choices.take(usize::from(length));
                whole.feed(text);
                text.iter().for_each(|byte| pieces.feed(&[*byte]));
            }
        }
        check(&whole);
        assert_eq!(whole.screen_text(), pieces.screen_text(), "in pieces it looks otherwise");
        assert_eq!(whole.cursor(), pieces.cursor());
    }
    assert_eq!(whole.take_replies(), pieces.take_replies());
    assert_eq!(whole.title(), pieces.title());
}

fn both(whole: &mut Terminal, pieces: &mut Terminal, act: impl Fn(&mut Terminal)) {
    act(whole);
    act(pieces);
}

fn check(terminal: &Terminal) {
    assert!((1..=MAX_CELLS_PER_SIDE).contains(&terminal.columns()));
    assert!((1..=MAX_CELLS_PER_SIDE).contains(&terminal.rows()));
    if let Some(cursor) = terminal.cursor() {
        assert!(cursor.row < terminal.rows() && cursor.column < terminal.columns());
    }
    for row in 0..terminal.rows() {
        let line = terminal.line(row);
        for column in 0..terminal.columns() {
            if line.cell(column).width == Width::Wide {
                assert_eq!(line.cell(column + 1).width, Width::Spacer, "half a character");
            }
        }
    }
    assert!(terminal.history_length() <= SCROLLBACK);
}

fn seeds() -> Vec<Vec<u8>> {
    let fed = |size: [u8; 2], texts: &[&[u8]]| {
        let mut bytes = size.to_vec();
        for text in texts {
            bytes.push(text.len() as u8);
            bytes.extend_from_slice(text);
        }
        bytes
    };
    let mut resized =
        fed([9, 4], &["a line that wraps \u{6f22}\u{5b57} around\r\n".as_bytes(), b"and more text"]);
    resized.extend([0, 5, 9, 0, 39, 2, 1, 30, 2, 0, 0, 1, 9]);
    vec![
        fed(
            [20, 6],
            &[b"\x1b[2J\x1b[3;4Hhello\x1b[1;31mred\x1b[0m\x1b[K", b"\x1b[2;5r\x1bM\x1bD\x1bE\x1b[r"],
        ),
        fed([30, 8], &[b"\x1b[?1049hfull screen\x1b[?1049l", b"\x1b]0;a title\x07\x1b[6n\x1b[c\x1b[5n"]),
        fed([12, 5], &["\u{1f642}e\u{301}\u{6f22}".as_bytes(), b"\x1b[4h\x1b[2@\x1b[3P\x1b[2L\x1b[M\x1b[2X"]),
        fed(
            [16, 4],
            &[
                b"\x1b(0lqk\x1b(B\x1b7\x1b[5;5H\x1b8",
                b"\x1bH\t\x1b[3g\t\x1b[2I\x1b[Z",
                b"\x1b[38;2;1;2;3m\x1b[48;5;200mx",
            ],
        ),
        fed([8, 3], &[b"1\n2\n3\n4\n5\n6\n7\n8\n9\n", b"\x1b[2S\x1b[3T\x1b[!p\x1bc"]),
        resized,
    ]
}
