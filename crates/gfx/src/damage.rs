//! What changed: a short list of rectangles.
//!
//! Whoever draws adds rectangles; whoever composes repaints them. The list never loses a pixel that was
//! added. It may grow by pixels that were not: two rectangles merge when the rectangle around both wastes
//! little, and when the list is full the pair merges that wastes least. The rectangles never overlap, so no
//! pixel is repainted twice.

use crate::Rect;

/// The most rectangles kept. Each costs its caller a walk over the windows, so many small ones are worth less
/// than few.
const CAPACITY: usize = 16;

/// A bounded list of rectangles that don't overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    rects: [Rect; CAPACITY],
    count: usize,
}

/// Pixels that the rectangle around both would hold and neither does.
fn waste(a: Rect, b: Rect) -> i64 {
    let shared = a.intersect(b).area() as i64;
    a.union(b).area() as i64 - (a.area() as i64 + b.area() as i64 - shared)
}

/// Whether one rectangle is cheaper than two: when they overlap, or when the wasted pixels are few. To set up
/// a rectangle costs about as much as to compose a thousand pixels.
fn worth_merging(a: Rect, b: Rect) -> bool {
    a.intersects(b) || waste(a, b) <= 1024
}

impl Damage {
    /// No damage.
    pub const fn new() -> Damage {
        Damage { rects: [Rect::EMPTY; CAPACITY], count: 0 }
    }

    /// The damage of all of `rect`.
    pub fn whole(rect: Rect) -> Damage {
        let mut damage = Damage::new();
        damage.add(rect);
        damage
    }

    /// Adds the pixels of `rect`.
    pub fn add(&mut self, rect: Rect) {
        if rect.is_empty() {
            return;
        }
        let mut added = rect;
        loop {
            // Taking a rectangle in makes the new one larger, so it may then touch others: start again.
            while let Some(index) = self.rects().iter().position(|&old| worth_merging(old, added)) {
                added = added.union(self.remove(index));
            }
            if self.count < CAPACITY {
                self.rects[self.count] = added;
                self.count += 1;
                return;
            }
            let cheapest = (0..self.count).min_by_key(|&index| waste(self.rects[index], added)).unwrap_or(0);
            added = added.union(self.remove(cheapest));
        }
    }

    /// Adds all of `other`, moved right by `dx` and down by `dy`, as far as it lies in `clip`.
    pub fn add_translated(&mut self, other: &Damage, dx: i32, dy: i32, clip: Rect) {
        for rect in other.rects() {
            self.add(rect.translate(dx, dy).intersect(clip));
        }
    }

    /// The rectangles; none is empty and no two overlap.
    pub fn rects(&self) -> &[Rect] {
        &self.rects[..self.count]
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.count = 0;
    }

    /// The damage, leaving none.
    pub fn take(&mut self) -> Damage {
        core::mem::take(self)
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The smallest rectangle that holds all.
    pub fn bounds(&self) -> Rect {
        self.rects().iter().fold(Rect::EMPTY, |all, &rect| all.union(rect))
    }

    /// How many pixels are damaged.
    pub fn pixel_count(&self) -> u64 {
        self.rects().iter().map(|rect| rect.area()).sum()
    }

    fn remove(&mut self, index: usize) -> Rect {
        let removed = self.rects[index];
        self.count -= 1;
        self.rects[index] = self.rects[self.count];
        removed
    }
}
