//! Lists through the records themselves, so that joining and leaving one costs the same however long it is.

use crate::numbered::Numbered;
use crate::record::{Ends, Links, Member, Process};
use crate::{ProcessId, ThreadId};

/// Records that can stand in a list.
pub(crate) trait Linked<I> {
    fn links(&mut self, id: I) -> Option<&mut Links<I>>;
}

impl<D> Linked<ProcessId> for Numbered<Process<D>> {
    fn links(&mut self, id: ProcessId) -> Option<&mut Links<ProcessId>> {
        self.get_mut(id.0).map(|process| &mut process.siblings)
    }
}

impl Linked<ThreadId> for Numbered<Member> {
    fn links(&mut self, id: ThreadId) -> Option<&mut Links<ThreadId>> {
        self.get_mut(id.0).map(|member| &mut member.siblings)
    }
}

/// Appends `id`, which stands in no list, to the list between `ends`; returns the new ends.
pub(crate) fn append<I: Copy>(records: &mut impl Linked<I>, ends: Ends<I>, id: I) -> Ends<I> {
    if let Some(links) = records.links(id) {
        *links = Links { before: ends.last, after: None };
    }
    if let Some(links) = ends.last.and_then(|last| records.links(last)) {
        links.after = Some(id);
    }
    Ends { first: ends.first.or(Some(id)), last: Some(id) }
}

/// Takes `id` out of the list between `ends`, in which it stands; returns the new ends.
pub(crate) fn remove<I: Copy>(records: &mut impl Linked<I>, ends: Ends<I>, id: I) -> Ends<I> {
    let Some(&mut Links { before, after }) = records.links(id) else { return ends };
    let mut rest = ends;
    match before.and_then(|before| records.links(before)) {
        Some(links) => links.after = after,
        None => rest.first = after,
    }
    match after.and_then(|after| records.links(after)) {
        Some(links) => links.before = before,
        None => rest.last = before,
    }
    rest
}

/// Follows a list from `first` on, by `after`.
pub(crate) fn follow<I: Copy>(first: Option<I>, after: impl Fn(I) -> Option<I>) -> impl Iterator<Item = I> {
    core::iter::successors(first, move |&id| after(id))
}
