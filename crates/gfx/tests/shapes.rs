//! Shapes against samples of their true outlines, and all drawing against itself through a clip.

mod common;

use fastrand::Rng;
use gfx::{
    Canvas, Color, Corners, Font, Icon, IconSize, Point, PointerShape, Rect, ShadowLevel, Size, Surface,
    Symbol,
};

const SIDE: i32 = 64;

/// What share of a pixel lies in a shape, by 16 × 16 samples, as 0 to 255.
fn sampled(x: i32, y: i32, inside: impl Fn(f64, f64) -> bool) -> i32 {
    let samples = (0..256).filter(|sample| {
        let (column, line) = (f64::from(sample % 16), f64::from(sample / 16));
        inside(f64::from(x) + (column + 0.5) / 16.0, f64::from(y) + (line + 0.5) / 16.0)
    });
    samples.count() as i32 * 255 / 256
}

fn in_rounded_rect(rect: Rect, radius: f64, x: f64, y: f64) -> bool {
    let (left, top, right, bottom) =
        (rect.x.into(), rect.y.into(), f64::from(rect.right()), f64::from(rect.bottom()));
    let nearest = (x.clamp(left + radius, right - radius), y.clamp(top + radius, bottom - radius));
    let in_rect = (left..right).contains(&x) && (top..bottom).contains(&y);
    in_rect && (x - nearest.0).hypot(y - nearest.1) <= radius.max(0.001)
}

/// Draws in white on black and compares with samples of `inside`; the edges may differ by `tolerance`.
fn check_outline(what: &str, draw: impl Fn(&mut Canvas), inside: impl Fn(f64, f64) -> bool, tolerance: i32) {
    let mut surface = Surface::filled(Size::new(SIDE, SIDE), Color::BLACK);
    draw(&mut surface.canvas());
    for y in 0..SIDE {
        for x in 0..SIDE {
            let drawn = (surface.row(y)[x as usize] & 255) as i32;
            let wanted = sampled(x, y, &inside);
            assert!(
                (drawn - wanted).abs() <= tolerance,
                "{what}: pixel {x}, {y} is {drawn}, should be {wanted}"
            );
        }
    }
}

#[test]
fn rounded_rectangles_cover_what_they_should() {
    for radius in [0, 2, 3, 5, 8, 12, 16, 27] {
        let rect = Rect::new(3, 4, 57, 55);
        let draw = |canvas: &mut Canvas| canvas.rounded_rect(rect, radius, Color::WHITE);
        check_outline("filled", draw, |x, y| in_rounded_rect(rect, radius.into(), x, y), 24);
        for width in [1, 2, 5] {
            let hole = rect.inset(width);
            let draw = |canvas: &mut Canvas| canvas.stroke_rounded_rect(rect, radius, width, Color::WHITE);
            let inner = f64::from((radius - width).max(0));
            let inside =
                |x, y| in_rounded_rect(rect, radius.into(), x, y) && !in_rounded_rect(hole, inner, x, y);
            check_outline("stroked", draw, inside, 40);
        }
    }
}

#[test]
fn discs_and_thick_lines_cover_what_they_should() {
    for radius in [2, 3, 6, 20] {
        let draw = |canvas: &mut Canvas| canvas.circle(Point::new(31, 30), radius, Color::WHITE);
        check_outline("disc", draw, |x, y| (x - 31.5).hypot(y - 30.5) <= f64::from(radius) + 0.5, 24);
    }
    for (to, width) in [((50, 12), 2), ((12, 50), 3), ((52, 45), 6), ((10, 11), 4), ((60, 10), 1)] {
        let (from, to) = (Point::new(10, 10), Point::new(to.0, to.1));
        let draw = |canvas: &mut Canvas| canvas.thick_line(from, to, width, Color::WHITE);
        let inside = |x: f64, y: f64| {
            let (ax, ay) = (x - f64::from(from.x) - 0.5, y - f64::from(from.y) - 0.5);
            let (dx, dy) = (f64::from(to.x - from.x), f64::from(to.y - from.y));
            let along = ((ax * dx + ay * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
            (ax - dx * along).hypot(ay - dy * along) <= f64::from(width) / 2.0
        };
        check_outline("line", draw, inside, 48);
    }
}

#[test]
fn only_the_corners_asked_for_are_round() {
    let mut surface = Surface::filled(Size::new(20, 20), Color::BLACK);
    surface.canvas().rounded_rect_corners(Rect::new(0, 0, 20, 20), Corners::top(8), Color::WHITE);
    let lit = |x: usize, y: i32| surface.row(y)[x] & 255 == 255;
    assert!(!lit(0, 0) && !lit(19, 0) && lit(0, 19) && lit(19, 19) && lit(10, 0));
}

/// Everything that a canvas draws, chosen at random.
fn draw_something(canvas: &mut Canvas, random: &mut Rng) {
    let (rect, other, at, color) = (
        common::rect(random, SIDE),
        common::rect(random, SIDE),
        common::point(random, SIDE),
        common::color(random),
    );
    let radius = random.i32(0..20);
    let choice = |random: &mut Rng, count: usize| random.usize(..count);
    match random.i32(0..16) {
        0 => canvas.rounded_rect(rect, radius, color),
        1 => canvas.stroke_rounded_rect(rect, radius, random.i32(0..6), color),
        2 => canvas.circle(at, radius, color),
        3 => canvas.line(at, common::point(random, SIDE), color),
        4 => canvas.thick_line(at, common::point(random, SIDE), random.i32(1..6), color),
        5 => canvas.gradient(rect, color, common::color(random)),
        6 => canvas.diagonal_gradient(rect, &[color, common::color(random), common::color(random)]),
        7 => canvas.shadow(rect, ShadowLevel::ALL[choice(random, 3)]),
        8 => canvas.icon(Icon::ALL[choice(random, Icon::ALL.len())], IconSize::ALL[choice(random, 3)], at),
        9 => canvas.symbol(Symbol::ALL[choice(random, Symbol::ALL.len())], at, color),
        10 => canvas.pointer(PointerShape::ALL[choice(random, PointerShape::ALL.len())], at),
        11 => canvas.stroke_rect(rect, color),
        12 => canvas.graph(rect, &[3, 9, 1, 4, 7, 10, 2], 10, color.with_alpha(255), common::color(random)),
        13 => canvas.text_centered(rect, "Größe 12:45 – ok", Font::ALL[choice(random, 7)], color),
        14 => canvas.window_button(at, color, Some(Symbol::Close)),
        _ => {
            let font = Font::ALL[choice(random, 7)];
            canvas.text(Point::new(at.x, other.y), "Quicklime ┌─┐ žluť", font, color);
        }
    }
}

/// What is repainted in pieces must look as if it were painted at once: composing damage depends on it.
#[test]
fn drawing_in_pieces_is_drawing_at_once() {
    for seed in 0..4000 {
        let mut random = Rng::with_seed(seed);
        let choices = random.u64(..);
        let background = common::color(&mut random).with_alpha(255);
        let mut whole = Surface::filled(Size::new(SIDE, SIDE), background);
        draw_something(&mut whole.canvas(), &mut Rng::with_seed(choices));
        let mut pieces = Surface::filled(Size::new(SIDE, SIDE), background);
        let bounds = pieces.bounds();
        let piece = common::rect(&mut random, SIDE).intersect(bounds);
        for piece in bounds.subtract(piece).into_iter().chain([piece]) {
            draw_something(&mut pieces.canvas().clipped(piece), &mut Rng::with_seed(choices));
        }
        assert!(whole == pieces, "seed {seed}: cut at {piece:?}");
    }
}

#[test]
fn drawing_far_away_does_nothing() {
    let far = [i32::MIN, i32::MIN + 1, -1 << 30, -100, 0, 100, 1 << 30, i32::MAX - 1, i32::MAX];
    for seed in 0..5_000 {
        let mut random = Rng::with_seed(seed);
        let mut any = || far[random.usize(..far.len())];
        let (rect, at) = (Rect::new(any(), any(), any(), any()), Point::new(any(), any()));
        let (to, length) = (Point::new(any(), any()), any());
        let mut surface = Surface::new(Size::new(30, 20));
        let mut canvas = surface.canvas();
        let mut moved = canvas.translated(Point::new(any(), any()));
        let mut canvas = moved.inside(Rect::new(any(), any(), any(), any()));
        let color = Color::rgba(1, 2, 3, 100);
        canvas.blend(rect, color);
        canvas.stroke_rect(rect, color);
        canvas.gradient(rect, color, Color::WHITE);
        canvas.diagonal_gradient(rect, &[color, Color::WHITE, color]);
        canvas.rounded_rect(rect, length, color);
        canvas.stroke_rounded_rect(rect, length, any(), color);
        canvas.circle(at, length, color);
        canvas.line(at, to, color);
        canvas.icon(Icon::About, IconSize::Small, at);
        canvas.symbol(Symbol::Check, at, color);
        canvas.pointer(PointerShape::Hand, at);
        canvas.text(at, "far", Font::Ui, color);
        canvas.text_centered(rect, "far", Font::Ui, color);
        canvas.shadow(rect, ShadowLevel::High);
        canvas.window_button(at, color, Some(Symbol::Close));
        canvas.blit(&Surface::new(Size::new(5, 5)), rect, at);
    }
}
