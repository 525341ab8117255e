//! Pipes, with names and without: `vfs::pipe` decides, here threads wait.

use alloc::sync::Arc;

use vfs::FsError;
use vfs::pipe::{End, Pipe};

use crate::lock::{IrqSpinLock, Rank};
use crate::memory::heap::fallible;
use crate::sync::WaitQueue;

/// Bytes that are moved at a time under the lock.
const PIECE: usize = 4096;

/// A pipe and who waits at it. A named one belongs to its inode, and has no bytes while nobody has it open.
pub struct Shared {
    pipe: IrqSpinLock<Pipe>,
    /// Somebody wrote, or the last writer left, or one came.
    readable: WaitQueue,
    /// Somebody read, or the last reader left, or one came.
    writable: WaitQueue,
}

impl Shared {
    /// A pipe without ends.
    pub(super) fn new() -> Result<Arc<Self>, FsError> {
        let shared = Self {
            pipe: IrqSpinLock::new(Rank::Pipe, Pipe::new()),
            readable: WaitQueue::new(),
            writable: WaitQueue::new(),
        };
        fallible::counted(shared).map_err(|_| FsError::OutOfMemory)
    }

    fn queue(&self, end: End) -> &WaitQueue {
        match end {
            End::Read => &self.readable,
            End::Write => &self.writable,
        }
    }

    fn wait(&self, end: End, is_ready: impl Fn(&Pipe) -> bool) -> Result<(), FsError> {
        let waited = self.queue(end).wait_until_interruptible(|| is_ready(&self.pipe.lock()));
        waited.map_err(|_| FsError::Interrupted)
    }

    /// What changed concerns both ends.
    fn wake_both(&self) {
        self.readable.wake_all();
        self.writable.wake_all();
    }
}

/// One end of a pipe; closed when it is dropped.
pub struct PipeEnd {
    shared: Arc<Shared>,
    end: End,
}

/// A new pipe (pipe(2)): where bytes come out, and where they go in.
///
/// # Errors
/// [`FsError::OutOfMemory`].
pub fn pipe() -> Result<(PipeEnd, PipeEnd), FsError> {
    let shared = Shared::new()?;
    Ok((PipeEnd::take(&shared, End::Read), PipeEnd::take(&shared, End::Write)))
}

impl PipeEnd {
    /// One more end, at once.
    pub(super) fn take(shared: &Arc<Shared>, end: End) -> Self {
        shared.pipe.lock().open(end);
        Self { shared: shared.clone(), end }
    }

    /// Opens an end of a named pipe (fifo(7)): waits until somebody opens the other one, or has it.
    ///
    /// # Errors
    /// [`FsError::Interrupted`] when the process is cancelled.
    pub(super) fn meet(shared: &Arc<Shared>, end: End) -> Result<Self, FsError> {
        let before = shared.pipe.lock().opposite_openings(end);
        // From here on whoever opens the other end meets this one.
        let own = Self::take(shared, end);
        shared.wake_both();
        shared.wait(end, |pipe| pipe.has_met(end, before))?;
        Ok(own)
    }

    /// Reads what there is, waiting for at least one byte; nothing means that nobody writes any more.
    ///
    /// # Errors
    /// [`FsError::NotPermitted`] at the end for writing; [`FsError::Interrupted`] when the process is cancelled.
    pub fn read(&self, buffer: &mut [u8]) -> Result<usize, FsError> {
        if self.end != End::Read {
            return Err(FsError::NotPermitted);
        }
        let piece = buffer.len().min(PIECE);
        loop {
            let result = self.shared.pipe.lock().read(&mut buffer[..piece]);
            match result {
                Err(FsError::WouldBlock) => self.shared.wait(End::Read, |pipe| {
                    let ready = pipe.readiness(End::Read);
                    ready.readable || ready.hung_up
                })?,
                result => {
                    self.shared.writable.wake_all();
                    return result;
                }
            }
        }
    }

    /// Writes all of `data`, waiting for room. Up to 4096 bytes go in as a whole.
    ///
    /// # Errors
    /// [`FsError::BrokenPipe`] when nobody reads any more; [`FsError::NotPermitted`] at the end for reading;
    /// [`FsError::Interrupted`] when the process is cancelled. A part may have gone in.
    pub fn write(&self, data: &[u8]) -> Result<(), FsError> {
        if self.end != End::Write {
            return Err(FsError::NotPermitted);
        }
        let mut rest = data;
        while !rest.is_empty() {
            let piece = rest.len().min(PIECE);
            let result = self.shared.pipe.lock().write(&rest[..piece]);
            match result {
                Ok(count) => {
                    rest = &rest[count..];
                    self.shared.readable.wake_all();
                }
                Err(FsError::WouldBlock) => self.shared.wait(End::Write, |pipe| {
                    let ready = pipe.readiness(End::Write);
                    ready.writable || ready.broken
                })?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Drop for PipeEnd {
    fn drop(&mut self) {
        self.shared.pipe.lock().close(self.end);
        // Who waited at the other end has no reason to any more.
        self.shared.wake_both();
    }
}
