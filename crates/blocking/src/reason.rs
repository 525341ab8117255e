//! What a sleeping thread waits for, as told to the platform: for whoever asks why a thread does not run.

/// The kind of thing waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum WaitKind {
    /// Something that a wait queue's waker makes true.
    #[default]
    Event = 0,
    /// A mutex, to be given back by the thread that holds it.
    Mutex = 1,
    /// A reader-writer lock, to be left by a writer.
    ReadLock = 2,
    /// A reader-writer lock, to be left by everybody inside.
    WriteLock = 3,
    /// A condition variable's notification.
    Condition = 4,
    /// A permit of a semaphore.
    Semaphore = 5,
    /// A message from a channel, or from a place for one.
    Receive = 6,
    /// Room in a channel.
    Send = 7,
    /// The other threads at a barrier.
    Barrier = 8,
    /// Work that another thread does once for all.
    Once = 9,
    /// A moment, and nothing else.
    Moment = 10,
    /// The end of another thread.
    ThreadEnd = 11,
}

impl WaitKind {
    /// Every kind, by its number.
    pub const ALL: [Self; 12] = [
        Self::Event,
        Self::Mutex,
        Self::ReadLock,
        Self::WriteLock,
        Self::Condition,
        Self::Semaphore,
        Self::Receive,
        Self::Send,
        Self::Barrier,
        Self::Once,
        Self::Moment,
        Self::ThreadEnd,
    ];

    /// The kind of that number; an event when there is none.
    #[must_use]
    pub fn from_number(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or_default()
    }
}

/// Why a thread sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The kind of thing.
    pub kind: WaitKind,
    /// The address of the primitive, or 0: tells one from another. It is there at least as long as the sleep lasts. Of
    /// a mutex it is the word that names the holder ([`holder_in`](crate::holder_in)).
    pub address: usize,
}

impl Reason {
    /// Waiting for `what`, to be found where it is.
    #[inline]
    pub fn new<T: ?Sized>(kind: WaitKind, what: &T) -> Self {
        Self { kind, address: core::ptr::from_ref(what).cast::<()>().addr() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_by_their_numbers() {
        for (number, kind) in WaitKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, number);
            assert_eq!(WaitKind::from_number(number as u8), kind);
        }
        assert_eq!(WaitKind::from_number(200), WaitKind::Event);
    }
}
