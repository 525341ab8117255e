//! A bar that shows a share.

use gfx::{Canvas, Color, Rect, theme};

/// Draws a bar filled to `value` of `total`. Nothing of nothing is empty; more than all is full.
pub fn progress_bar(canvas: &mut Canvas<'_>, area: Rect, value: u64, total: u64, color: Color) {
    let radius = area.height / 2;
    canvas.rounded_rect(area, radius, theme::SURFACE_PRESSED);
    let width = u64::try_from(area.width).unwrap_or(0);
    let share = u128::from(value.min(total)) * u128::from(width) / u128::from(total.max(1));
    // At most `area.width`. What is drawn at all is at least a dot, for a sliver has no round ends.
    let filled = i32::try_from(share).unwrap_or(area.width);
    if value > 0 && total > 0 {
        let filled = filled.max(area.height).min(area.width);
        canvas.rounded_rect(Rect::new(area.x, area.y, filled, area.height), radius, color);
    }
}
