//! Discs and capsules.

use super::{Canvas, FAR, near_point};
use crate::{Color, Point, Rect};

impl Canvas<'_> {
    /// A disc with smooth edges: the pixel at `center` is its middle, it is 2 `radius` + 1 pixels across,
    /// `radius` being at most 2²⁰. A negative radius draws nothing.
    pub fn circle(&mut self, center: Point, radius: i32, color: Color) {
        let (center, radius) = (near_point(center, FAR), i64::from(radius.min(1 << 20)));
        let reach = radius as i32 + 1;
        let rows = self.clip().intersect(Rect::new(center.x, center.y, 1, 1).inset(-reach.max(0)));
        for y in rows.y..rows.bottom() {
            let down = i64::from(y - center.y);
            // Pixels whose middle is no further away than the radius are covered wholly: half a pixel is left
            // to the edge.
            let covered = radius * radius - down * down;
            let half = if covered >= 0 { covered.isqrt() as i32 } else { -1 };
            self.blend(Rect::from_edges(center.x - half, y, center.x + half + 1, y + 1), color);
            for across in half + 1..=reach {
                let square = i64::from(across) * i64::from(across) + down * down;
                let distance = ((square as u64) << 16).isqrt() as i64;
                let coverage = ((radius + 1) * 256 - distance).clamp(0, 255) as u8;
                if coverage == 0 {
                    break;
                }
                self.cover_row(center.x + across, y, &[coverage], color);
                if across > 0 {
                    self.cover_row(center.x - across, y, &[coverage], color);
                }
            }
        }
    }

    /// `rect` with its shorter sides rounded to half circles; a disc when it is square.
    pub fn capsule(&mut self, rect: Rect, color: Color) {
        self.rounded_rect(rect, i32::MAX, color);
    }
}
