//! Scrollback, resizing and selection, as a user meets them.

use fastrand::Rng;
use term::{Position, Selection, Terminal};

fn numbered_lines(terminal: &mut Terminal, lines: std::ops::Range<usize>) {
    for line in lines {
        terminal.feed(format!("line {line}\r\n").as_bytes());
    }
}

#[test]
fn scrollback_shows_what_left_the_screen_and_is_bounded() {
    let mut terminal = Terminal::with_scrollback(20, 3, 10);
    numbered_lines(&mut terminal, 0..50);
    assert_eq!(terminal.history_length(), 10);
    assert_eq!(terminal.screen_text(), "line 48\nline 49");
    terminal.scroll_view(2);
    assert_eq!(terminal.screen_text(), "line 46\nline 47\nline 48");
    assert_eq!(terminal.cursor(), None, "the cursor is below the view");
    terminal.scroll_view(1000);
    assert_eq!(terminal.screen_text(), "line 38\nline 39\nline 40");
    terminal.scroll_to_bottom();
    assert_eq!(terminal.screen_text(), "line 48\nline 49");
}

#[test]
fn a_reader_keeps_the_place_while_output_goes_on() {
    let mut terminal = Terminal::with_scrollback(20, 3, 100);
    numbered_lines(&mut terminal, 0..20);
    terminal.scroll_view(5);
    let seen = terminal.screen_text();
    numbered_lines(&mut terminal, 20..30);
    assert_eq!(terminal.screen_text(), seen);
}

#[test]
fn the_alternate_screen_leaves_no_scrollback() {
    let mut terminal = Terminal::new(20, 3);
    terminal.feed(b"\x1b[?1049h");
    numbered_lines(&mut terminal, 0..50);
    assert_eq!(terminal.history_length(), 0);
}

#[test]
fn narrowing_wraps_and_widening_joins_again() {
    let mut terminal = Terminal::new(20, 4);
    terminal.feed(b"$ a long command line");
    terminal.resize(8, 4);
    assert_eq!(terminal.screen_text(), "$ a long\n command\n line");
    terminal.resize(40, 4);
    assert_eq!(terminal.screen_text(), "$ a long command line");
    terminal.feed(b"!");
    assert_eq!(terminal.screen_text(), "$ a long command line!");
}

#[test]
fn separate_lines_stay_separate() {
    let mut terminal = Terminal::new(10, 5);
    terminal.feed(b"one\r\ntwo\r\nthree");
    terminal.resize(30, 5);
    assert_eq!(terminal.screen_text(), "one\ntwo\nthree");
}

#[test]
fn shrinking_height_keeps_the_last_lines_and_growing_brings_the_first_back() {
    let mut terminal = Terminal::new(10, 5);
    terminal.feed(b"1\r\n2\r\n3\r\n4\r\n5");
    terminal.resize(10, 2);
    assert_eq!(terminal.screen_text(), "4\n5");
    terminal.resize(10, 5);
    assert_eq!(terminal.screen_text(), "1\n2\n3\n4\n5");
}

#[test]
fn empty_rows_below_the_text_go_first() {
    let mut terminal = Terminal::new(10, 10);
    terminal.feed(b"1\r\n2\r\n3");
    terminal.resize(10, 3);
    assert_eq!(terminal.screen_text(), "1\n2\n3");
    assert_eq!(terminal.history_length(), 0);
}

/// Whatever the sizes in between, no character of the text may be lost, and the cursor stays
/// behind the text.
#[test]
fn text_survives_any_series_of_resizes() {
    let mut random = Rng::with_seed(0x2545_f491_4f6c_dd1d);
    let mut next = |bound: usize| random.usize(..bound);
    for _ in 0..200 {
        let text: String =
            (0..next(300)).map(|_| ['a', 'b', ' ', '漢', 'é', '.'][next(6)]).chain(['#']).collect();
        let mut terminal = Terminal::new(20, 10);
        terminal.feed(text.as_bytes());
        for _ in 0..next(6) {
            terminal.resize(2 + next(60), 1 + next(20));
        }
        terminal.feed(b"@");
        terminal.resize(40, 4);
        let everything = Selection::new(Position { line: 0, column: 0 });
        let mut everything = everything;
        everything.extend_to(Position { line: u64::MAX, column: 1000 });
        let mut all = terminal.selected_text(&everything);
        all.truncate(all.trim_end().len());
        assert_eq!(all, format!("{text}@"));
    }
}

#[test]
fn selection_copies_text_as_it_was_written() {
    let mut terminal = Terminal::new(8, 4);
    terminal.feed("hello wörld\r\nsecond".as_bytes());
    let mut selection = Selection::new(Position { line: terminal.line_number(0), column: 6 });
    selection.extend_to(Position { line: terminal.line_number(2), column: 2 });
    assert_eq!(terminal.selected_text(&selection), "wörld\nsec");
    // Backwards is the same.
    let mut reversed = Selection::new(Position { line: terminal.line_number(2), column: 2 });
    reversed.extend_to(Position { line: terminal.line_number(0), column: 6 });
    assert_eq!(terminal.selected_text(&reversed), "wörld\nsec");
    // The numbers stay with the text while it scrolls.
    terminal.feed(b"\r\n\r\n\r\n\r\n");
    assert_eq!(terminal.selected_text(&selection), "wörld\nsec");
}
