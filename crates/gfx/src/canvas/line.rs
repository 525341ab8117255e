//! Lines, polylines and graphs, with smooth edges.

use super::Canvas;
use crate::{Color, Point, Rect};

impl Canvas<'_> {
    /// A line one pixel wide from the middle of the pixel `from` to that of `to`, both included.
    ///
    /// Xiaolin Wu's way: along the longer axis each step shares its ink between the two pixels it lies between, in 16.16 fixed
    /// point.
    pub fn line(&mut self, from: Point, to: Point, color: Color) {
        let (dx, dy) = (i64::from(to.x) - i64::from(from.x), i64::from(to.y) - i64::from(from.y));
        if dx == 0 || dy == 0 {
            let (left, top) = (from.x.min(to.x), from.y.min(to.y));
            return self
                .blend(Rect::from_edges(left, top, from.x.max(to.x) + 1, from.y.max(to.y) + 1), color);
        }
        let clip = self.clip();
        let steep = dy.abs() > dx.abs();
        // From here on `a` is the axis walked along and `b` the other.
        let flip = |point: Point| if steep { (point.y, point.x) } else { (point.x, point.y) };
        let ((start_a, start_b), (end_a, end_b)) =
            if flip(from).0 <= flip(to).0 { (flip(from), flip(to)) } else { (flip(to), flip(from)) };
        let slope = ((i64::from(end_b) - i64::from(start_b)) << 16) / (i64::from(end_a) - i64::from(start_a));
        let (first, last) = if steep { (clip.y, clip.bottom()) } else { (clip.x, clip.right()) };
        for a in start_a.max(first)..end_a.saturating_add(1).min(last) {
            let exact = (i64::from(start_b) << 16) + slope * (i64::from(a) - i64::from(start_a));
            let (b, share) = ((exact >> 16) as i32, (exact >> 8 & 255) as u8);
            for (b, coverage) in [(b, 255 - share), (b.saturating_add(1), share)] {
                let (x, y) = if steep { (b, a) } else { (a, b) };
                self.cover_row(x, y, &[coverage], color);
            }
        }
    }

    /// Lines from each point to the next.
    pub fn polyline(&mut self, points: &[Point], color: Color) {
        for pair in points.windows(2) {
            self.line(pair[0], pair[1], color);
        }
    }

    /// A graph of `samples`, oldest first, spread over the width of `rect`; 0 lies on its lowest row, `maximum` on its highest.
    /// The area beneath is laid over with `area`, then the curve is drawn in `curve`.
    pub fn graph(&mut self, rect: Rect, samples: &[u32], maximum: u32, curve: Color, area: Color) {
        let Some(last) = samples.len().checked_sub(1).filter(|&last| last > 0 && !rect.is_empty()) else {
            return;
        };
        let height_of = |sample: u32| {
            let most = i64::from(rect.height) - 1;
            (i64::from(sample.min(maximum)) * most / i64::from(maximum.max(1))) as i32
        };
        let point = |index: usize| {
            let along = index as i64 * (i64::from(rect.width) - 1) / last as i64;
            Point::new(rect.x + along as i32, rect.bottom() - 1 - height_of(samples[index]))
        };
        for index in 0..last {
            let (from, to) = (point(index), point(index + 1));
            for x in from.x..to.x {
                let y = from.y + (to.y - from.y) * (x - from.x) / (to.x - from.x);
                self.blend(Rect::from_edges(x, y, x + 1, rect.bottom()), area);
            }
            self.line(from, to, curve);
        }
    }
}
