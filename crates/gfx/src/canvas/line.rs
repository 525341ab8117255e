//! Lines, polylines and graphs, with smooth edges.

use super::{Canvas, FAR, near, near_point};
use crate::{Color, Point, Rect};

impl Canvas<'_> {
    /// A line one pixel wide from the middle of the pixel `from` to that of `to`, both included.
    ///
    /// Xiaolin Wu's way: along the longer axis each step shares its ink between the two pixels it lies
    /// between, in 16.16 fixed point.
    pub fn line(&mut self, from: Point, to: Point, color: Color) {
        let (from, to) = (near_point(from, FAR), near_point(to, FAR));
        let (dx, dy) = (i64::from(to.x) - i64::from(from.x), i64::from(to.y) - i64::from(from.y));
        if dx == 0 || dy == 0 {
            let (right, bottom) = (from.x.max(to.x).saturating_add(1), from.y.max(to.y).saturating_add(1));
            return self.blend(Rect::from_edges(from.x.min(to.x), from.y.min(to.y), right, bottom), color);
        }
        let clip = self.clip();
        let steep = dy.abs() > dx.abs();
        // From here on `a` is the axis walked along and `b` the other.
        let flip = |point: Point| if steep { (point.y, point.x) } else { (point.x, point.y) };
        let (start, end) =
            if flip(from).0 <= flip(to).0 { (flip(from), flip(to)) } else { (flip(to), flip(from)) };
        let slope = ((i64::from(end.1) - i64::from(start.1)) << 16) / (i64::from(end.0) - i64::from(start.0));
        let (first, last) = if steep { (clip.y, clip.bottom()) } else { (clip.x, clip.right()) };
        for a in start.0.max(first)..end.0.saturating_add(1).min(last) {
            let exact = (i64::from(start.1) << 16) + slope * (i64::from(a) - i64::from(start.0));
            let (b, share) = ((exact >> 16) as i32, (exact >> 8 & 255) as u8);
            for (b, coverage) in [(b, 255 - share), (b.saturating_add(1), share)] {
                let (x, y) = if steep { (b, a) } else { (a, b) };
                self.cover_row(x, y, &[coverage], color);
            }
        }
    }

    /// A line `width` pixels wide with round ends, between the middles of two pixels at most 2²⁰ pixels from
    /// the origin. In an opaque colour, lines that meet join smoothly.
    pub fn thick_line(&mut self, from: Point, to: Point, width: i32, color: Color) {
        let (from, to, width) = (near_point(from, 1 << 20), near_point(to, 1 << 20), width.clamp(0, 1 << 20));
        let half = width / 2 + 1;
        let around =
            Rect::from_edges(from.x.min(to.x), from.y.min(to.y), from.x.max(to.x) + 1, from.y.max(to.y) + 1)
                .inset(-half);
        let area = self.clip().intersect(around);
        let (dx, dy) = (i64::from(to.x - from.x), i64::from(to.y - from.y));
        let length_squared = (dx * dx + dy * dy).max(1);
        for y in area.y..area.bottom() {
            let ay = i64::from(y - from.y);
            // The columns of this row that the line can reach: where the row crosses it, and as far again as
            // it is wide and flat.
            let (left, right) = if dy == 0 {
                (area.x, area.right())
            } else {
                let (first, last) = ((ay - i64::from(half)) * dx / dy, (ay + i64::from(half)) * dx / dy);
                let reach = i64::from(half) + 1;
                let column = |offset: i64| {
                    (i64::from(from.x) + offset).clamp(i64::from(area.x), i64::from(area.right())) as i32
                };
                (column(first.min(last) - reach), column(first.max(last) + reach))
            };
            for x in left..right {
                let ax = i64::from(x - from.x);
                // How far along the line the nearest point is, in 1/256 of its length, and how far away, in
                // 1/256 pixel.
                let along = ((ax * dx + ay * dy) * 256 / length_squared).clamp(0, 256);
                let (away_x, away_y) = (ax * 256 - dx * along, ay * 256 - dy * along);
                let distance = ((away_x * away_x + away_y * away_y) as u64).isqrt() as i64;
                let coverage = (i64::from(width) * 128 + 128 - distance).clamp(0, 255);
                if coverage > 0 {
                    self.cover_row(x, y, &[coverage as u8], color);
                }
            }
        }
    }

    /// Lines one pixel wide from each point to the next.
    pub fn polyline(&mut self, points: &[Point], color: Color) {
        for pair in points.windows(2) {
            self.line(pair[0], pair[1], color);
        }
    }

    /// A graph of `samples`, oldest first, spread over the width of `rect`; 0 lies on its lowest row,
    /// `maximum` and all above on its highest. The area beneath is laid over with `area`, then a curve two
    /// pixels wide is drawn in `curve`. Fewer than two samples make no graph.
    pub fn graph(&mut self, rect: Rect, samples: &[u32], maximum: u32, curve: Color, area: Color) {
        let rect = near(rect);
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
        let mut canvas = self.clipped(rect);
        for index in 0..last {
            let (from, to) = (point(index), point(index + 1));
            // The last column belongs to the last stretch.
            let end = if index + 1 == last { to.x + 1 } else { to.x };
            for x in from.x..end {
                let y = from.y + (to.y - from.y) * (x - from.x) / (to.x - from.x).max(1);
                canvas.blend(Rect::from_edges(x, y, x + 1, rect.bottom()), area);
            }
        }
        for index in 0..last {
            canvas.thick_line(point(index), point(index + 1), 2, curve);
        }
    }
}
