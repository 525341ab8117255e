//! The Alt+Tab overview: the windows as icons, most recently used first, the selected one's title
//! below.

use gfx::{Canvas, Font, Icon, IconSize, Point, Rect, Size, theme};
use ui::kit;

use crate::card;

const CELL: Size = Size::new(84, 80);
const PADDING: i32 = 12;
/// Height of the title's line.
const TITLE: i32 = 28;

/// The overview's geometry for so many windows.
pub(crate) struct Overview {
    pub(crate) area: Rect,
    columns: i32,
    count: usize,
}

impl Overview {
    pub(crate) fn new(screen: Rect, count: usize) -> Self {
        let windows = i32::try_from(count.max(1)).unwrap_or(i32::MAX);
        let most = ((screen.width - 4 * PADDING) / CELL.width).max(1);
        let columns = windows.min(most);
        let rows = (windows + columns - 1) / columns;
        // Wide enough for a title even with a single window.
        let width = (columns * CELL.width).max(3 * CELL.width) + 2 * PADDING;
        let size = Size::new(width, rows * CELL.height + TITLE + 2 * PADDING);
        Self { area: screen.centered(size), columns, count }
    }

    /// The cell of the window at this place.
    pub(crate) fn cell(&self, index: usize) -> Rect {
        let index = i32::try_from(index).unwrap_or(0);
        let left = self.area.x + (self.area.width - self.columns * CELL.width) / 2;
        let (column, row) = (index % self.columns, index / self.columns);
        Rect::at(Point::new(left + column * CELL.width, self.area.y + PADDING + row * CELL.height), CELL)
    }

    /// The window under `point`.
    pub(crate) fn hit(&self, point: Point) -> Option<usize> {
        (0..self.count).find(|index| self.cell(*index).contains(point))
    }

    /// Draws it; `windows` gives each one's icon and title.
    pub(crate) fn draw<'a>(
        &self,
        canvas: &mut Canvas<'_>,
        windows: impl Iterator<Item = (Icon, &'a str)>,
        selected: usize,
    ) {
        card::draw(canvas, self.area);
        for (index, (icon, title)) in windows.enumerate() {
            let cell = self.cell(index);
            if index == selected {
                canvas.rounded_rect(cell.inset(4), theme::CARD_RADIUS, theme::ACCENT_SOFT);
                canvas.stroke_rounded_rect(cell.inset(4), theme::CARD_RADIUS, 2, theme::ACCENT);
                let line = Rect::new(
                    self.area.x + PADDING,
                    self.area.bottom() - PADDING - TITLE,
                    self.area.width - 2 * PADDING,
                    TITLE,
                );
                let title = kit::elide(title, Font::UiBold, line.width);
                canvas.text_centered(line, &title, Font::UiBold, theme::TEXT);
            }
            let side = IconSize::Large.pixels();
            canvas.icon(icon, IconSize::Large, cell.centered(Size::new(side, side)).origin());
        }
    }
}
