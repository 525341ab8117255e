//! Discs and rings.

use super::Canvas;
use crate::{Color, Point, Rect};

impl Canvas<'_> {
    /// A disc with smooth edges: the pixel at `center` is its middle, it is 2 `radius` + 1 pixels across. A negative radius draws
    /// nothing.
    pub fn circle(&mut self, center: Point, radius: i32, color: Color) {
        let side = radius.saturating_mul(2).saturating_add(1);
        self.ellipse(Rect::new(center.x - radius, center.y - radius, side, side), color);
    }

    /// The disc that fills `rect`, as far as it is square: a longer one becomes a capsule.
    pub fn ellipse(&mut self, rect: Rect, color: Color) {
        self.rounded_rect(rect, i32::MAX, color);
    }
}
