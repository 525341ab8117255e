//! A terminal line: bytes from the keyboard to the shell and from the shell to the window. The
//! window's side never waits; the shell's does.

use alloc::collections::{TryReserveError, VecDeque};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ::shell::Input;
use ui::Event;

use super::window::Window;
use crate::fs::{Device, FsError};
use crate::lock::{IrqSpinLock, Rank};
use crate::sync::{WaitQueue, deadline_after};
use crate::task;

/// Typed bytes that wait for the shell: more than a person types ahead.
const INPUT_CAPACITY: usize = 4 * 1024;
/// Printed bytes that wait for the window: a few screens, so that a shell that prints much is slowed
/// to the speed of the window.
const OUTPUT_CAPACITY: usize = 16 * 1024;

/// A bounded queue of bytes. Its room is reserved at once: it is filled under a spin lock.
struct Bytes {
    bytes: VecDeque<u8>,
    capacity: usize,
}

impl Bytes {
    fn new(capacity: usize) -> Result<Self, TryReserveError> {
        let mut bytes = VecDeque::new();
        bytes.try_reserve_exact(capacity)?;
        Ok(Self { bytes, capacity })
    }

    fn push(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.capacity - self.bytes.len());
        self.bytes.extend(&bytes[..count]);
        count
    }

    fn pop(&mut self, buffer: &mut [u8]) -> usize {
        let count = buffer.len().min(self.bytes.len());
        for (place, byte) in buffer.iter_mut().zip(self.bytes.drain(..count)) {
            *place = byte;
        }
        count
    }
}

/// A terminal line.
pub struct Pty {
    window: Arc<Window>,
    input: IrqSpinLock<Bytes>,
    output: IrqSpinLock<Bytes>,
    /// The shell waits here for input.
    readers: WaitQueue,
    /// The shell's threads wait here for room.
    writers: WaitQueue,
    columns: AtomicUsize,
    /// The shell shall look up from waiting.
    woken: AtomicBool,
    /// The shell waits for input.
    waiting: AtomicBool,
    /// The window is gone.
    hung_up: AtomicBool,
    /// The shell has ended.
    ended: AtomicBool,
}

impl Pty {
    /// A line between `window` and a shell that has yet to start.
    pub fn new(window: Arc<Window>) -> Result<Self, TryReserveError> {
        Ok(Self {
            window,
            input: IrqSpinLock::new(Rank::Queue, Bytes::new(INPUT_CAPACITY)?),
            output: IrqSpinLock::new(Rank::Queue, Bytes::new(OUTPUT_CAPACITY)?),
            readers: WaitQueue::new(),
            writers: WaitQueue::new(),
            columns: AtomicUsize::new(80),
            woken: AtomicBool::new(false),
            waiting: AtomicBool::new(false),
            hung_up: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        })
    }

    // The shell's side.

    /// Waits for typed bytes, at most `timeout_ms`. To a process that is cancelled the line is closed.
    pub fn read(&self, buffer: &mut [u8], timeout_ms: Option<u64>) -> Input {
        let mut result = Input::TimedOut;
        let mut look = || {
            let count = self.input.lock().pop(buffer);
            result = if count > 0 {
                Input::Bytes(count)
            } else if self.hung_up.load(Ordering::Acquire) || task::is_interrupted() {
                Input::Closed
            } else if self.woken.swap(false, Ordering::AcqRel) {
                Input::Woken
            } else {
                Input::TimedOut
            };
            result != Input::TimedOut
        };
        if look() || timeout_ms == Some(0) {
            return result;
        }
        if !self.waiting.swap(true, Ordering::AcqRel) {
            // The window may want to know that the shell has said all it has to say.
            self.window.deliver(Event::Data);
        }
        let waited = match timeout_ms {
            Some(timeout) => {
                self.readers.wait_until_deadline_interruptible(deadline_after(timeout), look).map(|_| ())
            }
            None => self.readers.wait_until_interruptible(look),
        };
        self.waiting.store(false, Ordering::Release);
        if waited.is_err() { Input::Closed } else { result }
    }

    /// Ends a wait for input, or the next one.
    pub fn wake_reader(&self) {
        self.woken.store(true, Ordering::Release);
        self.readers.wake_one();
    }

    /// Prints, waiting while the window is behind. Without a window, or once it is cancelled and would have to wait, a
    /// process prints into the void.
    pub fn write(&self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.hung_up.load(Ordering::Acquire) {
            let mut count = 0;
            let waited = self.writers.wait_until_interruptible(|| {
                count = self.output.lock().push(bytes);
                count > 0 || self.hung_up.load(Ordering::Acquire)
            });
            if waited.is_err() {
                return;
            }
            bytes = &bytes[count..];
            self.window.deliver(Event::Data);
        }
    }

    /// The window's width in cells.
    pub fn columns(&self) -> usize {
        self.columns.load(Ordering::Relaxed)
    }

    /// The shell has ended.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.window.deliver(Event::Data);
    }

    // The window's side.

    /// The window is gone.
    pub fn hang_up(&self) {
        self.hung_up.store(true, Ordering::Release);
        self.readers.wake_all();
        self.writers.wake_all();
    }

    /// Whether the shell waits for input and everything it printed has been taken.
    pub fn is_quiet(&self) -> bool {
        self.waiting.load(Ordering::Acquire) && self.output.lock().bytes.is_empty()
    }
}

/// The line as the terminal of the shell's processes. What is typed is the shell's to read, who tells Ctrl+C from text.
impl Device for Pty {
    fn read(&self, _offset: u64, _buffer: &mut [u8]) -> Result<usize, FsError> {
        Err(FsError::InvalidInput("what is typed goes to the shell"))
    }

    fn write(&self, _offset: u64, data: &[u8]) -> Result<usize, FsError> {
        // A terminal has no line discipline here: it wants both characters.
        for (number, line) in data.split(|byte| *byte == b'\n').enumerate() {
            if number > 0 {
                Pty::write(self, b"\r\n");
            }
            Pty::write(self, line);
        }
        Ok(data.len())
    }
}

/// The window's end of a line, as programs see it.
pub struct Master(pub Arc<Pty>);

impl ui::Pty for Master {
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        let count = self.0.output.lock().pop(buffer);
        if count > 0 {
            self.0.writers.wake_one();
        }
        count
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        let count = self.0.input.lock().push(bytes);
        self.0.readers.wake_one();
        count
    }

    fn resize(&mut self, columns: u16, _rows: u16) {
        if self.0.columns.swap(columns.into(), Ordering::Relaxed) != usize::from(columns) {
            self.0.wake_reader();
        }
    }

    fn is_closed(&self) -> bool {
        self.0.ended.load(Ordering::Acquire) && self.0.output.lock().bytes.is_empty()
    }
}
