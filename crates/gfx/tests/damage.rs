//! The damage list against a set of pixels.

mod common;

use fastrand::Rng;
use gfx::{Damage, Rect};
use std::collections::HashSet;

/// The field that the random rectangles lie in, from -`EDGE` to `EDGE` each way.
const EDGE: i32 = 640;

/// Calls `visit` with the place of each pixel of `rect` in the field.
fn for_each_pixel(rect: Rect, mut visit: impl FnMut(usize)) {
    for y in rect.y..rect.bottom() {
        for x in rect.x..rect.right() {
            visit(((y + EDGE) * 2 * EDGE + x + EDGE) as usize);
        }
    }
}

#[test]
fn nothing_is_lost_and_nothing_is_counted_twice() {
    for seed in 0..60 {
        let mut random = Rng::with_seed(seed);
        let mut damage = Damage::new();
        // For each pixel whether it was added, and in which round it was last seen in the list.
        let mut added = HashSet::new();
        let mut seen = vec![0; (4 * EDGE * EDGE) as usize];
        // Spread over much room or over little.
        let side = [60, 400][seed as usize % 2];
        for round in 1..random.i32(2..60) {
            let at = common::point(&mut random, side);
            let rect = Rect::new(at.x, at.y, random.i32(-1..24), random.i32(-1..24));
            damage.add(rect);
            for_each_pixel(rect, |pixel| {
                added.insert(pixel);
            });
            let mut count = 0;
            for &rect in damage.rects() {
                for_each_pixel(rect, |pixel| {
                    assert!(seen[pixel] != round, "seed {seed}: a pixel is in two rectangles");
                    seen[pixel] = round;
                    count += 1;
                });
            }
            assert!(added.iter().all(|&pixel| seen[pixel] == round), "seed {seed}: a pixel was lost");
            assert_eq!(damage.pixel_count(), count);
            assert!(damage.rects().len() <= 16);
            assert!(damage.rects().iter().all(|&rect| damage.bounds().contains_rect(rect)));
            assert_eq!(damage.is_empty(), added.is_empty());
        }
    }
}

#[test]
fn far_apart_stays_apart_and_close_by_merges() {
    let mut damage = Damage::new();
    damage.add(Rect::new(0, 0, 100, 20));
    damage.add(Rect::new(1000, 700, 100, 20));
    assert_eq!(damage.pixel_count(), 4000);
    // A pointer that moves by a few pixels is one rectangle.
    let mut damage = Damage::new();
    damage.add(Rect::new(100, 100, 24, 24));
    damage.add(Rect::new(105, 103, 24, 24));
    assert_eq!(damage.rects(), [Rect::new(100, 100, 29, 27)]);
    // So are the cells of a line of text.
    let mut damage = Damage::new();
    for column in 0..80 {
        damage.add(Rect::new(column * 9, 40, 9, 18));
    }
    assert_eq!(damage.rects(), [Rect::new(0, 40, 720, 18)]);
}

#[test]
fn what_is_taken_is_gone() {
    let mut damage = Damage::whole(Rect::new(3, 4, 5, 6));
    assert_eq!(damage.take().rects(), [Rect::new(3, 4, 5, 6)]);
    assert!(damage.is_empty());
    assert_eq!(damage.bounds(), Rect::EMPTY);
}

#[test]
fn damage_moves_into_another_picture() {
    let mut window = Damage::whole(Rect::new(0, 0, 10, 10));
    window.add(Rect::new(300, 0, 10, 10));
    let mut screen = Damage::new();
    screen.add_translated(&window, 50, 60, Rect::new(0, 0, 200, 200));
    assert_eq!(screen.rects(), [Rect::new(50, 60, 10, 10)]);
}
