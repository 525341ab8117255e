//! The columns of a table: where they lie, which one the rows are sorted by, and the head to click on.

use gfx::{Canvas, Color, Font, Point, Rect, Symbol, theme};

use super::text::{elide, label};

/// Room between columns.
const GAP: i32 = 16;
/// The least width of the column that takes what is left.
const LEAST_REST: i32 = 60;

/// One column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// What the head says.
    pub title: &'static str,
    /// Its width in pixels, the gap to the next included; 0 for the one that takes what is left.
    pub width: i32,
    /// Whether its texts stand at the right.
    pub is_number: bool,
    /// Whether the largest comes first when it is chosen.
    pub starts_descending: bool,
}

/// The columns of one table.
#[derive(Debug, Clone)]
pub struct Columns {
    columns: &'static [Column],
    sorted_by: usize,
    descending: bool,
    hovered: Option<usize>,
}

impl Columns {
    /// Columns sorted by the one at `sorted_by`, in the order it starts with.
    pub fn new(columns: &'static [Column], sorted_by: usize) -> Self {
        let descending = columns.get(sorted_by).is_some_and(|column| column.starts_descending);
        Self { columns, sorted_by, descending, hovered: None }
    }

    /// The index of the column that the rows are sorted by, and whether the largest comes first.
    pub fn order(&self) -> (usize, bool) {
        (self.sorted_by, self.descending)
    }

    /// Sorts by a column; the same one again turns the order round.
    pub fn sort_by(&mut self, index: usize) {
        let Some(column) = self.columns.get(index) else { return };
        self.descending = if self.sorted_by == index { !self.descending } else { column.starts_descending };
        self.sorted_by = index;
    }

    /// The place of a column in a row.
    pub fn area(&self, row: Rect, index: usize) -> Rect {
        let fixed: i32 = self.columns.iter().map(|column| column.width).sum();
        let rest = (row.width - fixed).max(LEAST_REST);
        let width = |column: &Column| if column.width == 0 { rest } else { column.width };
        let left: i32 = self.columns.iter().take(index).map(width).sum();
        let Some(column) = self.columns.get(index) else { return Rect::EMPTY };
        let gap = if index + 1 == self.columns.len() { 0 } else { GAP };
        Rect::new(row.x + left, row.y, width(column) - gap, row.height)
    }

    /// The column at a point of a row.
    pub fn at(&self, row: Rect, point: Point) -> Option<usize> {
        (0..self.columns.len()).find(|index| self.area(row, *index).contains(point))
    }

    /// The pointer is over the head here, or elsewhere; says whether the head looks different now.
    pub fn hover(&mut self, head: Rect, point: Option<Point>) -> bool {
        let hovered = point.and_then(|point| self.at(head, point));
        core::mem::replace(&mut self.hovered, hovered) != hovered
    }

    /// Draws the head over `area`, with a line beneath.
    pub fn draw_head(&self, canvas: &mut Canvas<'_>, area: Rect) {
        canvas.fill(area, theme::SURFACE_RAISED);
        for (index, column) in self.columns.iter().enumerate() {
            let is_chosen = index == self.sorted_by;
            let color = match () {
                () if is_chosen => theme::ACCENT,
                () if self.hovered == Some(index) => theme::TEXT,
                () => theme::TEXT_MUTED,
            };
            let font = if is_chosen { Font::UiBold } else { Font::Ui };
            self.draw_cell(canvas, area, index, column.title, font, color);
            if is_chosen {
                let place = self.area(area, index);
                let symbol = if self.descending { Symbol::ChevronDown } else { Symbol::ChevronUp };
                let width = font.width(column.title);
                let x =
                    if column.is_number { place.right() - width - Symbol::SIDE } else { place.x + width + 2 };
                canvas.symbol(symbol, Point::new(x, place.y + (place.height - Symbol::SIDE) / 2), color);
            }
        }
        canvas.fill(Rect::new(area.x, area.bottom() - 1, area.width, 1), theme::BORDER);
    }

    /// Draws a text into a column of a row, at the side that suits it.
    pub fn draw_cell(
        &self,
        canvas: &mut Canvas<'_>,
        row: Rect,
        index: usize,
        text: &str,
        font: Font,
        color: Color,
    ) {
        let place = self.area(row, index);
        if self.columns.get(index).is_some_and(|column| column.is_number) {
            right_label(canvas, place, text, font, color);
        } else {
            label(canvas, place, text, font, color);
        }
    }
}

/// Draws `text` at the right of `area`, centred vertically and elided.
pub fn right_label(canvas: &mut Canvas<'_>, area: Rect, text: &str, font: Font, color: Color) {
    let text = elide(text, font, area.width);
    let at = Point::new(area.right() - font.width(&text), area.y + (area.height - font.line_height()) / 2);
    canvas.text(at, &text, font, color);
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column { title: "Name", width: 0, is_number: false, starts_descending: false },
        Column { title: "Size", width: 80, is_number: true, starts_descending: true },
    ];

    #[test]
    fn columns_fill_the_row_and_a_point_finds_its_own() {
        let columns = Columns::new(COLUMNS, 0);
        let row = Rect::new(10, 0, 300, 20);
        assert_eq!(columns.area(row, 0), Rect::new(10, 0, 220 - GAP, 20));
        assert_eq!(columns.area(row, 1), Rect::new(230, 0, 80, 20));
        assert_eq!(columns.at(row, Point::new(240, 5)), Some(1));
        assert_eq!(columns.at(row, Point::new(240, 25)), None);
    }

    #[test]
    fn the_same_column_again_turns_the_order_round() {
        let mut columns = Columns::new(COLUMNS, 0);
        assert_eq!(columns.order(), (0, false));
        columns.sort_by(0);
        assert_eq!(columns.order(), (0, true));
        columns.sort_by(1);
        assert_eq!(columns.order(), (1, true), "the largest first");
        columns.sort_by(7);
        assert_eq!(columns.order(), (1, true), "there is no such column");
    }
}
