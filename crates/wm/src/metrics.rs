//! The measures of window decorations, and the geometry that follows from them.

use gfx::{Point, Rect, Size};

use crate::{Placement, TitleButton};

/// The measures of window decorations, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metrics {
    /// Height of the title bar, which stands above the client area.
    pub title_height: i32,
    /// How far the shadow reaches beyond the frame on the left and right.
    pub shadow_side: i32,
    /// How far it reaches above the frame.
    pub shadow_top: i32,
    /// How far it reaches below.
    pub shadow_bottom: i32,
    /// Radius of the frame's rounded corners.
    pub corner_radius: i32,
    /// How far outside the frame an edge can still be grabbed. Inside it is a quarter of that, so
    /// that a scroll bar at the edge stays usable.
    pub grab_margin: i32,
    /// Length along an edge that counts as its corner.
    pub corner_grab: i32,
    /// How much of a title bar must stay on the screen, so that the window can be dragged back.
    pub reachable: i32,
    /// Distance of the first title button's centre from the frame's left edge.
    pub button_start: i32,
    /// Distance between the centres of title buttons.
    pub button_pitch: i32,
}

impl Metrics {
    /// The client area inside `frame`.
    pub fn client(&self, frame: Rect) -> Rect {
        frame.inset_by(0, self.title_height, 0, 0)
    }

    /// The title bar of `frame`.
    pub fn title_bar(&self, frame: Rect) -> Rect {
        Rect::new(frame.x, frame.y, frame.width, self.title_height.min(frame.height))
    }

    /// The frame's size around a client area of `client`.
    pub fn frame_size(&self, client: Size) -> Size {
        Size::new(client.width, client.height.saturating_add(self.title_height))
    }

    /// Everything a window paints: its frame and, unless it is maximised, its shadow.
    pub fn visual(&self, frame: Rect, placement: Placement) -> Rect {
        if placement == Placement::Maximised {
            return frame;
        }
        frame.inset_by(-self.shadow_side, -self.shadow_top, -self.shadow_side, -self.shadow_bottom)
    }

    /// The middle of a title button.
    pub fn button_center(&self, frame: Rect, button: TitleButton) -> Point {
        let index = match button {
            TitleButton::Close => 0,
            TitleButton::Minimise => 1,
            TitleButton::Maximise => 2,
        };
        Point::new(frame.x + self.button_start + index * self.button_pitch, frame.y + self.title_height / 2)
    }

    /// The area in which a click hits a title button: as wide as the distance between buttons, so
    /// that there is no dead space between them.
    pub fn button_area(&self, frame: Rect, button: TitleButton) -> Rect {
        let center = self.button_center(frame, button);
        let side = self.button_pitch;
        Rect::new(center.x - side / 2, center.y - side / 2, side, side)
    }
}
