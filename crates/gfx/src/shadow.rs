//! Soft shadows.

use crate::{Canvas, Color, Rect};

/// How high above what is beneath it a thing floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShadowLevel {
    /// Buttons and cards.
    Low,
    /// Menus, the launcher, windows in the background.
    Medium,
    /// The window in front.
    High,
}

impl ShadowLevel {
    /// Every level, lowest first.
    pub const ALL: [ShadowLevel; 3] = [ShadowLevel::Low, ShadowLevel::Medium, ShadowLevel::High];

    /// All pixels that the shadow of a thing at `rect` may darken: what to repaint when it moves.
    pub fn bounds(self, rect: Rect) -> Rect {
        if rect.is_empty() { Rect::EMPTY } else { rect.inset(-self.reach()) }
    }

    fn reach(self) -> i32 {
        match self {
            ShadowLevel::Low => 4,
            ShadowLevel::Medium => 12,
            ShadowLevel::High => 24,
        }
    }

    pub(crate) fn draw(self, canvas: &mut Canvas<'_>, rect: Rect) {
        for step in 1..=self.reach() {
            canvas.stroke_rect(
                rect.inset(-step),
                Color::BLACK.with_alpha((60 * (self.reach() - step) / self.reach()) as u8),
            );
        }
    }
}
