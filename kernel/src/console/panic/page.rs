//! The panic screen's page: who may write where.
//!
//! ```text
//!   Quicklime has stopped                         title
//!   page fault: tried to write to …               the cause, wrapped: nothing ever covers or scrolls it
//!   on CPU 2 of 4, thread shell (17)              where
//!   registers   |  other CPUs                     two columns where the screen is wide enough,
//!   backtrace   |  last lines of the log          else one below the other
//!   Press Enter to restart …                      what to do
//! ```
//!
//! Every section gets rows of its own before anything is written, so a long one can't push a short one off
//! the screen. What a section has no room for stands on the serial port.

use super::text::{without_middle, wrapped};
use crate::boot::video::VideoMemory;
use crate::console::glyphs::{self, BOLD, Face, REGULAR, TITLE};

/// Colours: text on a background, as 0x00RRGGBB.
pub mod colour {
    /// Behind everything.
    pub const BACKGROUND: u32 = 0x1c_1a26;
    /// Behind the title.
    pub const BAND: u32 = 0xb4_2d4c;
    /// Behind what to do.
    pub const FOOT: u32 = 0x2a_2738;
    /// The title.
    pub const TITLE: u32 = 0xff_ffff;
    /// The cause.
    pub const CAUSE: u32 = 0xff_b3bf;
    /// What a section begins with.
    pub const HEADING: u32 = 0xff_8fa3;
    /// Everything else.
    pub const TEXT: u32 = 0xe8_e6f0;
    /// What matters less.
    pub const DIM: u32 = 0x9a_95ad;
}

const TITLE_TEXT: &[u8] = b"Quicklime has stopped";
const ROW: u32 = 18;
const BAND_HEIGHT: u32 = TITLE.height() + 12;
const FOOT_EDGE: u32 = 6;
const FOOT_HEIGHT: u32 = 2 * FOOT_EDGE + 16;
/// A column narrower than this has its lines cut.
const COLUMN: usize = 80;
/// Rows that the cause takes at most.
const CAUSE_ROWS: usize = 5;

/// A part of the page, written from top to bottom.
#[derive(Clone, Copy)]
pub struct Area {
    video: VideoMemory,
    x: u32,
    y: u32,
    columns: usize,
    rows: usize,
    background: u32,
}

impl Area {
    /// Rows that are left.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Characters in a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Writes one row. Of a line that is too long the middle is left out.
    pub fn line(&mut self, colour: u32, text: &[u8]) {
        self.write(REGULAR, colour, text);
    }

    /// Writes what a section begins with.
    pub fn heading(&mut self, text: &[u8]) {
        self.write(BOLD, colour::HEADING, text);
    }

    fn write(&mut self, face: Face, colour: u32, text: &[u8]) {
        if self.rows == 0 {
            return;
        }
        let (head, tail) = without_middle(text, self.columns);
        let put =
            |x, text, colour| glyphs::draw(&self.video, (x, self.y), text, face, colour, self.background);
        let end = put(self.x, head, colour);
        if !tail.is_empty() {
            let end = put(end, b"..", colour::DIM);
            put(end, tail, colour);
        }
        self.rows -= 1;
        self.y += ROW;
    }

    /// The first `rows` rows, which are taken off this area.
    fn split(&mut self, rows: usize) -> Self {
        let rows = rows.min(self.rows);
        let first = Self { rows, ..*self };
        self.y += rows as u32 * ROW;
        self.rows -= rows;
        first
    }
}

/// Rows that a section wants, its heading and a blank row behind it included.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// What it is of no use without.
    pub least: usize,
    /// What it can fill.
    pub most: usize,
}

/// What the sections want; registers depend on the width and are asked for it.
pub struct Wishes {
    /// Rows of registers, given the columns.
    pub registers: fn(columns: usize) -> usize,
    /// Whether there are registers to show.
    pub has_registers: bool,
    /// Functions on the stack.
    pub trace: Wish,
    /// The other CPUs.
    pub others: Wish,
    /// Lines of the log.
    pub log: Wish,
}

/// The page, cut up.
#[derive(Clone, Copy)]
pub struct Page {
    whole: VideoMemory,
    /// The title, then the cause.
    cause: Area,
    /// One row: which CPU, which thread.
    pub place: Area,
    /// One row, for what goes wrong with the report itself.
    pub note: Area,
    /// The registers.
    pub registers: Area,
    /// The functions on the stack.
    pub trace: Area,
    /// The other CPUs.
    pub others: Area,
    /// The log.
    pub log: Area,
    foot: Area,
}

impl Page {
    /// Cuts the screen up, for this cause and these wishes.
    pub fn plan(video: VideoMemory, cause: &[u8], wishes: &Wishes) -> Self {
        let margin = if video.width() < 800 { 8 } else { 16 };
        let width = |columns: u32| (columns.saturating_sub(2 * margin) as usize / REGULAR.width()).max(1);
        let area = |x, y, columns, rows, background| Area { video, x, y, columns, rows, background };
        let columns = width(video.width());

        let cause_rows = wrapped(cause, columns).count().clamp(1, CAUSE_ROWS);
        let foot_top = video.height().saturating_sub(FOOT_HEIGHT);
        let top = BAND_HEIGHT + 8;
        let rows = (foot_top.saturating_sub(top) / ROW) as usize;
        let mut all = area(margin, top, columns, rows, colour::BACKGROUND);
        let cause = all.split(cause_rows);
        let (place, note) = (all.split(1), all.split(1));
        let foot = area(margin, foot_top + FOOT_EDGE, columns, 1, colour::FOOT);

        let half = width(video.width() / 2 + margin / 2);
        let (mut left, mut right) = (all, None);
        if half >= COLUMN {
            left.columns = half;
            right = Some(Area { x: video.width() / 2 + margin / 2, ..left });
        }
        let registers = match (wishes.registers)(left.columns) {
            rows if wishes.has_registers => Wish { least: rows / 2, most: rows + 1 },
            _ => Wish { least: 0, most: 0 },
        };
        let (registers, trace, others, log) = match &mut right {
            Some(right) => {
                let [first, second] = share(left.rows, [registers, wishes.trace]);
                let [third, fourth] = share(right.rows, [wishes.others, wishes.log]);
                (left.split(first), left.split(second), right.split(third), right.split(fourth))
            }
            None => {
                let rows = share(left.rows, [registers, wishes.trace, wishes.others, wishes.log]);
                let [first, second, third, fourth] = rows.map(|rows| left.split(rows));
                (first, second, third, fourth)
            }
        };
        Self { whole: video, cause, place, note, registers, trace, others, log, foot }
    }

    /// Clears the screen and writes what stays there whatever happens next: title, cause, what to do.
    pub fn open(&self, cause: &[u8], advice: &[u8]) {
        let video = &self.whole;
        let (width, height) = (video.width(), video.height());
        let foot_top = video.height().saturating_sub(FOOT_HEIGHT);
        glyphs::fill(video, 0..width, 0..BAND_HEIGHT, colour::BAND);
        glyphs::fill(video, 0..width, BAND_HEIGHT..foot_top, colour::BACKGROUND);
        glyphs::fill(video, 0..width, foot_top..height, colour::FOOT);
        glyphs::draw(video, (self.cause.x, 6), TITLE_TEXT, TITLE, colour::TITLE, colour::BAND);
        let version = concat!("Quicklime ", env!("CARGO_PKG_VERSION")).as_bytes();
        let x = width.saturating_sub((version.len() * REGULAR.width()) as u32 + self.cause.x);
        glyphs::draw(video, (x, 10), version, REGULAR, colour::CAUSE, colour::BAND);
        let mut area = self.cause;
        for line in wrapped(cause, area.columns) {
            area.write(BOLD, colour::CAUSE, line);
        }
        let mut foot = self.foot;
        foot.line(colour::TEXT, advice);
    }
}

/// Shares `rows` out: to each what it needs at least, in their order, and then row by row to those who can fill
/// more.
fn share<const N: usize>(mut rows: usize, wishes: [Wish; N]) -> [usize; N] {
    let mut shares = [0; N];
    for (share, wish) in shares.iter_mut().zip(&wishes) {
        *share = wish.least.min(wish.most).min(rows);
        rows -= *share;
    }
    loop {
        let before = rows;
        for (share, wish) in shares.iter_mut().zip(&wishes) {
            if rows > 0 && *share < wish.most {
                *share += 1;
                rows -= 1;
            }
        }
        if rows == 0 || rows == before {
            return shares;
        }
    }
}
