//! Moving and resizing by the pointer, from press to release.

use gfx::{Point, Rect};

use crate::{Changes, Edge, Placement, Stack, Window, WindowId};

/// How far the pointer must move before a press on a title bar becomes a move, so that a click or a
/// double click doesn't shake the window.
const MOVE_THRESHOLD: i32 = 4;

/// A drag under way.
pub(crate) struct Drag {
    pub(crate) window: WindowId,
    kind: DragKind,
    /// Where the pointer was when `frame` was the window's frame.
    grabbed: Point,
    frame: Rect,
    /// The window as it was, to return to.
    original: Window,
    /// What releasing here will do.
    snap: Option<Placement>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum DragKind {
    /// Pressed on the title, not yet moved far enough.
    Armed,
    Move,
    Resize(Edge),
}

impl Stack {
    /// Begins to move a window by its title bar.
    pub fn begin_move(&mut self, id: WindowId, at: Point) -> Changes {
        self.begin(id, DragKind::Armed, at)
    }

    /// Begins to resize a window by an edge. A snapped window becomes a floating one.
    pub fn begin_resize(&mut self, id: WindowId, edge: Edge, at: Point) -> Changes {
        self.begin(id, DragKind::Resize(edge), at)
    }

    fn begin(&mut self, id: WindowId, kind: DragKind, at: Point) -> Changes {
        self.change(|stack| {
            stack.raise(id);
            if let Some(window) = stack.window(id) {
                stack.drag = Some(Drag {
                    window: id,
                    kind,
                    grabbed: at,
                    frame: window.frame,
                    original: window.clone(),
                    snap: None,
                });
            }
        })
    }

    /// Whether a drag is under way.
    pub fn is_dragging(&self) -> bool {
        self.drag.is_some()
    }

    /// The edge by which a window is being resized, for the pointer's shape.
    pub fn resizing_edge(&self) -> Option<Edge> {
        match self.drag.as_ref()?.kind {
            DragKind::Resize(edge) => Some(edge),
            DragKind::Armed | DragKind::Move => None,
        }
    }

    /// Whether a window is being moved (and not just pressed on its title).
    pub fn is_moving(&self) -> bool {
        self.drag.as_ref().is_some_and(|drag| drag.kind == DragKind::Move)
    }

    /// The rectangle the window will take when it is released now, if that is not where it is.
    pub fn snap_preview(&self) -> Option<Rect> {
        self.frame_for(self.drag.as_ref()?.snap?)
    }

    /// The pointer is at `at` now. Without a drag it does nothing.
    pub fn drag_to(&mut self, at: Point) -> Changes {
        self.change(|stack| {
            let Some(drag) = stack.drag.take() else { return };
            match drag.kind {
                DragKind::Resize(edge) => {
                    stack.resize_to(&drag, edge, at);
                    stack.drag = Some(drag);
                }
                DragKind::Armed if near(drag.grabbed, at) => stack.drag = Some(drag),
                DragKind::Armed | DragKind::Move => stack.move_to(drag, at),
            }
        })
    }

    fn move_to(&mut self, mut drag: Drag, at: Point) {
        drag.kind = DragKind::Move;
        let snap = self.snap_at(at);
        let Some(window) = self.window(drag.window) else { return };
        if window.placement != Placement::Floating {
            // Take it out of its place under the pointer: the pointer keeps its share of the width.
            let size = window.floating.size();
            let share = (drag.grabbed.x - drag.frame.x) * size.width / drag.frame.width.max(1);
            drag.frame = Rect::at(Point::new(drag.grabbed.x - share, drag.frame.y), size);
        }
        let frame = drag.frame.translate(at.x - drag.grabbed.x, at.y - drag.grabbed.y);
        let frame = self.reachable(frame);
        if let Some(window) = self.window_mut(drag.window) {
            window.float_at(frame);
        }
        drag.snap = snap;
        self.drag = Some(drag);
    }

    /// What releasing a moved window at `at` does: an edge of the screen snaps.
    fn snap_at(&self, at: Point) -> Option<Placement> {
        let area = self.work_area();
        if at.x <= area.x {
            Some(Placement::LeftHalf)
        } else if at.x >= area.right() - 1 {
            Some(Placement::RightHalf)
        } else if at.y <= area.y {
            Some(Placement::Maximised)
        } else {
            None
        }
    }

    fn resize_to(&mut self, drag: &Drag, edge: Edge, at: Point) {
        let area = self.work_area();
        let metrics = *self.metrics();
        let Some(window) = self.window_mut(drag.window) else { return };
        let (dx, dy) = (at.x - drag.grabbed.x, at.y - drag.grabbed.y);
        let (mut left, mut top) = (drag.frame.x, drag.frame.y);
        let (mut right, mut bottom) = (drag.frame.right(), drag.frame.bottom());
        // Each moved side keeps the minimum size and the title bar's reach. `min` and `max` in this
        // order, not `clamp`: on a tiny screen the bounds may cross.
        if edge.moves_left() {
            left = (left + dx).min(area.right() - metrics.reachable).min(right - window.minimum.width);
        }
        if edge.moves_right() {
            right = (right + dx).max(area.x + metrics.reachable).max(left + window.minimum.width);
        }
        if edge.moves_top() {
            let lowest = (bottom - window.minimum.height).min(area.bottom() - metrics.title_height);
            top = (top + dy).min(lowest).max(area.y);
        }
        if edge.moves_bottom() {
            bottom = (bottom + dy).max(top + window.minimum.height);
        }
        let frame = Rect::from_edges(left, top, right, bottom);
        if frame != window.frame {
            window.float_at(frame);
        }
    }

    /// The button came up: snaps if the pointer is at an edge of the screen, and ends the drag.
    pub fn end_drag(&mut self) -> Changes {
        self.change(|stack| {
            let Some(drag) = stack.drag.take() else { return };
            let Some(snap) = drag.snap else { return };
            // It returns to where it was before the drag, not to the screen's edge.
            if let Some(window) = stack.window_mut(drag.window) {
                window.floating = drag.original.floating;
            }
            stack.set_placement(drag.window, snap);
        })
    }

    /// Ends the drag and puts the window back to where it was.
    pub fn cancel_drag(&mut self) -> Changes {
        self.change(|stack| {
            let Some(drag) = stack.drag.take() else { return };
            if let Some(window) = stack.window_mut(drag.window) {
                window.frame = drag.original.frame;
                window.placement = drag.original.placement;
                window.floating = drag.original.floating;
            }
        })
    }
}

fn near(a: Point, b: Point) -> bool {
    (a.x - b.x).abs() < MOVE_THRESHOLD && (a.y - b.y).abs() < MOVE_THRESHOLD
}
