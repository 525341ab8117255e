//! Lists through the records themselves, so that joining and leaving one costs the same however long it is.
//!
//! Links are plain numbers, since every end and every wait follows some: [`NOBODY`] is behind the last number that is
//! ever given out, so that looking it up finds nothing.

use crate::numbered::Numbered;
use crate::record::{Member, Process};

/// No record.
pub(crate) const NOBODY: u32 = u32::MAX;

/// The two ends of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub first: u32,
    pub last: u32,
}

impl Ends {
    /// Of a list without records.
    pub const EMPTY: Self = Self { first: NOBODY, last: NOBODY };
}

/// A record's neighbours in the one list it stands in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Links {
    pub before: u32,
    pub after: u32,
}

impl Links {
    /// Of a record in no list.
    pub const NONE: Self = Self { before: NOBODY, after: NOBODY };
}

/// Records that can stand in a list.
pub(crate) trait Linked {
    fn links(&mut self) -> &mut Links;
}

impl<D> Linked for Process<D> {
    #[inline]
    fn links(&mut self) -> &mut Links {
        &mut self.siblings
    }
}

impl Linked for Member {
    #[inline]
    fn links(&mut self) -> &mut Links {
        &mut self.siblings
    }
}

/// Links `id`, which stands in no list, behind the last of the list between `ends`; returns the new ends.
#[inline]
pub(crate) fn append<T: Linked>(records: &mut Numbered<T>, ends: Ends, id: u32) -> Ends {
    if let Some(record) = records.get_mut(id) {
        *record.links() = Links { before: ends.last, after: NOBODY };
    }
    match records.get_mut(ends.last) {
        Some(last) => {
            last.links().after = id;
            Ends { first: ends.first, last: id }
        }
        None => Ends { first: id, last: id },
    }
}

/// Joins the neighbours of a record that stood between them in the list between `ends`; returns the new ends.
#[inline]
pub(crate) fn close_gap<T: Linked>(records: &mut Numbered<T>, mut ends: Ends, gap: Links) -> Ends {
    match records.get_mut(gap.before) {
        Some(before) => before.links().after = gap.after,
        None => ends.first = gap.after,
    }
    match records.get_mut(gap.after) {
        Some(after) => after.links().before = gap.before,
        None => ends.last = gap.before,
    }
    ends
}

/// Follows a list from `first` on, by `after`.
pub(crate) fn follow(first: u32, after: impl Fn(u32) -> Option<u32>) -> impl Iterator<Item = u32> {
    let somebody = |id: u32| (id != NOBODY).then_some(id);
    core::iter::successors(somebody(first), move |&id| after(id).and_then(somebody))
}
