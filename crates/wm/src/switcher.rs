//! Alt+Tab: walking through the windows, most recently used first, and taking one at the end.

use alloc::vec::Vec;

use crate::{Changes, Stack, WindowId};

/// The walk under way. The order is fixed when it begins: it would be no help if it changed under
/// the user's hands.
pub(crate) struct Switcher {
    windows: Vec<WindowId>,
    selected: usize,
}

impl Stack {
    /// Begins the walk, or takes a step: forwards to less recently used windows, or backwards. The
    /// first step selects the window used before the present one. Without windows it does nothing.
    pub fn switch(&mut self, forwards: bool) {
        let fresh = self.switcher.is_none();
        let mut switcher = self.switcher.take().unwrap_or_else(|| Switcher {
            windows: self.windows().rev().map(|w| w.id).collect(),
            selected: 0,
        });
        let count = switcher.windows.len();
        if count == 0 {
            return;
        }
        // A window that shows nothing yet (all minimised) is the first choice itself.
        if !(fresh && self.focused().is_none()) {
            let step = if forwards { 1 } else { count - 1 };
            switcher.selected = (switcher.selected + step) % count;
        }
        self.switcher = Some(switcher);
    }

    /// The windows in the order of the walk and the selected one's index, while it lasts.
    pub fn switcher(&self) -> Option<(&[WindowId], usize)> {
        self.switcher.as_ref().map(|s| (s.windows.as_slice(), s.selected))
    }

    /// Selects the window at `index` of the walk.
    pub fn switch_to(&mut self, index: usize) {
        if let Some(switcher) = self.switcher.as_mut()
            && index < switcher.windows.len()
        {
            switcher.selected = index;
        }
    }

    /// Ends the walk and raises the selected window.
    pub fn end_switch(&mut self) -> Changes {
        let selected = self.switcher.take().and_then(|s| s.windows.get(s.selected).copied());
        selected.map_or_else(Changes::default, |id| self.focus(id))
    }

    /// Ends the walk and leaves everything as it was.
    pub fn cancel_switch(&mut self) {
        self.switcher = None;
    }

    /// A window was closed during the walk.
    pub(crate) fn forget_in_switcher(&mut self, id: WindowId) {
        let Some(switcher) = self.switcher.as_mut() else { return };
        let Some(index) = switcher.windows.iter().position(|w| *w == id) else { return };
        switcher.windows.remove(index);
        if switcher.selected > index || switcher.selected == switcher.windows.len() {
            switcher.selected = switcher.selected.saturating_sub(1);
        }
        if switcher.windows.is_empty() {
            self.switcher = None;
        }
    }
}
