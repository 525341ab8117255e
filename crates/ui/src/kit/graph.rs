//! A live graph: the last so many samples of a figure.

use alloc::vec::Vec;

use gfx::{Canvas, Color, Rect, theme};

/// Horizontal guide lines drawn between the bottom and the top.
const GUIDES: i32 = 3;

/// A graph of the newest samples, the newest at the right.
#[derive(Debug, Clone)]
pub struct Graph {
    samples: Vec<u32>,
    capacity: usize,
    color: Color,
}

impl Graph {
    /// An empty graph that keeps `capacity` samples (at least two) and draws them in `color`.
    pub fn new(capacity: usize, color: Color) -> Self {
        let capacity = capacity.max(2);
        Self { samples: Vec::with_capacity(capacity), capacity, color }
    }

    /// Adds the newest sample; the oldest goes when there are too many.
    pub fn push(&mut self, sample: u32) {
        if self.samples.len() == self.capacity {
            self.samples.remove(0);
        }
        self.samples.push(sample);
    }

    /// The samples, oldest first.
    pub fn samples(&self) -> &[u32] {
        &self.samples
    }

    /// Draws it with guide lines into `area`; `maximum` reaches the top. A graph that is not full yet
    /// grows from the right.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, maximum: u32) {
        canvas.fill(area, theme::SURFACE_RAISED);
        for guide in 1..=GUIDES {
            let y = area.y + area.height * guide / (GUIDES + 1);
            canvas.fill(Rect::new(area.x, y, area.width, 1), theme::SURFACE_HOVER);
        }
        if self.samples.len() > 1 {
            let steps = self.capacity as i32 - 1;
            let width = area.width * (self.samples.len() as i32 - 1) / steps;
            let part = Rect::new(area.right() - width, area.y, width, area.height);
            canvas.clipped(area).graph(part, &self.samples, maximum, self.color, self.color.with_alpha(56));
        }
        canvas.stroke_rect(area, theme::BORDER);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_the_newest() {
        let mut graph = Graph::new(3, theme::ACCENT);
        (1..=5).for_each(|sample| graph.push(sample));
        assert_eq!(graph.samples(), [3, 4, 5]);
    }
}
