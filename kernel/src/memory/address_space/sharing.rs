//! Sharing until somebody writes: a duplicate costs tables only, and a write costs a copy of the page it goes to.

use frames::{FRAME_SIZE, Frame, FrameRange};
use paging::{Access, Attributes, MapError, Mapping, PageSize, PageTable, PhysicalAddress, VirtualAddress};

use super::{AddressSpace, BATCH, frames_of, let_go, user_pages};
use crate::memory::direct_map::{self, Tables};
use crate::memory::{frames as machine, kernel_space, layout};

/// Why a write faulted, when making a copy does not help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// Nothing is mapped there, or it may not be written.
    NotPermitted,
    /// There is no memory for a copy.
    OutOfMemory,
}

/// The same, shared with others until a write: instead of being written, it is copied.
pub(super) fn until_written(attributes: Attributes) -> Attributes {
    let access = attributes.access;
    if !access.contains(Access::WRITE) {
        return attributes;
    }
    Attributes { access: (access - Access::WRITE) | Access::COPY_ON_WRITE, ..attributes }
}

impl AddressSpace {
    /// Another address space with the same contents at the same addresses. Both share all frames; whoever writes to a page first
    /// gets a copy of it ([`AddressSpace::copy_for_writing`]). What other threads change meanwhile may or may not be in it.
    ///
    /// # Errors
    /// [`MapError::OutOfMemory`], also when a page has as many owners as can be counted.
    pub fn duplicate(&self) -> Result<Self, MapError> {
        let mut copy = kernel_space::new_root()?;
        match self.share_with(&mut copy) {
            Ok(()) => Ok(Self::from_table(copy)),
            Err(error) => {
                copy.dismantle(&mut Tables, |mapping| let_go(&mapping));
                Err(error)
            }
        }
    }

    fn share_with(&self, copy: &mut PageTable) -> Result<(), MapError> {
        let (mut at, mut left) = user_pages(layout::USER, (layout::USER_END - layout::USER) / FRAME_SIZE)?;
        while left > 0 {
            let mut result = Ok(());
            let share = |mapping: Mapping| {
                let attributes = until_written(mapping.attributes);
                if result.is_ok() {
                    result = share_page(copy, &mapping, attributes);
                }
                if result.is_ok() { attributes } else { mapping.attributes }
            };
            let (stale, done) = self.table.lock().protect_some(&mut Tables, at, left, BATCH as u64, share)?;
            self.forgotten(&stale);
            stale.flush(|_, _| ()).free(&mut Tables);
            result?;
            left -= done;
            at = at.checked_add(done).ok_or(MapError::NonCanonical)?;
        }
        Ok(())
    }

    /// Makes the page around `address` writable, if it is one that is shared until a write: alone with it, it becomes this
    /// address space's; else it gets a copy. For whoever handles a fault of a write. A large page is split first, so that
    /// 4 KiB are copied.
    ///
    /// # Errors
    /// [`WriteError`]; the page is as it was then, or in smaller pieces.
    pub fn copy_for_writing(&self, address: u64) -> Result<(), WriteError> {
        let page = VirtualAddress::new(address & !(FRAME_SIZE - 1)).ok_or(WriteError::NotPermitted)?;
        let mut fresh = None;
        loop {
            let mut table = self.table.lock();
            let mapping = table.translate(&Tables, page).ok_or(WriteError::NotPermitted);
            let access = mapping.map_or(Access::empty(), |mapping| mapping.attributes.access);
            let (Ok(mapping), false, true) =
                (mapping, access.contains(Access::WRITE), access.contains(Access::COPY_ON_WRITE))
            else {
                drop(table);
                fresh.into_iter().for_each(machine::free);
                // Another CPU may have been faster.
                let writable = access.contains(Access::WRITE);
                return if writable { Ok(()) } else { Err(WriteError::NotPermitted) };
            };
            let writable =
                Attributes { access: (access - Access::COPY_ON_WRITE) | Access::WRITE, ..mapping.attributes };
            let frame = Frame::containing(mapping.physical.get());
            let changed = if mapping.size != PageSize::Size4KiB {
                table.split(&mut Tables, page).map(|stale| (stale, None, false))
            } else if !machine::is_shared(frame) {
                // Nobody else can share it meanwhile: only this address space could, under this lock.
                table.protect(&mut Tables, page, writable).map(|stale| (stale, None, true))
            } else if let Some(new) = fresh {
                // SAFETY: `new` was given out to us alone; the other frame is this address space's while we hold the lock, and
                // shared, so nobody may write to it.
                unsafe { direct_map::copy(frame, new) };
                fresh = None;
                let physical = PhysicalAddress::new_truncate(new.address());
                let replaced = table.replace(&mut Tables, page, physical, writable);
                replaced.map(|(before, stale)| (stale, Some(before), true))
            } else {
                drop(table);
                fresh = Some(machine::allocate().ok_or(WriteError::OutOfMemory)?);
                continue;
            };
            drop(table);
            let Ok((stale, before, done)) = changed else {
                fresh.into_iter().for_each(machine::free);
                return Err(WriteError::OutOfMemory);
            };
            self.forgotten(&stale);
            stale.flush(|_, _| ()).free(&mut Tables);
            before.iter().for_each(let_go);
            if done {
                fresh.into_iter().for_each(machine::free);
                return Ok(());
            }
        }
    }
}

/// Adds an owner to each frame of a page, and maps it in `copy`.
fn share_page(copy: &mut PageTable, mapping: &Mapping, attributes: Attributes) -> Result<(), MapError> {
    let frames = frames_of(mapping);
    let shared = frames.iter().take_while(|&frame| machine::share(frame)).count() as u64;
    let result = if shared < frames.count {
        Err(MapError::OutOfMemory)
    } else {
        copy.map(&mut Tables, mapping.page, mapping.physical, mapping.size, attributes)
    };
    if result.is_err() {
        machine::free_contiguous(FrameRange { count: shared, ..frames });
    }
    result
}
