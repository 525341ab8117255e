//! From a glyph's outline to a bitmap of coverage.
//!
//! Letters a dozen pixels high look blurred when the tops of "x" or "H" fall between two rows. So the outline
//! is fitted first: heights that many letters share (baseline, x-height, cap height, ascender) are moved to
//! whole rows and everything between is stretched evenly, the overshoot of round letters being flattened onto
//! the row. Widths and shapes stay as designed.

use ab_glyph_rasterizer::{Point, Rasterizer, point};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// A glyph's coverage, row after row.
pub struct Bitmap {
    /// Columns from the pen to the first column.
    pub left: i32,
    /// Rows from the baseline up to the top of the first row.
    pub top: i32,
    pub width: usize,
    pub height: usize,
    pub coverage: Vec<u8>,
}

impl Bitmap {
    /// A bitmap without pixels, `top` rows above the baseline.
    pub fn empty_at(top: i32) -> Bitmap {
        Bitmap { left: 0, top, width: 0, height: 0, coverage: Vec::new() }
    }
}

/// How font units become pixels in one size.
pub struct Fit {
    scale: f32,
    /// Heights in font units and the pixel heights they are moved to, both rising.
    knots: Vec<(f32, f32)>,
}

impl Fit {
    /// The fit of `face` for letters of `size` pixels to the em.
    pub fn new(face: &Face, size: f32) -> Fit {
        let scale = size / f32::from(face.units_per_em());
        let height_of = |letter: char, fallback: f32| {
            let glyph = face.glyph_index(letter);
            let bounds = glyph.and_then(|glyph| face.outline_glyph(glyph, &mut Nothing));
            bounds.map_or(fallback, |bounds| f32::from(bounds.y_max))
        };
        let (x_height, cap_height) = (height_of('x', 0.5 / scale), height_of('H', 0.7 / scale));
        let ascender = height_of('l', cap_height);
        let overshoot = 0.018 * f32::from(face.units_per_em());
        let row = |height: f32| (height * scale).round().max(1.0);
        let mut knots = vec![(-overshoot, 0.0), (0.0, 0.0)];
        for (height, overshoot) in [(x_height, overshoot), (cap_height, overshoot), (ascender, 0.0)] {
            // Ascenders and capitals may be all but equal: then one knot serves both.
            if height > knots[knots.len() - 1].0 {
                knots.push((height, row(height)));
                if overshoot > 0.0 {
                    knots.push((height + overshoot, row(height)));
                }
            }
        }
        Fit { scale, knots }
    }

    fn x(&self, x: f32) -> f32 {
        x * self.scale
    }

    /// The fitted height above the baseline.
    fn y(&self, y: f32) -> f32 {
        let (first, last) = (self.knots[0], self.knots[self.knots.len() - 1]);
        if y <= first.0 {
            return first.1 + (y - first.0) * self.scale;
        }
        if y >= last.0 {
            return last.1 + (y - last.0) * self.scale;
        }
        let above =
            self.knots.iter().position(|knot| knot.0 > y).expect("y lies between the first and the last");
        let (from, to) = (self.knots[above - 1], self.knots[above]);
        from.1 + (y - from.0) / (to.0 - from.0) * (to.1 - from.1)
    }
}

/// Draws `glyph` with its pen `shift` pixels right of a whole pixel. Strokes become `bolder` pixels wider
/// than designed.
pub fn rasterize(face: &Face, glyph: GlyphId, fit: &Fit, shift: f32, bolder: f32) -> Bitmap {
    let mut path = Path { fit, shift, pen: point(0.0, 0.0), start: point(0.0, 0.0), curves: Vec::new() };
    if face.outline_glyph(glyph, &mut path).is_none() {
        return Bitmap::empty_at(0);
    }
    let points = || path.curves.iter().flat_map(|curve| curve.iter());
    let reach = bolder / 2.0;
    let left = points().map(|at| at.x).fold(f32::MAX, f32::min) - reach;
    let right = points().map(|at| at.x).fold(f32::MIN, f32::max) + reach;
    let top = points().map(|at| at.y).fold(f32::MAX, f32::min);
    let bottom = points().map(|at| at.y).fold(f32::MIN, f32::max);
    let (left, top) = (left.floor(), top.floor());
    let (width, height) = ((right.ceil() - left) as usize, (bottom.ceil() - top) as usize);
    let mut coverage = vec![0u8; width * height];
    let shifts = if bolder > 0.0 { vec![-reach, 0.0, reach] } else { vec![0.0] };
    for aside in shifts {
        let mut rasterizer = Rasterizer::new(width, height);
        let place = |at: Point| point(at.x - left + aside, at.y - top);
        for curve in &path.curves {
            let [a, b, c, d] = curve.map(place);
            rasterizer.draw_cubic(a, b, c, d);
        }
        rasterizer.for_each_pixel(|index, covered| {
            coverage[index] = coverage[index].max((covered.clamp(0.0, 1.0) * 255.0).round() as u8);
        });
    }
    Bitmap { left: left as i32, top: -top as i32, width, height, coverage }
}

/// Takes an outline in as cubic curves in fitted pixels, y down.
struct Path<'a> {
    fit: &'a Fit,
    shift: f32,
    pen: Point,
    start: Point,
    curves: Vec<[Point; 4]>,
}

impl Path<'_> {
    fn place(&self, x: f32, y: f32) -> Point {
        point(self.fit.x(x) + self.shift, -self.fit.y(y))
    }

    fn curve(&mut self, first: Point, second: Point, to: Point) {
        self.curves.push([self.pen, first, second, to]);
        self.pen = to;
    }

    fn line(&mut self, to: Point) {
        let along = |share: f32| {
            point(self.pen.x + (to.x - self.pen.x) * share, self.pen.y + (to.y - self.pen.y) * share)
        };
        self.curve(along(1.0 / 3.0), along(2.0 / 3.0), to);
    }
}

impl OutlineBuilder for Path<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.pen = self.place(x, y);
        self.start = self.pen;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.line(self.place(x, y));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (control, to) = (self.place(x1, y1), self.place(x, y));
        let towards = |end: Point| {
            point(end.x + (control.x - end.x) * 2.0 / 3.0, end.y + (control.y - end.y) * 2.0 / 3.0)
        };
        self.curve(towards(self.pen), towards(to), to);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.curve(self.place(x1, y1), self.place(x2, y2), self.place(x, y));
    }

    fn close(&mut self) {
        self.line(self.start);
    }
}

/// For when only an outline's bounds are wanted.
struct Nothing;

impl OutlineBuilder for Nothing {
    fn move_to(&mut self, _: f32, _: f32) {}
    fn line_to(&mut self, _: f32, _: f32) {}
    fn quad_to(&mut self, _: f32, _: f32, _: f32, _: f32) {}
    fn curve_to(&mut self, _: f32, _: f32, _: f32, _: f32, _: f32, _: f32) {}
    fn close(&mut self) {}
}
