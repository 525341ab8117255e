//! From cells to pixels. The painter remembers how each cell looked when it was last painted and
//! paints only those that look different now, a run of equal style at a time.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use gfx::{Canvas, Color, Damage, Font, Point, Rect, Size, theme};
use term::{Attributes, Cell, CursorShape, Selection, Width};

use super::cell_size;

/// Pixels between the window's edge and the grid.
const PADDING: i32 = 10;
/// The strip at the right edge that shows the place in the scrollback.
const SCROLL_MARK: i32 = 4;
const SCROLL_MARK_COLOR: Color = Color::hex(0x5a6178);
const LEAST_SCROLL_MARK: i32 = 20;
const SELECTION: Color = Color::hex(0x35507f);
const CURSOR: Color = Color::hex(0xe6ebff);

/// The theme's sixteen colours as 0xRRGGBB.
const ANSI: [u32; 16] = {
    let mut colors = [0; 16];
    let mut index = 0;
    while index < colors.len() {
        colors[index] = theme::TERMINAL_COLORS[index].0 & 0xff_ffff;
        index += 1;
    }
    colors
};

/// How one cell looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    character: char,
    width: Width,
    foreground: Color,
    background: Color,
    bold: bool,
    underline: bool,
    strike: bool,
    cursor: Cursor,
}

/// The cursor's part in a cell's look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cursor {
    None,
    /// The colours of the cell are already those of the cursor.
    Block,
    /// A window without the focus.
    Outline,
    Underline,
    Bar,
}

/// What is on the canvas.
pub(super) struct Painter {
    size: Size,
    columns: usize,
    /// The looks painted, row by row; `None` where nothing is known.
    painted: Vec<Option<Look>>,
    /// Compare every row, not only those the terminal calls damaged.
    compare_all: bool,
    /// The margins have to be painted too.
    paint_margins: bool,
    painted_cursor_focused: bool,
    painted_mark: Option<Rect>,
}

impl Painter {
    pub(super) fn new() -> Painter {
        Painter {
            size: Size::ZERO,
            columns: 0,
            painted: Vec::new(),
            compare_all: true,
            paint_margins: true,
            painted_cursor_focused: true,
            painted_mark: None,
        }
    }

    /// The window that shows a grid of this size.
    pub(super) fn size_of(columns: i32, rows: i32) -> Size {
        let cell = cell_size();
        Size::new(columns * cell.width + 2 * PADDING, rows * cell.height + 2 * PADDING)
    }

    /// Columns and rows that fit into a window; at least one each.
    pub(super) fn grid(size: Size) -> (usize, usize) {
        let cell = cell_size();
        let columns = (size.width - 2 * PADDING).max(0) / cell.width;
        let rows = (size.height - 2 * PADDING).max(0) / cell.height;
        (columns.max(1) as usize, rows.max(1) as usize)
    }

    /// Row and column of the cell at or nearest to a point.
    pub(super) fn cell_at(point: Point, columns: usize, rows: usize) -> (usize, usize) {
        let cell = cell_size();
        let column = (point.x - PADDING).max(0) / cell.width;
        let row = (point.y - PADDING).max(0) / cell.height;
        ((row as usize).min(rows - 1), (column as usize).min(columns - 1))
    }

    /// The canvas has a new size and undefined contents.
    pub(super) fn resize(&mut self, size: Size) {
        self.size = size;
        self.painted.clear();
        self.compare_all = true;
        self.paint_margins = true;
        self.painted_mark = None;
    }

    /// Something other than the terminal's contents changed.
    pub(super) fn look_at_all(&mut self) {
        self.compare_all = true;
    }

    pub(super) fn must_draw(&self, term: &term::Terminal, focused: bool) -> bool {
        self.compare_all || self.paint_margins || term.is_damaged() || self.painted_cursor_focused != focused
    }

    pub(super) fn draw(
        &mut self,
        canvas: &mut Canvas<'_>,
        damage: &mut Damage,
        term: &mut term::Terminal,
        selection: Option<&Selection>,
        focused: bool,
    ) {
        if self.paint_margins {
            canvas.clear(theme::TERMINAL_BACKGROUND);
            damage.add(Rect::at(Point::ZERO, self.size));
            self.paint_margins = false;
        }
        if self.columns != term.columns() || self.painted.len() != term.columns() * term.rows() {
            self.columns = term.columns();
            self.painted = vec![None; term.columns() * term.rows()];
            self.compare_all = true;
        }
        self.compare_all |= self.painted_cursor_focused != focused;
        self.painted_cursor_focused = focused;
        for row in 0..term.rows() {
            if self.compare_all || term.is_row_damaged(row) {
                let looks = row_looks(term, row, selection, focused);
                self.draw_row(canvas, damage, row, &looks);
            }
        }
        self.compare_all = false;
        term.clear_damage();
        self.draw_scroll_mark(canvas, damage, term);
    }

    fn draw_row(&mut self, canvas: &mut Canvas<'_>, damage: &mut Damage, row: usize, looks: &[Look]) {
        let painted = &mut self.painted[row * self.columns..(row + 1) * self.columns];
        let mut column = 0;
        while column < looks.len() {
            if painted[column] == Some(looks[column]) {
                column += 1;
                continue;
            }
            let start = run_start(looks, column);
            let mut end = start + 1;
            while end < looks.len()
                && (looks[end].width == Width::Spacer
                    || (painted[end] != Some(looks[end]) && same_style(&looks[start], &looks[end])))
            {
                end += 1;
            }
            let area = cell_area(row, start, end - start);
            draw_run(&mut canvas.clipped(area), area, &looks[start..end]);
            damage.add(area);
            for (painted, look) in painted[start..end].iter_mut().zip(&looks[start..end]) {
                *painted = Some(*look);
            }
            column = end;
        }
    }

    /// While scrolled back, a mark at the right edge shows how far.
    fn draw_scroll_mark(&mut self, canvas: &mut Canvas<'_>, damage: &mut Damage, term: &term::Terminal) {
        let mark = (term.view() > 0).then(|| self.scroll_mark(term));
        if mark == self.painted_mark {
            return;
        }
        if let Some(old) = self.painted_mark {
            canvas.fill(old, theme::TERMINAL_BACKGROUND);
            damage.add(old);
        }
        if let Some(new) = mark {
            canvas.rounded_rect(new, SCROLL_MARK / 2, SCROLL_MARK_COLOR);
            damage.add(new);
        }
        self.painted_mark = mark;
    }

    fn scroll_mark(&self, term: &term::Terminal) -> Rect {
        let track = i64::from((self.size.height - 2 * PADDING).max(LEAST_SCROLL_MARK));
        let total = (term.history_length() + term.rows()) as i64;
        let height = (track * term.rows() as i64 / total).max(i64::from(LEAST_SCROLL_MARK));
        let above = (term.history_length() - term.view()) as i64;
        let top = (track - height) * above / (term.history_length().max(1) as i64);
        Rect::new(
            self.size.width - PADDING / 2 - SCROLL_MARK / 2,
            PADDING + top as i32,
            SCROLL_MARK,
            height as i32,
        )
    }
}

/// A change in the right half of a wide character means painting it from its left.
fn run_start(looks: &[Look], column: usize) -> usize {
    let is_right_half = looks[column].width == Width::Spacer && column > 0;
    if is_right_half && looks[column - 1].width == Width::Wide { column - 1 } else { column }
}

fn same_style(left: &Look, right: &Look) -> bool {
    left.foreground == right.foreground
        && left.background == right.background
        && left.bold == right.bold
        && left.underline == right.underline
        && left.strike == right.strike
        && left.cursor == Cursor::None
        && right.cursor == Cursor::None
}

fn cell_area(row: usize, column: usize, cells: usize) -> Rect {
    let cell = cell_size();
    Rect::new(
        PADDING + column as i32 * cell.width,
        PADDING + row as i32 * cell.height,
        cells as i32 * cell.width,
        cell.height,
    )
}

/// Paints cells of one style.
fn draw_run(canvas: &mut Canvas<'_>, area: Rect, run: &[Look]) {
    let Some(first) = run.first() else { return };
    canvas.fill(area, first.background);
    let font = if first.bold { Font::MonoBold } else { Font::Mono };
    // Spacers hold a blank, so the characters of narrow and wide cells fall on their columns.
    let text: String = run.iter().map(|look| look.character).collect();
    if text.contains(|character| character != ' ') {
        canvas.text(area.origin(), &text, font, first.foreground);
    }
    let line = |y: i32| Rect::new(area.x, y, area.width, 1);
    if first.underline {
        canvas.fill(line(area.y + font.ascent() + 2), first.foreground);
    }
    if first.strike {
        canvas.fill(line(area.y + font.ascent() * 2 / 3), first.foreground);
    }
    match first.cursor {
        Cursor::None | Cursor::Block => {}
        Cursor::Outline => canvas.stroke_rect(area, CURSOR),
        Cursor::Underline => canvas.fill(Rect::new(area.x, area.bottom() - 2, area.width, 2), CURSOR),
        Cursor::Bar => canvas.fill(Rect::new(area.x, area.y, 2, area.height), CURSOR),
    }
}

/// How the cells of a row shall look.
fn row_looks(term: &term::Terminal, row: usize, selection: Option<&Selection>, focused: bool) -> Vec<Look> {
    let line = term.line(row);
    let selected = selection
        .and_then(|selection| selection.columns_in(term.line_number(row), term.columns()))
        .unwrap_or(0..0);
    let cursor = term.cursor().filter(|cursor| cursor.row == row).map(|cursor| cursor.column);
    (0..term.columns())
        .map(|column| {
            let mut look = look(line.cell(column));
            if selected.contains(&column) {
                look.background = SELECTION;
            }
            if cursor == Some(column) {
                set_cursor(&mut look, term.cursor_shape(), focused);
            }
            look
        })
        .collect()
}

fn set_cursor(look: &mut Look, shape: CursorShape, focused: bool) {
    look.cursor = match shape {
        _ if !focused => Cursor::Outline,
        CursorShape::Block => {
            look.foreground = theme::TERMINAL_BACKGROUND;
            look.background = CURSOR;
            Cursor::Block
        }
        CursorShape::Underline => Cursor::Underline,
        CursorShape::Bar => Cursor::Bar,
    };
}

fn look(cell: Cell) -> Look {
    let attributes = cell.style.attributes;
    let color = |color: term::Color, default: Color| Color::hex(color.resolve(&ANSI, default.0));
    let mut foreground = color(cell.style.foreground, theme::TERMINAL_TEXT);
    let mut background = color(cell.style.background, theme::TERMINAL_BACKGROUND);
    if attributes.contains(Attributes::INVERSE) {
        core::mem::swap(&mut foreground, &mut background);
    }
    if attributes.contains(Attributes::FAINT) {
        foreground = foreground.mix(background, 110);
    }
    if attributes.contains(Attributes::HIDDEN) {
        foreground = background;
    }
    Look {
        character: if cell.width == Width::Spacer { ' ' } else { cell.character },
        width: cell.width,
        foreground,
        background,
        bold: attributes.contains(Attributes::BOLD),
        underline: attributes.contains(Attributes::UNDERLINE),
        strike: attributes.contains(Attributes::STRIKE),
        cursor: Cursor::None,
    }
}
