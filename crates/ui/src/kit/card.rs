//! The one shape of everything that floats: menus, dialogs, messages.

use gfx::{Canvas, Rect, ShadowLevel, theme};

const SHADOW: ShadowLevel = ShadowLevel::Medium;

/// Everything that [`card`] paints for a card at `area`.
pub fn card_bounds(area: Rect) -> Rect {
    SHADOW.bounds(area)
}

/// Draws an empty card: light, with round corners, a hairline and a shadow.
pub fn card(canvas: &mut Canvas<'_>, area: Rect) {
    canvas.shadow(area, SHADOW);
    canvas.rounded_rect(area, theme::CARD_RADIUS, theme::SURFACE_RAISED);
    canvas.stroke_rounded_rect(area, theme::CARD_RADIUS, 1, theme::WINDOW_OUTLINE);
}

/// Draws the ring around what takes the keys: `area` is the control's, the ring lies just inside it.
pub fn focus_ring(canvas: &mut Canvas<'_>, area: Rect, radius: i32) {
    canvas.stroke_rounded_rect(area, radius, 2, theme::ACCENT);
}
