//! Painting shapes into pixels, with smooth edges.

use crate::shape::{At, Shape};

/// A colour in floating point: red, green, blue and alpha from 0 to 1, not premultiplied.
pub type Ink = [f32; 4];

/// The opaque colour written `0xRRGGBB`.
pub fn rgb(hex: u32) -> Ink {
    let channel = |shift: u32| (hex >> shift & 255) as f32 / 255.0;
    [channel(16), channel(8), channel(0), 1.0]
}

/// The same colour, `alpha` as strong.
pub fn faded(ink: Ink, alpha: f32) -> Ink {
    [ink[0], ink[1], ink[2], ink[3] * alpha]
}

/// What a shape is filled with.
pub enum Fill {
    /// One colour.
    Flat(Ink),
    /// From one colour at the height `top` to another at `bottom`.
    Vertical { top: f32, bottom: f32, from: Ink, to: Ink },
}

impl Fill {
    fn ink(&self, at: At) -> Ink {
        match *self {
            Fill::Flat(ink) => ink,
            Fill::Vertical { top, bottom, from, to } => {
                let share = ((at[1] - top) / (bottom - top)).clamp(0.0, 1.0);
                let mut ink = [0.0; 4];
                for (channel, ink) in ink.iter_mut().enumerate() {
                    *ink = from[channel] + (to[channel] - from[channel]) * share;
                }
                ink
            }
        }
    }
}

/// A picture being painted, in units of its own: `units` of them make its width.
pub struct Picture {
    width: usize,
    scale: f32,
    /// Premultiplied.
    pixels: Vec<Ink>,
}

/// Samples along one side of a pixel.
const SAMPLES: usize = 4;

impl Picture {
    /// A transparent picture.
    pub fn new(width: usize, height: usize, units: f32) -> Picture {
        Picture { width, scale: width as f32 / units, pixels: vec![[0.0; 4]; width * height] }
    }

    /// Paints over what is there.
    pub fn fill(&mut self, shape: &Shape, fill: &Fill) {
        self.soft(shape, fill, 0.0);
    }

    /// Paints over what is there with an edge that fades over `softness` units to both sides: a shadow or a
    /// glow.
    pub fn soft(&mut self, shape: &Shape, fill: &Fill, softness: f32) {
        // An edge as wide as a sample is sharp.
        let ramp = (2.0 * softness).max(1.0 / (self.scale * SAMPLES as f32));
        for index in 0..self.pixels.len() {
            let corner = [(index % self.width) as f32, (index / self.width) as f32];
            let mut covered = 0.0;
            for sample in 0..SAMPLES * SAMPLES {
                let place = |axis: usize, step: usize| {
                    (corner[axis] + (step as f32 + 0.5) / SAMPLES as f32) / self.scale
                };
                let distance = shape.distance([place(0, sample % SAMPLES), place(1, sample / SAMPLES)]);
                let share = (0.5 - distance / ramp).clamp(0.0, 1.0);
                // Smooth at both ends of a wide ramp; of a narrow one nothing is to be seen.
                covered += share * share * (3.0 - 2.0 * share);
            }
            let ink = fill.ink(corner.map(|corner| (corner + 0.5) / self.scale));
            let alpha = ink[3] * covered / (SAMPLES * SAMPLES) as f32;
            let pixel = &mut self.pixels[index];
            for channel in 0..3 {
                pixel[channel] = ink[channel] * alpha + pixel[channel] * (1.0 - alpha);
            }
            pixel[3] = alpha + pixel[3] * (1.0 - alpha);
        }
    }

    /// Premultiplied ARGB, little-endian.
    pub fn argb(&self) -> Vec<u8> {
        let byte = |channel: f32| (channel * 255.0).round() as u8;
        self.pixels
            .iter()
            .flat_map(|&[red, green, blue, alpha]| [blue, green, red, alpha].map(byte))
            .collect()
    }

    /// The alpha alone.
    pub fn coverage(&self) -> Vec<u8> {
        self.pixels.iter().map(|pixel| (pixel[3] * 255.0).round() as u8).collect()
    }
}
