//! Which rows changed since they were last drawn.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// A set of displayed rows.
#[derive(Clone, Debug)]
pub(crate) struct RowDamage {
    rows: Vec<bool>,
}

impl RowDamage {
    /// A new or resized screen has to be drawn as a whole.
    pub(crate) fn new(rows: usize) -> RowDamage {
        RowDamage { rows: vec![true; rows] }
    }

    /// Adds a range; what lies beyond the last row is not displayed and not counted.
    pub(crate) fn mark(&mut self, rows: Range<usize>) {
        let end = rows.end.min(self.rows.len());
        if rows.start < end {
            self.rows[rows.start..end].fill(true);
        }
    }

    pub(crate) fn mark_all(&mut self) {
        self.rows.fill(true);
    }

    pub(crate) fn contains(&self, row: usize) -> bool {
        self.rows.get(row).copied().unwrap_or(false)
    }

    pub(crate) fn any(&self) -> bool {
        self.rows.contains(&true)
    }

    pub(crate) fn clear(&mut self) {
        self.rows.fill(false);
    }
}
