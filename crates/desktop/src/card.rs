//! The one shape of everything that floats above the windows: a light card with round corners, a
//! hairline and a shadow.

use gfx::{Canvas, Rect, theme};
use ui::kit;

/// Everything a card at `area` paints.
pub(crate) fn bounds(area: Rect) -> Rect {
    kit::card_bounds(area)
}

/// The part of a card that hides what lies beneath.
pub(crate) fn opaque(area: Rect) -> [Rect; 3] {
    without_corners(area, theme::CARD_RADIUS)
}

/// `area` without the squares of its rounded corners.
pub(crate) fn without_corners(area: Rect, radius: i32) -> [Rect; 3] {
    [
        area.inset_by(0, radius, 0, radius),
        Rect::new(area.x + radius, area.y, area.width - 2 * radius, radius),
        Rect::new(area.x + radius, area.bottom() - radius, area.width - 2 * radius, radius),
    ]
}

/// Draws an empty card.
pub(crate) fn draw(canvas: &mut Canvas<'_>, area: Rect) {
    kit::card(canvas, area);
}
