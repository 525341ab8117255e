//! What drawing costs on the host: nanoseconds for each pixel, or for each call where that says more.
//!
//! `cargo run --release -p gfx --example cost`. With the name of a case and a number it draws that case so
//! often and prints nothing, to count instructions: the difference of two numbers under `valgrind
//! --tool=callgrind` is exact.

use gfx::{Canvas, Color, Font, Icon, IconSize, Point, Rect, ShadowLevel, Size, Surface, theme};
use std::hint::black_box;
use std::time::Instant;

/// A thing to draw, and how many pixels it says it draws (1: count calls).
struct Case {
    name: &'static str,
    pixels: u32,
    draw: fn(&mut Canvas, &Surface),
}

const SCREEN: Rect = Rect::new(0, 0, 1280, 800);
const WINDOW: Rect = Rect::new(200, 100, 640, 400);
const LINE: &str = "The quick brown fox jumps over the lazy dog; the quick brown fox jumps over it..";

const CASES: [Case; 9] = [
    Case { name: "fill", pixels: 640 * 400, draw: |canvas, _| canvas.fill(WINDOW, theme::SURFACE) },
    Case { name: "blend", pixels: 640 * 400, draw: |canvas, _| canvas.blend(WINDOW, theme::PANEL) },
    Case {
        name: "blit",
        pixels: 640 * 400,
        draw: |canvas, window| canvas.blit(window, window.bounds(), WINDOW.origin()),
    },
    Case {
        name: "blend_surface",
        pixels: 640 * 400,
        draw: |canvas, window| canvas.blend_surface(window, window.bounds(), WINDOW.origin()),
    },
    Case {
        name: "wallpaper",
        pixels: 1280 * 800,
        draw: |canvas, _| canvas.diagonal_gradient(SCREEN, &theme::WALLPAPER),
    },
    Case {
        name: "rounded_rect",
        pixels: 1,
        draw: |canvas, _| canvas.rounded_rect(Rect::new(9, 9, 100, 28), 6, theme::ACCENT),
    },
    Case { name: "shadow", pixels: 1, draw: |canvas, _| canvas.shadow(WINDOW, ShadowLevel::High) },
    Case {
        name: "icon",
        pixels: 1,
        draw: |canvas, _| canvas.icon(Icon::Files, IconSize::Large, Point::new(30, 30)),
    },
    Case {
        name: "text_80",
        pixels: 1,
        draw: |canvas, _| {
            canvas.text(Point::new(20, 20), LINE, Font::Mono, theme::TERMINAL_TEXT);
        },
    },
];

fn main() {
    let mut screen = Surface::filled(SCREEN.size(), Color::BLACK);
    let window = Surface::filled(Size::new(640, 400), Color::rgba(10, 200, 30, 128));
    let mut run = |case: &Case, times: u32| {
        for _ in 0..times {
            (case.draw)(black_box(&mut screen.canvas()), black_box(&window));
        }
    };
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [name, times] = &arguments[..] {
        let case = CASES.iter().find(|case| case.name == name).expect("a case of that name");
        return run(case, times.parse().expect("a number"));
    }
    println!("{:<16}{:>12}{:>12}", "", "ns/call", "ns/pixel");
    for case in &CASES {
        let times = if case.pixels == 1 { 20_000 } else { 200 };
        run(case, times / 10);
        let start = Instant::now();
        run(case, times);
        let each = start.elapsed().as_nanos() as f64 / f64::from(times);
        let per_pixel =
            if case.pixels == 1 { String::new() } else { format!("{:.3}", each / f64::from(case.pixels)) };
        println!("{:<16}{each:>12.0}{per_pixel:>12}", case.name);
    }
}
