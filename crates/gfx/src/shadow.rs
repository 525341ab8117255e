//! Soft shadows, put together from a baked corner.
//!
//! A blurred rounded rectangle is known from one corner: the other three mirror it, and between the corners
//! each edge repeats one alpha. Where the rectangle is too small for four whole corners, they are cut in the
//! middle.

use crate::baked::{SHADOWS, Shadow};
use crate::canvas::corner_coverage;
use crate::{Canvas, Color, Rect};

/// How high above what is beneath it a thing floats. Each level suits one radius of corners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShadowLevel {
    /// Buttons and cards, [`crate::theme::CONTROL_RADIUS`].
    Low,
    /// Menus, the launcher, windows in the background; [`crate::theme::CARD_RADIUS`].
    Medium,
    /// The window in front, [`crate::theme::WINDOW_RADIUS`].
    High,
}

impl ShadowLevel {
    /// Every level, lowest first.
    pub const ALL: [ShadowLevel; 3] = [ShadowLevel::Low, ShadowLevel::Medium, ShadowLevel::High];

    /// All pixels that the shadow of a thing at `rect` may darken: what to repaint when it moves.
    pub fn bounds(self, rect: Rect) -> Rect {
        let Shadow { reach, drop, .. } = *self.baked();
        if rect.is_empty() { Rect::EMPTY } else { rect.inset(-reach).translate(0, drop) }
    }

    fn baked(self) -> &'static Shadow {
        &SHADOWS[self as usize]
    }

    /// Draws the shadow of a thing at `rect`, but for what the thing itself covers.
    pub(crate) fn draw(self, canvas: &mut Canvas<'_>, rect: Rect) {
        let (shadow, bounds) = (self.baked(), self.bounds(rect));
        let visible = canvas.clip().intersect(bounds);
        for y in visible.y..visible.bottom() {
            let row = Row::new(shadow, bounds, y);
            if y < rect.y || y >= rect.bottom() {
                row.draw(canvas, bounds.x, bounds.right());
            } else {
                let line = (y - rect.y).min(rect.bottom() - 1 - y);
                let inset = uncovered_columns(shadow.radius.min(rect.width / 2), line);
                row.draw(canvas, bounds.x, rect.x + inset);
                row.draw(canvas, rect.right() - inset, bounds.right());
            }
        }
    }
}

/// How many pixels of row `line` of a round corner the corner doesn't cover wholly.
fn uncovered_columns(radius: i32, line: i32) -> i32 {
    if line >= radius {
        return 0;
    }
    (0..radius).find(|&column| corner_coverage(radius, column, line) == 255).unwrap_or(radius)
}

/// One row of a shadow.
struct Row {
    y: i32,
    /// The columns of the shadow.
    left: i32,
    right: i32,
    /// The alphas of its first columns; its last ones mirror them, and between them the last alpha repeats.
    corner: &'static [u8],
}

impl Row {
    fn new(shadow: &Shadow, bounds: Rect, y: i32) -> Row {
        let side = 2 * shadow.reach + shadow.radius;
        let line = (y - bounds.y).min(bounds.bottom() - 1 - y).min(side - 1);
        // Where there is no room for two corners, the left one has the middle column of an odd width.
        let width = side.min((bounds.width + 1) / 2);
        let corner = &shadow.corner[(line * side) as usize..][..width as usize];
        Row { y, left: bounds.x, right: bounds.right(), corner }
    }

    /// Draws the columns `from .. to` of it.
    fn draw(&self, canvas: &mut Canvas<'_>, from: i32, to: i32) {
        let width = self.corner.len() as i32;
        let (left_end, right_start) = (self.left + width, (self.right - width).max(self.left + width));
        let (start, end) = (from, to.min(left_end));
        if start < end {
            let alphas = &self.corner[(start - self.left) as usize..(end - self.left) as usize];
            canvas.darken_row(start, self.y, alphas.iter());
        }
        if let Some(&alpha) = self.corner.last() {
            let middle = Rect::from_edges(from.max(left_end), self.y, to.min(right_start), self.y + 1);
            canvas.blend(middle, Color::BLACK.with_alpha(alpha));
        }
        let (start, end) = (from.max(right_start), to);
        if start < end {
            let alphas = &self.corner[(self.right - end) as usize..(self.right - start) as usize];
            canvas.darken_row(start, self.y, alphas.iter().rev());
        }
    }
}
