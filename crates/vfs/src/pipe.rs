//! A pipe: a ring of bytes with ends to read and to write, as state and decisions (pipe(7)). Who has to wait is told so
//! by [`FsError::WouldBlock`]; the kernel waits, and asks again whenever something here has changed.

use crate::FsError;
use alloc::collections::VecDeque;

/// How many bytes a pipe holds.
pub const CAPACITY: usize = 64 * 1024;

/// Writes up to this length go in as a whole, never between the bytes of another (Linux's PIPE_BUF).
pub const ATOMIC: usize = 4096;

/// The first room that a pipe takes; it grows from there as it is needed.
const FIRST_ROOM: usize = 4096;

/// An end of a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Bytes come out.
    Read,
    /// Bytes go in.
    Write,
}

/// What poll(2) says of an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Readiness {
    /// There are bytes to be read (POLLIN).
    pub readable: bool,
    /// An atomic write would go through (POLLOUT).
    pub writable: bool,
    /// Of the reading end: nobody writes any more (POLLHUP). What is in the pipe can still be read.
    pub hung_up: bool,
    /// Of the writing end: nobody reads any more (POLLERR).
    pub broken: bool,
}

/// How often an end was opened, when somebody looked: see [`Pipe::has_met`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Openings(u64);

/// A pipe without ends: they are opened first.
#[derive(Debug, Default)]
pub struct Pipe {
    bytes: VecDeque<u8>,
    readers: Ends,
    writers: Ends,
}

#[derive(Debug, Default)]
struct Ends {
    open: usize,
    opened: u64,
}

impl Ends {
    const NONE: Self = Self { open: 0, opened: 0 };
}

impl Pipe {
    /// An empty pipe that nobody has opened; it takes no memory yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: VecDeque::new(), readers: Ends::NONE, writers: Ends::NONE }
    }

    /// Somebody has one more end.
    pub const fn open(&mut self, end: End) {
        let ends = self.ends_mut(end);
        ends.open += 1;
        ends.opened += 1;
    }

    /// Somebody has an end less. When all are closed the bytes are gone.
    pub fn close(&mut self, end: End) {
        let ends = self.ends_mut(end);
        ends.open = ends.open.saturating_sub(1);
        if !self.is_open(End::Read) && !self.is_open(End::Write) {
            self.bytes = VecDeque::new();
        }
    }

    /// Whether anybody has this end.
    #[must_use]
    pub const fn is_open(&self, end: End) -> bool {
        match end {
            End::Read => self.readers.open > 0,
            End::Write => self.writers.open > 0,
        }
    }

    /// Bytes that can be read (FIONREAD).
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is nothing to be read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How often the end opposite of `end` was opened so far: for who is about to wait in open(2) of a named pipe.
    #[must_use]
    pub const fn opposite_openings(&self, end: End) -> Openings {
        match end {
            End::Read => Openings(self.writers.opened),
            End::Write => Openings(self.readers.opened),
        }
    }

    /// Whether open(2) of `end` of a named pipe is over: somebody has the other end, or has had it since `before`, even
    /// if he closed it again.
    #[must_use]
    pub fn has_met(&self, end: End, before: Openings) -> bool {
        let opposite = match end {
            End::Read => End::Write,
            End::Write => End::Read,
        };
        self.is_open(opposite) || self.opposite_openings(end) != before
    }

    /// Whether `end` of a named pipe may be opened by who does not wait (fifo(7)): to read always, to write only while
    /// somebody reads.
    ///
    /// # Errors
    /// [`FsError::NoSuchDevice`], which is what Linux says then.
    pub const fn may_open_at_once(&self, end: End) -> Result<(), FsError> {
        match end {
            End::Write if !self.is_open(End::Read) => Err(FsError::NoSuchDevice),
            _ => Ok(()),
        }
    }

    /// Takes out as many bytes as there are and `buffer` holds. None at all means the end: nobody writes any more.
    ///
    /// # Errors
    /// [`FsError::WouldBlock`] while the pipe is empty and somebody may still write.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, FsError> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.bytes.is_empty() && self.is_open(End::Write) {
            return Err(FsError::WouldBlock);
        }
        let count = buffer.len().min(self.bytes.len());
        let (front, back) = self.bytes.as_slices();
        let in_front = count.min(front.len());
        buffer[..in_front].copy_from_slice(&front[..in_front]);
        buffer[in_front..count].copy_from_slice(&back[..count - in_front]);
        self.bytes.drain(..count);
        Ok(count)
    }

    /// Puts bytes in: up to [`ATOMIC`] all or none, of more as many as there is room for, at least one. Who waits to
    /// write the rest of a long write comes back with it.
    ///
    /// # Errors
    /// [`FsError::BrokenPipe`] when nobody reads any more; [`FsError::WouldBlock`] without enough room;
    /// [`FsError::OutOfMemory`]. Nothing has gone in then.
    pub fn write(&mut self, data: &[u8]) -> Result<usize, FsError> {
        if data.is_empty() {
            return Ok(0);
        }
        if !self.is_open(End::Read) {
            return Err(FsError::BrokenPipe);
        }
        let room = CAPACITY - self.bytes.len();
        if room == 0 || data.len() <= ATOMIC && room < data.len() {
            return Err(FsError::WouldBlock);
        }
        let data = &data[..data.len().min(room)];
        let wanted = self.bytes.len() + data.len();
        if wanted > self.bytes.capacity() {
            // By powers of two: the ring ends at exactly its capacity, and is copied a few times at most.
            let missing = wanted.next_power_of_two().max(FIRST_ROOM) - self.bytes.len();
            self.bytes.try_reserve_exact(missing).map_err(|_| FsError::OutOfMemory)?;
        }
        self.bytes.extend(data);
        Ok(data.len())
    }

    /// What poll(2) says of an end.
    #[must_use]
    pub fn readiness(&self, end: End) -> Readiness {
        match end {
            End::Read => Readiness {
                readable: !self.bytes.is_empty(),
                hung_up: !self.is_open(End::Write),
                ..Readiness::default()
            },
            End::Write => Readiness {
                writable: CAPACITY - self.bytes.len() >= ATOMIC,
                broken: !self.is_open(End::Read),
                ..Readiness::default()
            },
        }
    }

    const fn ends_mut(&mut self, end: End) -> &mut Ends {
        match end {
            End::Read => &mut self.readers,
            End::Write => &mut self.writers,
        }
    }
}
