//! Shapes as signed distances: a function from a point to how far it lies outside the outline (inside is
//! negative).
//!
//! Distances make round ends, outlines, rings and soft edges one-liners, and combine by minimum and maximum;
//! that is all that icons need. The formulas are the usual ones of solid geometry in the plane.

/// A point, x to the right and y down.
pub type At = [f32; 2];

/// A shape as its signed distance.
pub struct Shape(Box<dyn Fn(At) -> f32>);

fn sub(a: At, b: At) -> At {
    [a[0] - b[0], a[1] - b[1]]
}

fn dot(a: At, b: At) -> f32 {
    a[0] * b[0] + a[1] * b[1]
}

fn length(a: At) -> f32 {
    a[0].hypot(a[1])
}

impl Shape {
    /// How far `at` lies outside; negative inside.
    pub fn distance(&self, at: At) -> f32 {
        self.0(at)
    }

    /// A disc.
    pub fn disc(center: At, radius: f32) -> Shape {
        Shape(Box::new(move |at| length(sub(at, center)) - radius))
    }

    /// A rectangle from its top left to its bottom right, with round corners.
    pub fn rect(from: At, to: At, radius: f32) -> Shape {
        let center = [(from[0] + to[0]) / 2.0, (from[1] + to[1]) / 2.0];
        let half = [(to[0] - from[0]) / 2.0 - radius, (to[1] - from[1]) / 2.0 - radius];
        Shape(Box::new(move |at| {
            let from_center = sub(at, center);
            let outside = [from_center[0].abs() - half[0], from_center[1].abs() - half[1]];
            length([outside[0].max(0.0), outside[1].max(0.0)]) + outside[0].max(outside[1]).min(0.0) - radius
        }))
    }

    /// A line from `from` to `to` with round ends.
    pub fn line(from: At, to: At, width: f32) -> Shape {
        Shape(Box::new(move |at| {
            let (along, away) = (sub(to, from), sub(at, from));
            let share = (dot(away, along) / dot(along, along).max(1e-6)).clamp(0.0, 1.0);
            length([away[0] - along[0] * share, away[1] - along[1] * share]) - width / 2.0
        }))
    }

    /// Lines from each point to the next with round joints.
    pub fn path(points: &[At], width: f32) -> Shape {
        points
            .windows(2)
            .map(|pair| Shape::line(pair[0], pair[1], width))
            .reduce(Shape::or)
            .expect("a path has two points")
    }

    /// A filled polygon.
    pub fn polygon(points: &[At]) -> Shape {
        let points = points.to_vec();
        Shape(Box::new(move |at| {
            let mut nearest = f32::MAX;
            let mut inside = false;
            for (index, &to) in points.iter().enumerate() {
                let from = points[(index + points.len() - 1) % points.len()];
                nearest = nearest.min(Shape::line(from, to, 0.0).distance(at));
                if (from[1] > at[1]) != (to[1] > at[1])
                    && at[0] < (to[0] - from[0]) * (at[1] - from[1]) / (to[1] - from[1]) + from[0]
                {
                    inside = !inside;
                }
            }
            if inside { -nearest } else { nearest }
        }))
    }

    /// A part of a ring with round ends. Angles are in turns, clockwise from the right; `from < to`.
    pub fn arc(center: At, radius: f32, from: f32, to: f32, width: f32) -> Shape {
        let steps = 48;
        let point = |step: i32| {
            let turn = from + (to - from) * step as f32 / steps as f32;
            let (sin, cos) = (turn * std::f32::consts::TAU).sin_cos();
            [center[0] + radius * cos, center[1] + radius * sin]
        };
        let points: Vec<At> = (0..=steps).map(point).collect();
        Shape::path(&points, width)
    }

    /// What is in either.
    pub fn or(self, other: Shape) -> Shape {
        Shape(Box::new(move |at| self.0(at).min(other.0(at))))
    }

    /// What is in this one and not in the other.
    pub fn without(self, other: Shape) -> Shape {
        Shape(Box::new(move |at| self.0(at).max(-other.0(at))))
    }

    /// The shape made larger by `by` all round, its corners rounded.
    pub fn grown(self, by: f32) -> Shape {
        Shape(Box::new(move |at| self.0(at) - by))
    }

    /// A line along the outline, half inside and half outside.
    pub fn outline(self, width: f32) -> Shape {
        Shape(Box::new(move |at| self.0(at).abs() - width / 2.0))
    }

    /// The shape moved.
    pub fn moved(self, by: At) -> Shape {
        Shape(Box::new(move |at| self.0(sub(at, by))))
    }

    /// The shape turned about `center`, clockwise, by `turns`.
    pub fn turned(self, center: At, turns: f32) -> Shape {
        let (sin, cos) = (-turns * std::f32::consts::TAU).sin_cos();
        Shape(Box::new(move |at| {
            let [x, y] = sub(at, center);
            self.0([center[0] + x * cos - y * sin, center[1] + x * sin + y * cos])
        }))
    }
}
