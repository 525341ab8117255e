//! What the property tests share: reproducible random rectangles and colours.

// Each test uses some of it.
#![allow(dead_code)]

use fastrand::Rng;
use gfx::{Color, Point, Rect};

/// A colour; a third of them are opaque.
pub fn color(random: &mut Rng) -> Color {
    let color = Color(random.u32(..));
    if random.i32(0..3) == 0 { color.with_alpha(255) } else { color }
}

/// A point in or near a square of `side` pixels.
pub fn point(random: &mut Rng, side: i32) -> Point {
    Point::new(random.i32(-side / 2..side * 3 / 2), random.i32(-side / 2..side * 3 / 2))
}

/// A rectangle in, around or beside a square of `side` pixels; some are empty.
pub fn rect(random: &mut Rng, side: i32) -> Rect {
    let at = point(random, side);
    Rect::new(at.x, at.y, random.i32(-2..side), random.i32(-2..side))
}
