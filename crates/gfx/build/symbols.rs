//! One-colour symbols, as coverage: the signs on window buttons and small controls. 16 pixels square.

use crate::Output;
use crate::paint::{Fill, Picture};
use crate::shape::{At, Shape};

const SIDE: usize = 16;
const STROKE: f32 = 1.5;

/// Bakes all symbols into one table, one after another in the order of `gfx::Symbol`.
pub fn bake(output: &mut Output) {
    let mut bytes = Vec::new();
    for shape in symbols() {
        let mut picture = Picture::new(SIDE, SIDE, SIDE as f32);
        picture.fill(&shape, &Fill::Flat([1.0; 4]));
        bytes.extend(picture.coverage());
    }
    let blob = output.blob("symbols", &bytes);
    output.line(&format!("pub static SYMBOLS: &[u8; {}] = {blob};", bytes.len()));
}

fn line(from: At, to: At) -> Shape {
    Shape::line(from, to, STROKE)
}

fn frame(from: At, to: At) -> Shape {
    Shape::rect(from, to, 1.5).outline(STROKE * 0.85)
}

fn chevron(turns: f32) -> Shape {
    Shape::path(&[[4.5, 10.0], [8.0, 6.5], [11.5, 10.0]], STROKE * 1.1).turned([8.0, 8.0], turns)
}

fn symbols() -> Vec<Shape> {
    let gap = 0.10;
    let grid =
        |index: i32| Shape::disc([3.5 + 4.5 * (index % 3) as f32, 3.5 + 4.5 * (index / 3) as f32], 1.3);
    vec![
        // Close, minimise, maximise, restore: small enough for a round button of 12 pixels.
        line([5.4, 5.4], [10.6, 10.6]).or(line([10.6, 5.4], [5.4, 10.6])),
        line([5.2, 8.0], [10.8, 8.0]),
        frame([5.2, 5.2], [10.8, 10.8]),
        frame([4.8, 6.6], [9.4, 11.2])
            .or(Shape::path(&[[7.2, 4.8], [11.2, 4.8], [11.2, 8.8]], STROKE * 0.85)),
        chevron(0.0),
        chevron(0.5),
        chevron(-0.25),
        chevron(0.25),
        Shape::path(&[[3.5, 8.6], [6.6, 11.6], [12.5, 4.8]], STROKE * 1.15),
        line([8.0, 3.5], [8.0, 12.5]).or(line([3.5, 8.0], [12.5, 8.0])),
        Shape::disc([7.0, 7.0], 4.0).outline(STROKE).or(Shape::line(
            [10.2, 10.2],
            [13.2, 13.2],
            STROKE * 1.2,
        )),
        line([3.0, 4.5], [13.0, 4.5]).or(line([3.0, 8.5], [13.0, 8.5])).or(line([3.0, 12.5], [13.0, 12.5])),
        (0..9).map(grid).reduce(Shape::or).expect("nine dots"),
        Shape::arc([8.0, 8.6], 5.0, -0.25 + gap, 0.75 - gap, STROKE).or(line([8.0, 2.4], [8.0, 7.4])),
        Shape::arc([8.0, 8.0], 5.0, -0.12, 0.70, STROKE).or(Shape::polygon(&[
            [8.6, 1.2],
            [13.6, 4.4],
            [8.2, 6.6],
        ])
        .grown(-0.2)),
        bent_arrow(false),
        bent_arrow(true),
        trash(),
        disk(),
        Shape::disc([8.0, 8.0], 5.4)
            .outline(STROKE)
            .or(Shape::path(&[[8.0, 5.0], [8.0, 8.3], [10.2, 9.5]], STROKE * 0.9)),
        frame([2.2, 3.2], [13.8, 10.8])
            .or(line([8.0, 11.0], [8.0, 13.2]))
            .or(line([5.2, 13.4], [10.8, 13.4])),
        Shape::path(
            &[[2.6, 12.2], [2.6, 3.9], [6.4, 3.9], [7.8, 5.5], [13.4, 5.5], [13.4, 12.2], [2.6, 12.2]],
            STROKE * 0.9,
        ),
    ]
}

/// An arrow to the left that comes from the right below, or the other way round.
fn bent_arrow(is_mirrored: bool) -> Shape {
    let at = |x: f32, y: f32| if is_mirrored { [16.0 - x, y] } else { [x, y] };
    let shaft = [
        at(3.2, 6.2),
        at(9.6, 6.2),
        at(11.6, 6.9),
        at(12.7, 8.6),
        at(12.7, 10.0),
        at(11.6, 11.7),
        at(9.6, 12.4),
        at(6.6, 12.4),
    ];
    Shape::path(&shaft, STROKE).or(Shape::path(&[at(6.2, 3.2), at(3.2, 6.2), at(6.2, 9.2)], STROKE))
}

fn trash() -> Shape {
    Shape::path(&[[4.1, 5.0], [4.7, 13.2], [11.3, 13.2], [11.9, 5.0]], STROKE * 0.9)
        .or(line([2.8, 4.6], [13.2, 4.6]))
        .or(Shape::path(&[[6.2, 4.4], [6.2, 2.7], [9.8, 2.7], [9.8, 4.4]], STROKE * 0.8))
        .or(Shape::line([6.9, 7.2], [7.0, 10.8], STROKE * 0.7))
        .or(Shape::line([9.1, 7.2], [9.0, 10.8], STROKE * 0.7))
}

fn disk() -> Shape {
    frame([2.4, 8.2], [13.6, 13.0])
        .or(Shape::path(&[[2.8, 8.6], [4.6, 3.6], [11.4, 3.6], [13.2, 8.6]], STROKE * 0.85))
        .or(Shape::disc([10.9, 10.6], 0.9))
}
