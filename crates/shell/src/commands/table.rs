//! Tables: columns as wide as what stands in them, the last one as wide as the terminal has room for.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Blank cells between columns.
const GAP: usize = 2;
/// The last column is not made narrower than this, however narrow the terminal is.
const LEAST_LAST: usize = 20;

/// What happens to a text of the last column that is too long for its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TooLong {
    /// It goes on in the next line, below its beginning: a sentence.
    Wraps,
    /// Its middle is left out: a name.
    LosesMiddle,
}

/// A table whose columns are as wide as their widest cell; `right` says which are aligned right.
pub(super) fn table(header: &[&str], right: &[bool], rows: &[Vec<String>]) -> String {
    table_within(usize::MAX, TooLong::Wraps, header, right, rows)
}

/// As [`table`], in lines of `columns` cells. The last column is aligned left, and gives way where a line is too long.
pub(super) fn table_within(
    columns: usize,
    too_long: TooLong,
    header: &[&str],
    right: &[bool],
    rows: &[Vec<String>],
) -> String {
    let width = |column: usize| {
        rows.iter().map(|row| cells(&row[column])).chain([cells(header[column])]).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..header.len()).map(width).collect();
    let before: usize = widths.iter().rev().skip(1).map(|width| width + GAP).sum();
    let room = columns.saturating_sub(before).max(LEAST_LAST);
    let Some(last) = widths.last_mut() else { return String::new() };
    *last = (*last).min(room);
    let line = |texts: &mut dyn Iterator<Item = &str>| -> String {
        let mut line = String::new();
        for ((text, &width), &right) in texts.zip(&widths).zip(right) {
            let blank = width.saturating_sub(cells(text));
            let (left, behind) = if right { (blank, GAP) } else { (0, blank + GAP) };
            line.push_str(&format!("{:left$}{text}{:behind$}", "", ""));
        }
        line.trim_end().to_string()
    };
    let mut text = format!("\x1b[1m{}\x1b[m\n", line(&mut header.iter().copied()));
    for row in rows {
        let Some((last, first)) = row.split_last() else { continue };
        let pieces = match too_long {
            TooLong::Wraps => wrapped(last, room),
            TooLong::LosesMiddle => Vec::from([without_middle(last, room)]),
        };
        let mut pieces = pieces.iter().map(String::as_str);
        text.push_str(&line(&mut first.iter().map(String::as_str).chain(pieces.next())));
        text.push('\n');
        for piece in pieces {
            text.push_str(&format!("{:before$}{piece}\n", ""));
        }
    }
    text
}

/// The cells that a text takes: here there are no wide characters.
fn cells(text: &str) -> usize {
    text.chars().count()
}

/// `text` in lines of at most `width` cells, broken between words; of a word that is longer the middle is left out. At
/// least one line.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    if cells(text) <= width {
        return Vec::from([text.to_string()]);
    }
    let mut lines = Vec::from([String::new()]);
    for word in text.split(' ') {
        let word = without_middle(word, width);
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(&word),
            Some(line) if cells(line) + 1 + cells(&word) <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// `text` in at most `width` cells, two dots in place of its middle: a function's name is told by its crate and by its
/// last words.
pub(super) fn without_middle(text: &str, width: usize) -> String {
    let length = cells(text);
    if length <= width || width < 3 {
        return text.chars().take(width).collect();
    }
    let head = (width - 2) / 3;
    let tail = width - 2 - head;
    text.chars().take(head).chain("..".chars()).chain(text.chars().skip(length - tail)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn a_name_keeps_its_ends() {
        assert_eq!(without_middle("kernel::task::scheduler::give_way", 20), "kernel..er::give_way");
        for width in 0..40 {
            let short = without_middle("grün::ä::function", width);
            assert_eq!(short.chars().count(), width.min(17), "{short:?}");
        }
    }

    /// Broken lines hold the same words in the same order, and none could take the first word of the next one.
    #[test]
    fn sentences_break_between_words_and_late() {
        let text = "mutex fs::MOUNTS held by shell (12) in fs::list, 3.2 s to go";
        for width in 8..80 {
            let lines = wrapped(text, width);
            assert!(lines.iter().all(|line| cells(line) <= width), "{lines:?}");
            if width >= 10 {
                assert_eq!(lines.join(" "), text);
            }
            for pair in lines.windows(2) {
                let next = pair[1].split(' ').next().unwrap();
                assert!(cells(&pair[0]) + 1 + cells(next) > width, "{lines:?}");
            }
        }
    }

    #[test]
    fn the_last_column_hangs_below_its_beginning() {
        let rows = [Vec::from(["1".to_string(), "waits for a lock that another thread holds".to_string()])];
        let shown = table_within(30, TooLong::Wraps, &["ID", "WAITS FOR"], &[true, false], &rows);
        assert_eq!(
            shown,
            "\x1b[1mID  WAITS FOR\x1b[m\n 1  waits for a lock that\n    another thread holds\n"
        );
        let shown = table_within(30, TooLong::LosesMiddle, &["ID", "WAITS FOR"], &[true, false], &rows);
        assert_eq!(shown, "\x1b[1mID  WAITS FOR\x1b[m\n 1  waits fo..her thread holds\n");
    }

    #[test]
    fn no_line_is_longer_than_the_terminal() {
        let rows: Vec<Vec<String>> = (1..60)
            .map(|length| Vec::from(["x".repeat(length % 7), "word ".repeat(length) + &"y".repeat(length)]))
            .collect();
        for columns in 40..100 {
            for too_long in [TooLong::Wraps, TooLong::LosesMiddle] {
                let shown = table_within(columns, too_long, &["NAME", "TEXT"], &[false; 2], &rows);
                let widths: BTreeSet<usize> = shown.lines().skip(1).map(cells).collect();
                assert!(widths.last() <= Some(&columns), "{widths:?}");
            }
        }
    }
}
