//! What lies under a point.

use gfx::{Point, Rect};

use crate::{Metrics, Placement, Stack, Window, WindowId};

/// What lies under a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// No window.
    Desktop,
    /// This part of this window.
    Window(WindowId, Part),
}

/// A part of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The program's area.
    Client,
    /// The title bar, where there is no button.
    Title,
    /// A title button.
    Button(TitleButton),
    /// An edge or a corner to resize by.
    Edge(Edge),
}

/// A button in the title bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TitleButton {
    /// Closes the window.
    Close,
    /// Takes it off the screen.
    Minimise,
    /// Makes it fill the work area, or undoes that.
    Maximise,
}

impl TitleButton {
    /// All of them, from left to right.
    pub const ALL: [Self; 3] = [Self::Close, Self::Minimise, Self::Maximise];
}

/// An edge or a corner of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Edge {
    Top,
    Bottom,
    Left,
    Right,
    TopLeft,
    TopRight,
    BottomLeft,
    BottomRight,
}

impl Edge {
    /// Whether dragging it moves the frame's left side.
    pub fn moves_left(self) -> bool {
        matches!(self, Self::Left | Self::TopLeft | Self::BottomLeft)
    }

    /// Whether dragging it moves the frame's right side.
    pub fn moves_right(self) -> bool {
        matches!(self, Self::Right | Self::TopRight | Self::BottomRight)
    }

    /// Whether dragging it moves the frame's top.
    pub fn moves_top(self) -> bool {
        matches!(self, Self::Top | Self::TopLeft | Self::TopRight)
    }

    /// Whether dragging it moves the frame's bottom.
    pub fn moves_bottom(self) -> bool {
        matches!(self, Self::Bottom | Self::BottomLeft | Self::BottomRight)
    }

    /// What this edge is to a window placed so: one that lies at the edge of the work area by its
    /// placement is none, for there is nothing to make room for.
    fn of(self, placement: Placement) -> Option<Self> {
        match placement {
            Placement::Floating => Some(self),
            Placement::LeftHalf => self.moves_right().then_some(Self::Right),
            Placement::RightHalf => self.moves_left().then_some(Self::Left),
            Placement::Maximised => None,
        }
    }

    /// The edge of `frame` that `point` grabs, if any. The caller has asked for title buttons first.
    fn at(point: Point, frame: Rect, metrics: &Metrics) -> Option<Self> {
        if !frame.inset(-metrics.grab_margin).contains(point) {
            return None;
        }
        let inside = (metrics.grab_margin / 4).max(1);
        if frame.inset(inside).contains(point) {
            return None;
        }
        let corner = metrics.corner_grab;
        let left = point.x < frame.x + corner;
        let right = point.x >= frame.right() - corner;
        let top = point.y < frame.y + corner;
        let bottom = point.y >= frame.bottom() - corner;
        Some(match (left, right, top, bottom) {
            (true, _, true, _) => Self::TopLeft,
            (_, true, true, _) => Self::TopRight,
            (true, _, _, true) => Self::BottomLeft,
            (_, true, _, true) => Self::BottomRight,
            _ if point.x < frame.x + inside => Self::Left,
            _ if point.x >= frame.right() - inside => Self::Right,
            _ if point.y < frame.y + inside => Self::Top,
            _ => Self::Bottom,
        })
    }
}

impl Stack {
    /// What lies under `point`. The grab margin around a window belongs to it, above lower windows.
    pub fn hit_test(&self, point: Point) -> Hit {
        self.visible()
            .rev()
            .find_map(|window| self.part_at(window, point).map(|part| Hit::Window(window.id, part)))
            .unwrap_or(Hit::Desktop)
    }

    fn part_at(&self, window: &Window, point: Point) -> Option<Part> {
        let frame = window.frame;
        let metrics = self.metrics();
        if frame.contains(point) {
            let button =
                TitleButton::ALL.into_iter().find(|b| metrics.button_area(frame, *b).contains(point));
            if let Some(button) = button {
                return Some(Part::Button(button));
            }
        }
        if let Some(edge) = Edge::at(point, frame, metrics).and_then(|edge| edge.of(window.placement)) {
            return Some(Part::Edge(edge));
        }
        if metrics.client(frame).contains(point) {
            Some(Part::Client)
        } else if frame.contains(point) {
            Some(Part::Title)
        } else {
            None
        }
    }
}
