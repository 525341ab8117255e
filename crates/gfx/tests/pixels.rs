//! Filling, blending, copying and clipping against loops that look at one pixel and one channel at a time.

mod common;

use embedded_graphics_core::draw_target::DrawTarget;
use embedded_graphics_core::pixelcolor::Rgb888;
use embedded_graphics_core::prelude::{Point as EgPoint, Size as EgSize};
use embedded_graphics_core::primitives::{PointsIter, Rectangle};
use fastrand::Rng;
use gfx::{Canvas, Color, Point, Rect, Size, Surface};

const SIDE: i32 = 40;

fn channels(pixel: u32) -> [u32; 4] {
    pixel.to_be_bytes().map(u32::from)
}

fn from_channels(channels: [u32; 4]) -> u32 {
    u32::from_be_bytes(channels.map(|channel| channel as u8))
}

/// A product of two parts of 255, rounded.
fn part(a: u32, b: u32) -> u32 {
    (a * b * 2 + 255) / 510
}

fn premultiplied(color: Color) -> u32 {
    let [alpha, red, green, blue] = channels(color.0);
    from_channels([alpha, part(red, alpha), part(green, alpha), part(blue, alpha)])
}

fn over(under: u32, source: u32) -> u32 {
    let (under, source) = (channels(under), channels(source));
    from_channels([0, 1, 2, 3].map(|channel| source[channel] + part(under[channel], 255 - source[0])))
}

fn noise(random: &mut Rng, size: Size) -> Surface {
    let mut surface = Surface::new(size);
    surface.pixels_mut().iter_mut().for_each(|pixel| *pixel = premultiplied(common::color(random)));
    surface
}

/// Draws with `draw` through a random clip and origin, and checks each pixel of the result: inside the clip
/// it must be what `expected` makes of the local point and the pixel that was there, outside what was there.
fn check(seed: u64, draw: impl Fn(&mut Canvas, &mut Rng), expected: impl Fn(Point, u32, &mut Rng) -> u32) {
    let mut random = Rng::with_seed(seed);
    let before = noise(&mut random, Size::new(SIDE, SIDE));
    let (origin, clip) = (common::point(&mut random, SIDE), common::rect(&mut random, SIDE));
    let mut after = before.clone();
    let choices = random.u64(..);
    {
        let mut whole = after.canvas();
        let mut moved = whole.translated(origin);
        draw(&mut moved.clipped(clip), &mut Rng::with_seed(choices));
    }
    for y in 0..SIDE {
        for x in 0..SIDE {
            let local = Point::new(x, y) - origin;
            let was = before.row(y)[x as usize];
            let wanted =
                if clip.contains(local) { expected(local, was, &mut Rng::with_seed(choices)) } else { was };
            assert_eq!(after.row(y)[x as usize], wanted, "seed {seed}: pixel {x}, {y}");
        }
    }
}

#[test]
fn fill_stores() {
    for seed in 0..300 {
        check(
            seed,
            |canvas, random| canvas.fill(common::rect(random, SIDE), common::color(random)),
            |at, was, random| {
                if common::rect(random, SIDE).contains(at) {
                    premultiplied(common::color(random))
                } else {
                    was
                }
            },
        );
    }
}

#[test]
fn blend_lays_over() {
    for seed in 0..300 {
        check(
            seed,
            |canvas, random| canvas.blend(common::rect(random, SIDE), common::color(random)),
            |at, was, random| {
                if common::rect(random, SIDE).contains(at) {
                    over(was, premultiplied(common::color(random)))
                } else {
                    was
                }
            },
        );
    }
}

/// Copies a part of a surface, and says what should become of a pixel.
struct Copy {
    surface: Surface,
    src: Rect,
    at: Point,
}

impl Copy {
    fn random(random: &mut Rng) -> Copy {
        let size = Size::new(random.i32(0..30), random.i32(0..30));
        Copy { surface: noise(random, size), src: common::rect(random, 30), at: common::point(random, SIDE) }
    }

    fn source(&self, at: Point) -> Option<u32> {
        let from = at - self.at + self.src.origin();
        let there = self.src.contains(from) && self.surface.bounds().contains(from);
        there.then(|| self.surface.pixels()[(from.y * self.surface.size().width + from.x) as usize])
    }
}

#[test]
fn copies_take_the_right_pixels() {
    for seed in 0..60 {
        check(
            seed,
            |canvas, random| {
                let copy = Copy::random(random);
                canvas.blit(&copy.surface, copy.src, copy.at);
            },
            |at, was, random| Copy::random(random).source(at).unwrap_or(was),
        );
        check(
            seed,
            |canvas, random| {
                let copy = Copy::random(random);
                canvas.blend_surface(&copy.surface, copy.src, copy.at);
            },
            |at, was, random| Copy::random(random).source(at).map_or(was, |source| over(was, source)),
        );
    }
}

#[test]
fn memory_that_does_not_fit_is_refused() {
    let mut pixels = [0; 100];
    assert!(Canvas::new(&mut pixels, 10, 10, 10).is_some());
    assert!(Canvas::new(&mut pixels, 10, 9, 11).is_some(), "the last row needs no gap after it");
    assert!(Canvas::new(&mut pixels, 5, 9, 12).is_none());
    assert!(Canvas::new(&mut pixels, 11, 5, 10).is_none(), "rows must not overlap");
    assert!(Canvas::new(&mut pixels, -1, 5, 10).is_none());
    assert!(Canvas::new(&mut pixels, 1, i32::MAX, usize::MAX).is_none());
    assert!(Canvas::new(&mut pixels, 0, 0, 0).is_some());
}

#[test]
fn the_gap_between_rows_is_left_alone() {
    let mut pixels = [7; 60];
    let mut canvas = Canvas::new(&mut pixels, 8, 5, 12).unwrap();
    canvas.clear(Color::WHITE);
    for (index, pixel) in pixels.into_iter().enumerate() {
        assert_eq!(pixel, if index % 12 < 8 { u32::MAX } else { 7 });
    }
}

#[test]
fn a_resized_surface_keeps_what_fits() {
    let mut surface = noise(&mut Rng::with_seed(1), Size::new(7, 5));
    let before = surface.clone();
    surface.resize(Size::new(4, 9), Color::WHITE);
    for (index, &pixel) in surface.pixels().iter().enumerate() {
        let (x, y) = (index % 4, index / 4);
        assert_eq!(pixel, if y < 5 { before.pixels()[y * 7 + x] } else { u32::MAX });
    }
}

#[test]
fn embedded_graphics_draws_the_same_fast_and_slow() {
    for seed in 0..200 {
        let mut random = Rng::with_seed(seed);
        let rect = common::rect(&mut random, SIDE);
        let size = EgSize::new(rect.width.max(0) as u32, rect.height.max(0) as u32);
        let area = Rectangle::new(EgPoint::new(rect.x, rect.y), size);
        let clip = common::rect(&mut random, SIDE);
        let colors: Vec<Rgb888> = (0..rect.area())
            .map(|_| random.u64(..).to_be_bytes())
            .map(|b| Rgb888::new(b[0], b[1], b[2]))
            .collect();
        // Fewer colours than pixels are allowed.
        let colors = &colors[..colors.len() - colors.len() / 5 * (seed % 2) as usize];
        let [fast, slow] = [true, false].map(|fast| {
            let mut surface = Surface::new(Size::new(SIDE, SIDE));
            let mut whole = surface.canvas();
            let mut canvas = whole.clipped(clip);
            if fast {
                canvas.fill_contiguous(&area, colors.iter().copied()).unwrap();
            } else {
                let pixels =
                    area.points().zip(colors).map(|(at, &color)| embedded_graphics_core::Pixel(at, color));
                canvas.draw_iter(pixels).unwrap();
            }
            surface
        });
        assert_eq!(fast, slow, "seed {seed}");
    }
}

#[test]
fn gradients_keep_their_colours_and_show_no_bands() {
    let stops = [Color::hex(0x102030), Color::hex(0x80a0ff), Color::hex(0x20f040)];
    let (width, height) = (320, 200);
    let mut surface = Surface::new(Size::new(width, height));
    surface.canvas().diagonal_gradient(surface_bounds(width, height), &stops);
    // The mean over a block of the dither's size is the true colour, which a band would miss by up to half a
    // level.
    for top in (0..height - 4).step_by(20) {
        for left in (0..width - 4).step_by(20) {
            let mut sums = [0.0; 4];
            let mut wanted = [0.0; 4];
            for (y, x) in (top..top + 4).flat_map(|y| (left..left + 4).map(move |x| (y, x))) {
                let along =
                    (f64::from(x) + 0.5) / f64::from(width) + (f64::from(y) + 0.5) / f64::from(height);
                let (from, to) = if along < 1.0 { (stops[0], stops[1]) } else { (stops[1], stops[2]) };
                let (from, to) = (channels(from.0), channels(to.0));
                for channel in 0..4 {
                    let way = f64::from(to[channel]) - f64::from(from[channel]);
                    wanted[channel] += f64::from(from[channel]) + way * along.fract();
                    sums[channel] += f64::from(channels(surface.row(y)[x as usize])[channel]);
                }
            }
            for channel in 0..4 {
                assert!((sums[channel] - wanted[channel]).abs() / 16.0 < 0.25, "block {left}, {top}");
            }
        }
    }
    let mut surface = Surface::new(Size::new(8, height));
    surface.canvas().gradient(surface_bounds(8, height), stops[0], stops[1]);
    assert_eq!(surface.row(0)[0], stops[0].0);
    assert_eq!(surface.row(height - 1)[0], stops[1].0);
}

fn surface_bounds(width: i32, height: i32) -> Rect {
    Rect::new(0, 0, width, height)
}
