//! Rectangles against the pixels they hold.

mod common;

use fastrand::Rng;
use gfx::{Point, Rect, Size};

/// Whether each pixel of a field is in `rect`.
fn field(rect: Rect) -> Vec<bool> {
    (0..60 * 60).map(|index| rect.contains(Point::new(index % 60 - 20, index / 60 - 20))).collect()
}

fn count(field: &[bool]) -> u64 {
    field.iter().filter(|&&held| held).count() as u64
}

#[test]
fn rectangles_hold_the_pixels_they_should() {
    for seed in 0..500 {
        let mut random = Rng::with_seed(seed);
        let (a, b) = (common::rect(&mut random, 16), common::rect(&mut random, 16));
        let (in_a, in_b) = (field(a), field(b));
        let both: Vec<bool> = in_a.iter().zip(&in_b).map(|(&a, &b)| a && b).collect();
        assert_eq!(field(a.intersect(b)), both);
        assert_eq!(a.intersects(b), both.contains(&true));
        assert_eq!(a.area(), count(&in_a));
        assert_eq!(a.is_empty(), !in_a.contains(&true));
        assert_eq!(a.contains_rect(b), both == in_b);
        let union = field(a.union(b));
        assert!(in_a.iter().zip(&in_b).zip(&union).all(|((&a, &b), &union)| union || !(a || b)));
        let rest: Vec<bool> = in_a.iter().zip(&in_b).map(|(&a, &b)| a && !b).collect();
        let parts = a.subtract(b);
        assert_eq!(
            parts.iter().map(|part| part.area()).sum::<u64>(),
            count(&rest),
            "the parts don't overlap"
        );
        let parts = parts.map(field);
        let any: Vec<bool> = (0..in_a.len()).map(|index| parts.iter().any(|part| part[index])).collect();
        assert_eq!(any, rest);
    }
}

#[test]
fn growing_and_moving() {
    let rect = Rect::new(2, 3, 10, 6);
    assert_eq!(rect.inset(2), Rect::new(4, 5, 6, 2));
    assert_eq!(rect.inset(3), Rect::EMPTY);
    assert_eq!(rect.inset(-1), Rect::new(1, 2, 12, 8));
    assert_eq!(rect.translate(-2, 1), Rect::new(0, 4, 10, 6));
    assert_eq!(rect.centered(Size::new(4, 2)), Rect::new(5, 5, 4, 2));
    assert_eq!(rect.center(), Point::new(7, 6));
}
