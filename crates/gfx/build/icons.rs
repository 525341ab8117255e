//! Application icons: a light sign on a coloured tile, in a square of 48 units, drawn anew for each size with
//! strokes that suit it.

use crate::Output;
use crate::paint::{Fill, Ink, Picture, faded, rgb};
use crate::shape::{At, Shape};

/// The sizes of `gfx::IconSize`, in its order.
const SIDES: [usize; 3] = [16, 24, 48];

const WHITE: Ink = [1.0; 4];
const BLACK: Ink = [0.0, 0.0, 0.0, 1.0];

/// The icons in the order of `gfx::Icon`.
const ICONS: [fn(&mut Drawing); 11] =
    [terminal, monitor, about, snake, files, editor, settings, power, generic, folder, file];

/// Bakes all icons into one table, and `ICON_WORDS` and `ICON_BYTES` that name it: each icon in each size,
/// one after another.
pub fn bake(output: &mut Output) {
    let mut bytes = Vec::new();
    for draw in ICONS {
        for side in SIDES {
            let mut drawing = Drawing { picture: Picture::new(side, side, 48.0), side };
            draw(&mut drawing);
            bytes.extend(drawing.picture.argb());
        }
    }
    let blob = output.blob("icons", &bytes);
    output.line(&format!("pub static ICONS: [u32; {}] = words({blob});", bytes.len() / 4));
}

/// An icon in one size.
struct Drawing {
    picture: Picture,
    side: usize,
}

impl Drawing {
    fn large(&self) -> bool {
        self.side >= 48
    }

    /// The width of the main strokes, in units.
    fn stroke(&self) -> f32 {
        match self.side {
            16 => 5.2,
            24 => 4.2,
            _ => 3.4,
        }
    }

    fn flat(&mut self, shape: Shape, ink: Ink) {
        self.picture.fill(&shape, &Fill::Flat(ink));
    }

    fn shaded(&mut self, shape: Shape, top: f32, bottom: f32, from: u32, to: u32) {
        self.picture.fill(&shape, &Fill::Vertical { top, bottom, from: rgb(from), to: rgb(to) });
    }

    /// The tile: a gradient, a brighter upper rim and a short shadow.
    fn tile(&mut self, from: u32, to: u32) {
        let margin = if self.large() { 2.0 } else { 0.0 };
        let (near, far) = (margin, 48.0 - margin);
        let tile = |grown: f32| Shape::rect([near, near], [far, far - margin / 2.0], 11.5).grown(grown);
        if self.large() {
            self.picture.soft(&tile(-0.5).moved([0.0, 1.2]), &Fill::Flat(faded(BLACK, 0.28)), 1.3);
        }
        self.shaded(tile(0.0), near, far, from, to);
        if self.large() {
            let rim = tile(0.0).without(tile(0.0).moved([0.0, 1.0]));
            self.flat(rim, faded(WHITE, 0.30));
        }
    }

    fn path(&mut self, points: &[At], ink: Ink) {
        let stroke = self.stroke();
        self.flat(Shape::path(points, stroke), ink);
    }
}

fn terminal(icon: &mut Drawing) {
    icon.tile(0x3a4157, 0x1a1d2b);
    icon.path(&[[13.0, 16.0], [21.0, 24.0], [13.0, 32.0]], rgb(0x7db2ff));
    icon.path(&[[25.5, 32.5], [35.0, 32.5]], WHITE);
}

fn monitor(icon: &mut Drawing) {
    icon.tile(0xa78bfa, 0x6d3be8);
    let pulse: &[At] =
        &[[9.0, 26.0], [15.5, 26.0], [20.5, 14.5], [27.0, 35.0], [31.5, 23.0], [33.0, 26.0], [39.0, 26.0]];
    let coarse: &[At] = &[[8.0, 26.0], [15.0, 26.0], [20.5, 14.0], [27.5, 35.0], [32.0, 25.5], [40.0, 25.5]];
    let points = if icon.large() { pulse } else { coarse };
    icon.path(points, WHITE);
}

fn about(icon: &mut Drawing) {
    icon.tile(0x4cc3fb, 0x0a86cf);
    let stroke = icon.stroke() * 1.25;
    icon.flat(Shape::disc([24.0, 14.5], stroke * 0.68), WHITE);
    icon.flat(Shape::line([24.0, 23.5], [24.0, 34.0], stroke), WHITE);
}

fn snake(icon: &mut Drawing) {
    icon.tile(0x45d9a1, 0x0a9268);
    let width = icon.stroke() * 1.7;
    let body = [[11.5, 34.5], [20.5, 34.5], [20.5, 24.0], [29.5, 24.0], [29.5, 14.0], [34.0, 14.0]];
    icon.flat(Shape::path(&body, width), WHITE);
    icon.flat(Shape::disc([36.0, 33.0], width * 0.62), rgb(0xff6b61));
    if icon.large() {
        icon.flat(Shape::disc([34.6, 12.9], 1.1), rgb(0x0b5f45));
    }
}

fn files(icon: &mut Drawing) {
    icon.tile(0x69acfc, 0x2563eb);
    let tab = Shape::rect([10.5, 13.5], [23.0, 24.0], 2.6).or(Shape::rect([10.5, 16.5], [37.5, 30.0], 2.6));
    icon.flat(tab, rgb(0xbcd8ff));
    icon.flat(Shape::rect([10.5, 20.5], [37.5, 35.0], 3.0), WHITE);
}

fn editor(icon: &mut Drawing) {
    icon.tile(0xfcc63d, 0xf08a0c);
    icon.flat(Shape::rect([12.0, 9.5], [34.0, 38.5], 3.4), WHITE);
    let lines: &[f32] = if icon.large() { &[16.0, 21.5, 27.0] } else { &[18.0, 27.0] };
    let width = if icon.large() { 2.2 } else { 3.0 };
    for &y in lines {
        let right = if y == lines[lines.len() - 1] { 21.0 } else { 28.5 };
        icon.flat(Shape::line([17.0, y], [right, y], width), rgb(0xc9cfdb));
    }
    // The pencil: a shaft, its end and its point, along one diagonal.
    let edge = if icon.large() { 1.3 } else { 0.9 };
    let shaft = |from: At, to: At, grown: f32| Shape::line(from, to, 6.0).grown(grown);
    let point = || Shape::polygon(&[[24.3, 37.4], [27.4, 30.1], [31.6, 34.3]]);
    icon.flat(shaft([29.5, 32.2], [38.5, 23.2], edge).or(point().grown(edge)), rgb(0xf49a1a));
    icon.flat(point(), rgb(0xffe3b8));
    icon.flat(shaft([29.5, 32.2], [38.5, 23.2], 0.0), rgb(0x39415a));
    icon.flat(shaft([38.1, 23.6], [38.5, 23.2], 0.0), rgb(0xff8a7d));
}

fn settings(icon: &mut Drawing) {
    icon.tile(0x9aa7bb, 0x556176);
    let stroke = icon.stroke() * 0.9;
    let sliders: &[(f32, f32)] = if icon.side == 16 {
        &[(16.5, 31.0), (31.5, 17.0)]
    } else {
        &[(15.0, 31.0), (24.0, 17.5), (33.0, 28.0)]
    };
    let knob = if icon.side == 16 { 5.6 } else { 4.3 };
    for &(y, x) in sliders {
        icon.flat(Shape::line([11.5, y], [36.5, y], stroke), faded(WHITE, 0.62));
        icon.flat(Shape::disc([x, y], knob), WHITE);
    }
}

fn power(icon: &mut Drawing) {
    icon.tile(0xfb8585, 0xd92b2b);
    let stroke = icon.stroke();
    let gap = 0.115;
    icon.flat(Shape::arc([24.0, 25.5], 10.6, -0.25 + gap, 0.75 - gap, stroke), WHITE);
    icon.path(&[[24.0, 12.0], [24.0, 23.0]], WHITE);
}

fn generic(icon: &mut Drawing) {
    icon.tile(0x8d97fa, 0x4a43de);
    let tile = |x: f32, y: f32| Shape::rect([x, y], [x + 10.0, y + 10.0], 2.8);
    for (x, y, alpha) in [(12.5, 12.5, 1.0), (25.5, 12.5, 0.65), (12.5, 25.5, 0.65), (25.5, 25.5, 1.0)] {
        icon.flat(tile(x, y), faded(WHITE, alpha));
    }
}

fn folder(icon: &mut Drawing) {
    let back = || Shape::rect([3.0, 8.0], [21.0, 22.0], 4.5).or(Shape::rect([3.0, 12.5], [45.0, 38.0], 4.5));
    if icon.large() {
        let under = Shape::rect([3.0, 12.0], [45.0, 41.0], 5.0).moved([0.0, 1.0]);
        icon.picture.soft(&under, &Fill::Flat(faded(BLACK, 0.20)), 1.5);
    }
    icon.flat(back(), rgb(0x2f74e8));
    icon.shaded(Shape::rect([3.0, 17.0], [45.0, 41.0], 5.0), 17.0, 41.0, 0x83b9ff, 0x4b8ef7);
    if icon.large() {
        let front = || Shape::rect([3.0, 17.0], [45.0, 41.0], 5.0);
        icon.flat(front().without(front().moved([0.0, 1.0])), faded(WHITE, 0.35));
    }
}

fn file(icon: &mut Drawing) {
    let (fold, edge) = (11.0, if icon.large() { 1.0 } else { 48.0 / icon.side as f32 });
    let (left, top, right, bottom) = (9.0, 4.0, 39.0, 44.0);
    let sheet = || {
        let above_fold =
            Shape::polygon(&[[right - fold, top - 2.0], [right + 2.0, top - 2.0], [right + 2.0, top + fold]]);
        Shape::rect([left, top], [right, bottom], 3.6).without(above_fold)
    };
    if icon.large() {
        icon.picture.soft(&sheet().moved([0.0, 1.2]), &Fill::Flat(faded(BLACK, 0.20)), 1.5);
    }
    icon.flat(sheet(), rgb(0xb9c1d0));
    icon.shaded(sheet().grown(-edge), top, bottom, 0xffffff, 0xf0f3f8);
    let corner = [[right - fold, top + edge], [right - fold, top + fold], [right - edge, top + fold]];
    icon.flat(Shape::polygon(&corner), rgb(0xccd3df));
    let lines: &[f32] = if icon.large() { &[22.0, 28.0, 34.0] } else { &[24.0, 33.0] };
    let width = if icon.large() { 2.2 } else { 3.4 };
    for &y in lines {
        let end = if y == lines[lines.len() - 1] { 27.0 } else { 32.0 };
        icon.flat(Shape::line([16.0, y], [end, y], width), rgb(0xaeb7c7));
    }
}
