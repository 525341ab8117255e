//! A set of pixels as rectangles that don't overlap: what of a damaged rectangle is still to be seen
//! below the layers already looked at.

use alloc::vec::Vec;

use gfx::Rect;

/// A set of pixels.
pub(crate) struct Region {
    rects: Vec<Rect>,
}

impl Region {
    /// All pixels of `rect`.
    pub(crate) fn of(rect: Rect) -> Self {
        Self { rects: Vec::from_iter((!rect.is_empty()).then_some(rect)) }
    }

    /// Whether it holds none.
    pub(crate) fn is_empty(&self) -> bool {
        self.rects.is_empty()
    }

    /// The parts that lie in `rect`.
    pub(crate) fn within(&self, rect: Rect) -> impl Iterator<Item = Rect> + '_ {
        self.rects.iter().map(move |part| part.intersect(rect)).filter(|part| !part.is_empty())
    }

    /// Removes the pixels of `rect`.
    pub(crate) fn subtract(&mut self, rect: Rect) {
        if self.rects.iter().any(|part| part.intersects(rect)) {
            let parts = self.rects.iter().flat_map(|part| part.subtract(rect));
            self.rects = parts.filter(|part| !part.is_empty()).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use fastrand::Rng;

    fn pixels(rects: impl Iterator<Item = Rect>) -> Vec<(i32, i32)> {
        rects
            .flat_map(|r| (r.y..r.bottom()).flat_map(move |y| (r.x..r.right()).map(move |x| (x, y))))
            .collect()
    }

    #[test]
    fn it_agrees_with_a_set_of_pixels() {
        let whole = Rect::new(0, 0, 24, 18);
        let mut random = Rng::with_seed(7);
        let mut random = |below: i32| random.i32(0..below);
        for _ in 0..200 {
            let mut region = Region::of(whole);
            let mut set: BTreeSet<_> = pixels(core::iter::once(whole)).into_iter().collect();
            for _ in 0..5 {
                let hole = Rect::new(random(24) - 4, random(18) - 4, random(12), random(12));
                region.subtract(hole);
                pixels(core::iter::once(hole)).iter().for_each(|pixel| {
                    set.remove(pixel);
                });
            }
            let listed = pixels(region.within(whole));
            assert_eq!(listed.len(), set.len(), "parts overlap or are missing");
            assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), set);
            assert_eq!(region.is_empty(), set.is_empty());
        }
    }
}
