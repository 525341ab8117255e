//! Soft shadows, put together from a baked corner.
//!
//! A blurred rounded rectangle is known from one corner: the other three mirror it, and between the corners each edge repeats
//! one alpha. Where the rectangle is too small for four whole corners, they are cut in the middle.

use crate::baked::{SHADOWS, Shadow};
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

    /// Draws the shadow of a thing at `rect`, but for what lies under the thing itself.
    pub(crate) fn draw(self, canvas: &mut Canvas<'_>, rect: Rect) {
        let (shadow, bounds) = (self.baked(), self.bounds(rect));
        let side = 2 * shadow.reach + shadow.radius;
        let (corner_width, corner_height) =
            (side.min((bounds.width + 1) / 2), side.min((bounds.height + 1) / 2));
        // The rounded corners of the thing let the shadow shine through, the columns and rows between them don't.
        let hidden = rect.inset_by(0, shadow.radius, 0, shadow.radius);
        let visible = canvas.clip().intersect(bounds);
        for y in visible.y..visible.bottom() {
            let line = (y - bounds.y).min(bounds.bottom() - 1 - y).min(corner_height - 1);
            let alphas = &shadow.corner[(line * side) as usize..][..corner_width as usize];
            if y >= hidden.y && y < hidden.bottom() {
                let left = (hidden.x - bounds.x).min(corner_width) as usize;
                let right = (bounds.right() - hidden.right()).min(corner_width) as usize;
                canvas.darken_row(bounds.x, y, alphas[..left].iter());
                canvas.darken_row(bounds.right() - right as i32, y, alphas[..right].iter().rev());
            } else {
                let right = bounds.right() - corner_width;
                let middle = Rect::from_edges(bounds.x + corner_width, y, right, y + 1);
                // When the length is odd and the corners are cut, both hold the middle column.
                let shared = (bounds.x + corner_width - right).max(0) as usize;
                canvas.darken_row(bounds.x, y, alphas.iter());
                canvas.blend(middle, Color::BLACK.with_alpha(alphas[alphas.len() - 1]));
                canvas.darken_row(right + shared as i32, y, alphas.iter().rev().skip(shared));
            }
        }
    }
}
