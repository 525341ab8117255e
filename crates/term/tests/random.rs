//! Random input: nothing panics, and plain text agrees with a terminal that fits on one page.

use fastrand::Rng;
use term::{MAX_CELLS_PER_SIDE, Terminal, Width};

fn check_invariants(terminal: &Terminal) {
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
    assert!(terminal.history_length() <= 50);
}

/// Bytes that are mostly sequences, so that the deep states are reached.
fn random_bytes(random: &mut Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..random.usize(..60) {
        match random.usize(..8) {
            0 => bytes.push(random.u8(..)),
            1 => bytes.extend_from_slice("漢字🙂é\u{301}".as_bytes()),
            2 => bytes.extend_from_slice(b"\r\n"),
            3 => bytes.extend_from_slice(
                [&b"\x1b[?1049h"[..], b"\x1b[?1049l", b"\x1bM", b"\x1b7", b"\x1b8", b"\x1b[!p", b"\x1bc"]
                    [random.usize(..7)],
            ),
            4 | 5 => {
                let finals = b"@ABCDEFGHIJKLMPSTXZ`abcdfghlmnrsutq";
                bytes.extend_from_slice(b"\x1b[");
                if random.usize(..5) == 0 {
                    bytes.push(b'?');
                }
                for parameter in 0..random.usize(..4) {
                    if parameter > 0 {
                        bytes.push(b';');
                    }
                    let value = [0_u64, 1, 2, 5, 20, 65535, 4_000_000_000][random.usize(..7)];
                    bytes.extend_from_slice(value.to_string().as_bytes());
                }
                bytes.push(finals[random.usize(..finals.len())]);
            }
            _ => bytes.extend_from_slice(b"some text "),
        }
    }
    bytes
}

#[test]
fn random_bytes_and_sizes_never_panic() {
    for seed in 1..400 {
        let mut random = Rng::with_seed(seed);
        let mut terminal = Terminal::with_scrollback(1 + random.usize(..30), 1 + random.usize(..12), 50);
        for _ in 0..40 {
            terminal.feed(&random_bytes(&mut random));
            match random.usize(..6) {
                0 => terminal.resize(random.usize(..30), random.usize(..12)),
                1 => terminal.scroll_view(random.isize(0..40) - 20),
                _ => {}
            }
            check_invariants(&terminal);
            terminal.screen_text();
        }
    }
}

#[test]
fn absurd_sizes_are_cut_down() {
    let mut terminal = Terminal::with_scrollback(0, 0, 0);
    terminal.feed("漢x\r\n".as_bytes());
    assert_eq!((terminal.columns(), terminal.rows()), (1, 1));
    terminal.resize(usize::MAX, 3);
    assert_eq!(terminal.columns(), MAX_CELLS_PER_SIDE);
}

/// The reference: rows of characters, for text, CR, LF, BS and absolute positions.
struct Page {
    rows: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Page {
    fn write(&mut self, character: char, columns: usize) {
        match character {
            '\r' => self.column = 0,
            '\n' => self.down(columns),
            '\x08' => self.column = self.column.min(columns - 1).saturating_sub(1),
            _ => {
                if self.column == columns {
                    self.column = 0;
                    self.down(columns);
                }
                self.rows[self.row][self.column] = character;
                self.column += 1;
            }
        }
    }

    fn down(&mut self, columns: usize) {
        self.column = self.column.min(columns - 1);
        if self.row + 1 < self.rows.len() {
            self.row += 1;
        } else {
            self.rows.remove(0);
            self.rows.push(vec![' '; columns]);
        }
    }

    fn text(&self) -> String {
        let rows: Vec<String> =
            self.rows.iter().map(|row| row.iter().collect::<String>().trim_end().to_string()).collect();
        rows.join("\n").trim_end_matches('\n').to_string()
    }
}

#[test]
fn plain_text_agrees_with_the_page() {
    for seed in 1..300 {
        let mut random = Rng::with_seed(seed);
        let (columns, rows) = (2 + random.usize(..12), 1 + random.usize(..6));
        let mut terminal = Terminal::new(columns, rows);
        let mut page = Page { rows: vec![vec![' '; columns]; rows], row: 0, column: 0 };
        for _ in 0..300 {
            let character = ['a', 'b', 'c', 'ä', ' ', '\r', '\n', '\x08'][random.usize(..8)];
            terminal.feed(character.encode_utf8(&mut [0; 4]).as_bytes());
            page.write(character, columns);
            assert_eq!(terminal.screen_text(), page.text(), "seed {seed}");
        }
    }
}
