//! The consequences of an operation, found by comparing the stack before and after it.

use alloc::vec::Vec;

use gfx::{Rect, Size};

use crate::{Metrics, Placement, Stack, WindowId};

/// Where the keyboard focus went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FocusChange {
    /// The window that had it, if it still exists.
    pub lost: Option<WindowId>,
    /// The window that has it now.
    pub gained: Option<WindowId>,
}

/// What an operation has changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "the screen shows old pixels until the damage is repainted"]
pub struct Changes {
    /// What has to be repainted, in screen pixels; rectangles may overlap.
    pub damage: Vec<Rect>,
    /// The windows whose client area got another size, with that size.
    pub resized: Vec<(WindowId, Size)>,
    /// The focus, if it moved.
    pub focus: Option<FocusChange>,
}

/// What of the stack can be seen.
pub(crate) struct Snapshot {
    /// The windows that are not minimised, bottom to top: the last one has the focus.
    windows: Vec<Seen>,
    /// Clients of all windows, minimised ones too.
    clients: Vec<(WindowId, Size)>,
    preview: Option<Rect>,
}

#[derive(Clone, Copy)]
struct Seen {
    id: WindowId,
    frame: Rect,
    placement: Placement,
}

impl Seen {
    fn visual(&self, metrics: &Metrics) -> Rect {
        metrics.visual(self.frame, self.placement)
    }
}

impl Snapshot {
    pub(crate) fn of(stack: &Stack) -> Self {
        Self {
            windows: stack
                .visible()
                .map(|w| Seen { id: w.id, frame: w.frame, placement: w.placement })
                .collect(),
            clients: stack.windows().map(|w| (w.id, stack.metrics().client(w.frame).size())).collect(),
            preview: stack.snap_preview(),
        }
    }

    fn focus(&self) -> Option<WindowId> {
        self.windows.last().map(|w| w.id)
    }

    fn find(&self, id: WindowId) -> Option<(usize, &Seen)> {
        self.windows.iter().enumerate().find(|(_, w)| w.id == id)
    }

    /// What turned `self` into `after`.
    pub(crate) fn changes_to(&self, after: &Snapshot, metrics: &Metrics) -> Changes {
        let mut changes = Changes::default();
        for old in &self.windows {
            match after.find(old.id) {
                None => changes.damage.push(old.visual(metrics)),
                Some((_, new)) if (new.frame, new.placement) != (old.frame, old.placement) => {
                    changes.damage.push(old.visual(metrics));
                    changes.damage.push(new.visual(metrics));
                }
                Some(_) if (self.focus() == Some(old.id)) != (after.focus() == Some(old.id)) => {
                    changes.damage.extend(decoration(old, metrics));
                }
                Some(_) => {}
            }
        }
        for new in &after.windows {
            if self.find(new.id).is_none() {
                changes.damage.push(new.visual(metrics));
            }
        }
        self.add_reordered(after, metrics, &mut changes.damage);
        if self.preview != after.preview {
            changes.damage.extend(self.preview);
            changes.damage.extend(after.preview);
        }
        for client in &after.clients {
            if self.clients.iter().any(|old| old.0 == client.0 && old.1 != client.1) {
                changes.resized.push(*client);
            }
        }
        if self.focus() != after.focus() {
            let lost = self.focus().filter(|id| after.clients.iter().any(|c| c.0 == *id));
            changes.focus = Some(FocusChange { lost, gained: after.focus() });
        }
        changes
    }

    /// Where two windows overlap and have changed places, the overlap looks different.
    fn add_reordered(&self, after: &Snapshot, metrics: &Metrics, damage: &mut Vec<Rect>) {
        for (index, lower) in self.windows.iter().enumerate() {
            for upper in &self.windows[index + 1..] {
                let (Some((low, _)), Some((up, _))) = (after.find(lower.id), after.find(upper.id)) else {
                    continue;
                };
                if low > up {
                    let overlap = lower.visual(metrics).intersect(upper.visual(metrics));
                    if !overlap.is_empty() {
                        damage.push(overlap);
                    }
                }
            }
        }
    }
}

/// What of a window depends on the focus: all but the client area above the rounded corners.
fn decoration(window: &Seen, metrics: &Metrics) -> impl Iterator<Item = Rect> {
    let constant = metrics.client(window.frame).inset_by(0, 0, 0, metrics.corner_radius);
    window.visual(metrics).subtract(constant).into_iter().filter(|rect| !rect.is_empty())
}
