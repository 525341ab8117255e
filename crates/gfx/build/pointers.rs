//! Mouse pointers: dark with a light rim and a short shadow, to be seen on anything. 24 pixels square.

use crate::Output;
use crate::paint::{Fill, Ink, Picture, faded, rgb};
use crate::shape::{At, Shape};

const SIDE: usize = 24;
const MIDDLE: At = [12.0, 12.0];
const BODY: u32 = 0x15171f;
const RIM: Ink = [1.0; 4];
const SHADOW: Ink = [0.0, 0.0, 0.0, 1.0];

/// A pointer: what it looks like and the pixel that it points with.
struct Pointer {
    shape: fn() -> Shape,
    /// Lines inside the shape in the colour of the rim.
    detail: Option<fn() -> Shape>,
    hot: (i32, i32),
}

/// The pointers in the order of `gfx::PointerShape`.
const POINTERS: [Pointer; 8] = [
    Pointer { shape: arrow, detail: None, hot: (4, 3) },
    Pointer { shape: beam, detail: None, hot: (12, 12) },
    Pointer { shape: hand, detail: Some(fingers), hot: (9, 3) },
    Pointer { shape: cross, detail: None, hot: (12, 12) },
    Pointer { shape: || double_arrow(0.0), detail: None, hot: (12, 12) },
    Pointer { shape: || double_arrow(0.25), detail: None, hot: (12, 12) },
    Pointer { shape: || double_arrow(0.125), detail: None, hot: (12, 12) },
    Pointer { shape: || double_arrow(-0.125), detail: None, hot: (12, 12) },
];

/// Bakes all pointers into one table, one after another, and `POINTER_HOTSPOTS`.
pub fn bake(output: &mut Output) {
    let mut bytes = Vec::new();
    for pointer in &POINTERS {
        let mut picture = Picture::new(SIDE, SIDE, SIDE as f32);
        let rim = (pointer.shape)().grown(1.15);
        picture.soft(&(pointer.shape)().grown(0.6).moved([0.0, 1.2]), &Fill::Flat(faded(SHADOW, 0.38)), 1.6);
        picture.fill(&rim, &Fill::Flat(RIM));
        picture.fill(&(pointer.shape)(), &Fill::Flat(rgb(BODY)));
        if let Some(detail) = pointer.detail {
            picture.fill(&detail(), &Fill::Flat(RIM));
        }
        bytes.extend(picture.argb());
    }
    let hotspots = POINTERS.each_ref().map(|pointer| pointer.hot);
    let blob = output.blob("pointers", &bytes);
    output.line(&format!("pub static POINTERS: [u32; {}] = words({blob});", bytes.len() / 4));
    output.line(&format!("pub const POINTER_HOTSPOTS: [(i32, i32); {}] = {hotspots:?};", POINTERS.len()));
}

fn arrow() -> Shape {
    let outline: [At; 7] =
        [[0.0, 0.0], [0.0, 14.6], [3.5, 11.5], [6.0, 17.0], [8.5, 15.9], [6.1, 10.5], [10.7, 10.3]];
    Shape::polygon(&outline.map(|at| [at[0] + 4.6, at[1] + 3.9])).grown(0.35)
}

fn beam() -> Shape {
    let serif =
        |y: f32, bend: f32| Shape::path(&[[9.0, y], [11.0, y], [12.0, y + bend], [13.0, y], [15.0, y]], 1.3);
    Shape::line([12.0, 5.0], [12.0, 19.0], 1.5).or(serif(4.4, 1.0)).or(serif(19.6, -1.0))
}

fn hand() -> Shape {
    let finger = |x: f32, top: f32| Shape::line([x, top], [x, 15.0], 3.0);
    let palm = Shape::rect([8.0, 11.5], [19.3, 20.6], 3.6);
    let thumb = Shape::path(&[[5.3, 12.8], [7.0, 15.2], [9.5, 17.6]], 2.9);
    palm.or(finger(9.5, 4.6)).or(finger(12.6, 9.6)).or(finger(15.4, 10.2)).or(finger(17.8, 11.2)).or(thumb)
}

fn fingers() -> Shape {
    let gap = |x: f32, top: f32| Shape::line([x, top], [x, 13.6], 0.7);
    gap(11.2, 10.6).or(gap(14.1, 11.0)).or(gap(16.7, 11.6))
}

fn head(turns: f32, reach: f32) -> Shape {
    let head = [[12.0 + reach, 12.0], [12.0 + reach - 3.6, 8.4], [12.0 + reach - 3.6, 15.6]];
    Shape::polygon(&head).grown(0.25).turned(MIDDLE, turns)
}

fn double_arrow(turns: f32) -> Shape {
    let shaft = Shape::line([6.0, 12.0], [18.0, 12.0], 1.9).turned(MIDDLE, turns);
    shaft.or(head(turns, 8.8)).or(head(turns + 0.5, 8.8))
}

fn cross() -> Shape {
    double_arrow(0.0).or(double_arrow(0.25))
}
