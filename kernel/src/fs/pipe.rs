//! Pipes: `vfs::pipe` decides, here threads wait.

use alloc::sync::Arc;

use vfs::FsError;
use vfs::pipe::{End, Pipe};

use crate::lock::{IrqSpinLock, Rank};
use crate::memory::heap::fallible;
use crate::sync::WaitQueue;

/// Bytes that are moved at a time under the lock.
const PIECE: usize = 4096;

struct Shared {
    pipe: IrqSpinLock<Pipe>,
    /// Somebody wrote, or the last writer left.
    readable: WaitQueue,
    /// Somebody read, or the last reader left.
    writable: WaitQueue,
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
    let shared = Shared {
        pipe: IrqSpinLock::new(Rank::Pipe, Pipe::new()),
        readable: WaitQueue::new(),
        writable: WaitQueue::new(),
    };
    let shared = fallible::counted(shared).map_err(|_| FsError::OutOfMemory)?;
    let open = |end| {
        shared.pipe.lock().open(end);
        PipeEnd { shared: shared.clone(), end }
    };
    Ok((open(End::Read), open(End::Write)))
}

impl PipeEnd {
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
                Err(FsError::WouldBlock) => self.wait(&self.shared.readable, |pipe| {
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
                Err(FsError::WouldBlock) => self.wait(&self.shared.writable, |pipe| {
                    let ready = pipe.readiness(End::Write);
                    ready.writable || ready.broken
                })?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn wait(&self, queue: &WaitQueue, is_ready: impl Fn(&Pipe) -> bool) -> Result<(), FsError> {
        queue
            .wait_until_interruptible(|| is_ready(&self.shared.pipe.lock()))
            .map_err(|_| FsError::Interrupted)
    }
}

impl Drop for PipeEnd {
    fn drop(&mut self) {
        self.shared.pipe.lock().close(self.end);
        // Who waited at the other end has no reason to any more.
        self.shared.readable.wake_all();
        self.shared.writable.wake_all();
    }
}
