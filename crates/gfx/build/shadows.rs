//! Shadows: of each level the top-left corner, as alphas of black. Everything else of a shadow repeats its
//! last row or column.

use crate::Output;

/// A level of `gfx::ShadowLevel`, in its order; lengths in pixels.
struct Level {
    name: &'static str,
    /// The radius of the corners of what throws the shadow.
    radius: usize,
    /// The standard deviation of the blur.
    blur: f32,
    /// How far below it the shadow lies.
    drop: i32,
    /// How dark it is under the middle, from 0 to 1.
    strength: f32,
}

const LEVELS: [Level; 3] = [
    Level { name: "low", radius: 6, blur: 2.0, drop: 1, strength: 0.22 },
    Level { name: "medium", radius: 10, blur: 6.0, drop: 4, strength: 0.30 },
    Level { name: "high", radius: 12, blur: 11.0, drop: 8, strength: 0.42 },
];

/// Bakes the corners, and `static SHADOWS` that names them.
pub fn bake(output: &mut Output) {
    let mut entries = String::new();
    for level in &LEVELS {
        let reach = (level.blur * 2.6).ceil() as usize;
        let side = 2 * reach + level.radius;
        let corner = output.blob(&format!("shadow_{}", level.name), &corner(level, reach, side));
        let (radius, drop) = (level.radius, level.drop);
        entries.push_str(&format!(
            "Shadow {{ reach: {reach}, radius: {radius}, drop: {drop}, corner: {corner} }},\n"
        ));
    }
    output.line(&format!("pub static SHADOWS: [Shadow; {}] = [\n{entries}];", LEVELS.len()));
}

/// Blurs a large rounded square and cuts its top-left corner out, `side` pixels square, `reach` of them
/// outside the shape.
fn corner(level: &Level, reach: usize, side: usize) -> Vec<u8> {
    let kernel: Vec<f32> = (0..=2 * reach)
        .map(|index| (-0.5 * ((index as f32 - reach as f32) / level.blur).powi(2)).exp())
        .collect();
    let total: f32 = kernel.iter().sum();
    // The shape continues to the right and downwards for as far as the kernel looks.
    let extent = side + reach;
    let radius = level.radius as f32;
    let shape = |x: i32, y: i32| {
        let (x, y) = (x as f32 - reach as f32 + 0.5, y as f32 - reach as f32 + 0.5);
        let distance =
            if x < radius && y < radius { (x - radius).hypot(y - radius) - radius } else { -x.min(y) };
        (0.5 - distance).clamp(0.0, 1.0)
    };
    let around = |center: usize, value: &dyn Fn(i32) -> f32| {
        let sum: f32 = kernel
            .iter()
            .enumerate()
            .map(|(index, weight)| weight * value((center + index) as i32 - reach as i32))
            .sum();
        sum / total
    };
    let rows: Vec<Vec<f32>> =
        (0..extent).map(|y| (0..side).map(|x| around(x, &|x| shape(x, y as i32))).collect()).collect();
    let value = |x: usize, y: usize| around(y, &|y| if y < 0 { 0.0 } else { rows[y as usize][x] });
    (0..side * side)
        .map(|index| (value(index % side, index / side) * level.strength * 255.0).round() as u8)
        .collect()
}
