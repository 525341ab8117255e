//! What the property tests share: reproducible random numbers and rectangles.

// Each test uses some of it.
#![allow(dead_code)]

use gfx::{Color, Point, Rect};

/// Marsaglia's xorshift: reproducible, and random enough for rectangles.
pub struct Random(u64);

impl Random {
    /// Each seed makes a sequence of its own.
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number from `low` up to and without `high`.
    pub fn within(&mut self, low: i32, high: i32) -> i32 {
        low + (self.next() >> 33) as i32 % (high - low)
    }

    /// A colour; a third of them are opaque.
    pub fn color(&mut self) -> Color {
        let color = Color((self.next() >> 16) as u32);
        if self.within(0, 3) == 0 { color.with_alpha(255) } else { color }
    }

    /// A point in or near a square of `side` pixels.
    pub fn point(&mut self, side: i32) -> Point {
        Point::new(self.within(-side / 2, side * 3 / 2), self.within(-side / 2, side * 3 / 2))
    }

    /// A rectangle in, around or beside a square of `side` pixels; some are empty.
    pub fn rect(&mut self, side: i32) -> Rect {
        let at = self.point(side);
        Rect::new(at.x, at.y, self.within(-2, side), self.within(-2, side))
    }
}
