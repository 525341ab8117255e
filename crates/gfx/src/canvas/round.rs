//! Rectangles with round corners, filled and stroked, with smooth edges.
//!
//! How much of a pixel a quarter disc covers is taken as the distance of the pixel's middle from the arc, in
//! 1/256 pixel: at radii above one pixel it differs from the true area by less than an eye can see, and it
//! costs one integer square root for the few pixels that the arc crosses. The rest of each row is one span.

use super::{Canvas, near};
use crate::{Color, Rect};

/// The radius of each corner, in pixels. Those that don't fit are cut to half the shorter side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Corners {
    /// Of the top-left corner.
    pub top_left: i32,
    /// Of the top-right corner.
    pub top_right: i32,
    /// Of the bottom-left corner.
    pub bottom_left: i32,
    /// Of the bottom-right corner.
    pub bottom_right: i32,
}

impl Corners {
    /// Four right angles.
    pub const SQUARE: Corners = Corners::all(0);

    /// The same radius at each corner.
    pub const fn all(radius: i32) -> Corners {
        Corners { top_left: radius, top_right: radius, bottom_left: radius, bottom_right: radius }
    }

    /// Only the upper corners round, as a title bar has them.
    pub const fn top(radius: i32) -> Corners {
        Corners { top_left: radius, top_right: radius, bottom_left: 0, bottom_right: 0 }
    }

    /// Only the lower corners round, as the contents of a window have them.
    pub const fn bottom(radius: i32) -> Corners {
        Corners { top_left: 0, top_right: 0, bottom_left: radius, bottom_right: radius }
    }

    /// Each radius made smaller by `by`, as an outline's inner edge has them.
    fn shrunk(self, by: i32) -> Corners {
        self.map(|radius| radius.saturating_sub(by).max(0))
    }

    /// Each radius cut to what fits into `rect`.
    fn fitted(self, rect: Rect) -> Corners {
        let most = (rect.width.min(rect.height) / 2).max(0);
        self.map(|radius| radius.clamp(0, most))
    }

    fn map(self, change: impl Fn(i32) -> i32) -> Corners {
        Corners {
            top_left: change(self.top_left),
            top_right: change(self.top_right),
            bottom_left: change(self.bottom_left),
            bottom_right: change(self.bottom_right),
        }
    }
}

/// How much of the pixel at `column`, `line` of a corner's square (counted from the corner) lies inside the
/// arc: 0 to 255.
pub(crate) fn corner_coverage(radius: i32, column: i32, line: i32) -> u8 {
    // In half pixels, so that the middle of a pixel is a whole number.
    let (across, down) = (i64::from(2 * (radius - column) - 1), i64::from(2 * (radius - line) - 1));
    let (square, twice) = (across * across + down * down, i64::from(2 * radius));
    if square <= (twice - 1) * (twice - 1) {
        return 255;
    }
    if square >= (twice + 1) * (twice + 1) {
        return 0;
    }
    let distance = ((square as u64) << 14).isqrt() as i64;
    (i64::from(radius) * 256 + 128 - distance).clamp(0, 255) as u8
}

/// The round parts of one row: for each side the radius of its corner and the row's line in it; radius 0
/// where it is straight.
fn ends(rect: Rect, corners: Corners, y: i32) -> [(i32, i32); 2] {
    let (from_top, from_bottom) = (y - rect.y, rect.bottom() - 1 - y);
    let end = |top: i32, bottom: i32| {
        if from_top < top {
            (top, from_top)
        } else if from_bottom < bottom {
            (bottom, from_bottom)
        } else {
            (0, 0)
        }
    };
    [end(corners.top_left, corners.bottom_left), end(corners.top_right, corners.bottom_right)]
}

/// How much of the pixel at `x`, `y` lies inside the rounded rectangle: 0 to 255.
fn coverage_at(rect: Rect, corners: Corners, x: i32, y: i32) -> u8 {
    if !rect.contains(crate::Point::new(x, y)) {
        return 0;
    }
    let [(left, left_line), (right, right_line)] = ends(rect, corners, y);
    let (from_left, from_right) = (x - rect.x, rect.right() - 1 - x);
    if from_left < left {
        corner_coverage(left, from_left, left_line)
    } else if from_right < right {
        corner_coverage(right, from_right, right_line)
    } else {
        255
    }
}

impl Canvas<'_> {
    /// A filled rectangle with corners of `radius` pixels.
    pub fn rounded_rect(&mut self, rect: Rect, radius: i32, color: Color) {
        self.rounded_rect_corners(rect, Corners::all(radius), color);
    }

    /// A filled rectangle with a radius for each corner.
    pub fn rounded_rect_corners(&mut self, rect: Rect, corners: Corners, color: Color) {
        let rect = near(rect);
        let corners = corners.fitted(rect);
        let clip = self.clip().intersect(rect);
        let top = corners.top_left.max(corners.top_right);
        let bottom = corners.bottom_left.max(corners.bottom_right);
        self.blend(rect.inset_by(0, top, 0, bottom), color);
        let upper = clip.y..clip.bottom().min(rect.y + top);
        let lower = clip.y.max(rect.bottom() - bottom)..clip.bottom();
        for y in upper.chain(lower) {
            let [(left, left_line), (right, right_line)] = ends(rect, corners, y);
            self.blend(Rect::new(rect.x + left, y, rect.width - left - right, 1), color);
            self.corner_row(rect.x, y, left, |column| corner_coverage(left, column, left_line), color);
            let mirrored = |column| corner_coverage(right, right - 1 - column, right_line);
            self.corner_row(rect.right() - right, y, right, mirrored, color);
        }
    }

    /// Covers `length` pixels of row `y` from column `x` on as `coverage` says, a stretch at a time.
    fn corner_row(&mut self, x: i32, y: i32, length: i32, coverage: impl Fn(i32) -> u8, color: Color) {
        let mut stretch = [0; 32];
        for start in (0..length).step_by(stretch.len()) {
            let columns = start..length.min(start + stretch.len() as i32);
            let count = columns.len();
            for (covered, column) in stretch.iter_mut().zip(columns) {
                *covered = coverage(column);
            }
            self.cover_row(x + start, y, &stretch[..count], color);
        }
    }

    /// An outline `width` pixels wide, on the inner side of the edge of a rectangle with corners of `radius`
    /// pixels.
    pub fn stroke_rounded_rect(&mut self, rect: Rect, radius: i32, width: i32, color: Color) {
        self.stroke_rounded_rect_corners(rect, Corners::all(radius), width, color);
    }

    /// The same with a radius for each corner.
    pub fn stroke_rounded_rect_corners(&mut self, rect: Rect, corners: Corners, width: i32, color: Color) {
        let rect = near(rect);
        let outer = corners.fitted(rect);
        let hole = rect.inset(width.max(0));
        if width <= 0 || hole.is_empty() {
            return if width > 0 {
                self.rounded_rect_corners(rect, corners, color)
            };
        }
        let inner = outer.shrunk(width).fitted(hole);
        // The four corner blocks pixel by pixel, the rest as straight bars.
        let block = |radius: i32| radius.max(width);
        let (top_left, top_right) = (block(outer.top_left), block(outer.top_right));
        let (bottom_left, bottom_right) = (block(outer.bottom_left), block(outer.bottom_right));
        self.blend(Rect::from_edges(rect.x + top_left, rect.y, rect.right() - top_right, hole.y), color);
        self.blend(
            Rect::from_edges(rect.x + bottom_left, hole.bottom(), rect.right() - bottom_right, rect.bottom()),
            color,
        );
        self.blend(Rect::from_edges(rect.x, rect.y + top_left, hole.x, rect.bottom() - bottom_left), color);
        self.blend(
            Rect::from_edges(hole.right(), rect.y + top_right, rect.right(), rect.bottom() - bottom_right),
            color,
        );
        for corner in [
            Rect::new(rect.x, rect.y, top_left, top_left),
            Rect::new(rect.right() - top_right, rect.y, top_right, top_right),
            Rect::new(rect.x, rect.bottom() - bottom_left, bottom_left, bottom_left),
            Rect::new(rect.right() - bottom_right, rect.bottom() - bottom_right, bottom_right, bottom_right),
        ] {
            let visible = self.clip().intersect(corner);
            for y in visible.y..visible.bottom() {
                let between = |column| {
                    let x = visible.x + column;
                    coverage_at(rect, outer, x, y).saturating_sub(coverage_at(hole, inner, x, y))
                };
                self.corner_row(visible.x, y, visible.width, between, color);
            }
        }
    }
}
