//! What the workers share, and what must be true of it: each thing has an account that shows whether it was kept apart,
//! and whether anything was lost or came twice.

use alloc::collections::TryReserveError;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use frames::FrameRange;

use crate::lock::{IrqSpinLock, Rank};
use crate::sync::{Channel, Mutex, RwLock, Semaphore, WaitQueue, semaphore};

/// Threads that work all the time.
pub const WORKERS: usize = 12;
/// Channels, each with one reader.
pub const CHANNELS: usize = 2;
/// Threads that workers have begun and that have not ended.
pub const MOST_CHILDREN: usize = 24;
/// Threads that the semaphore lets in.
pub const PERMITS: usize = 3;
const ACCOUNTS: usize = 8;
const BALANCE: u64 = 1_000;

/// A message: the `number`-th of that worker on this channel.
#[derive(Clone, Copy)]
pub struct Message {
    pub worker: usize,
    pub number: u64,
}

impl Message {
    /// After the last.
    pub const END: Self = Self { worker: WORKERS, number: 0 };
}

/// A block of memory full of its owner's pattern.
pub struct Block {
    pub pattern: u64,
    pub words: Vec<u64>,
}

impl Block {
    pub fn new(pattern: u64, words: usize) -> Result<Self, TryReserveError> {
        let mut block = Self { pattern, words: Vec::new() };
        block.words.try_reserve_exact(words)?;
        block.words.resize(words, pattern);
        Ok(block)
    }

    /// Nobody else wrote to it.
    pub fn check(&self) -> Result<(), String> {
        match self.words.iter().position(|&word| word != self.pattern) {
            None => Ok(()),
            Some(at) => {
                let (found, length) = (self.words[at], self.words.len());
                Err(format!("word {at} of a block of {length} became {found:#x}, was {:#x}", self.pattern))
            }
        }
    }
}

/// How one worker is getting on.
#[derive(Default)]
pub struct State {
    pub done: AtomicU64,
    pub doing: AtomicUsize,
    pub over: AtomicBool,
    /// Messages it has sent, by channel.
    pub sent: [AtomicU64; CHANNELS],
    /// Messages of it that have come, by channel.
    pub received: [AtomicU64; CHANNELS],
}

/// All that is shared.
pub struct World {
    pub stop: AtomicBool,
    pub running: AtomicUsize,
    pub children: AtomicUsize,
    pub workers: [State; WORKERS],
    /// Money moves from one to another; there is always as much of it.
    pub accounts: Mutex<[u64; ACCOUNTS]>,
    /// All words are alike, for whoever may read.
    pub table: RwLock<[u64; 32]>,
    pub semaphore: Semaphore,
    pub inside: AtomicUsize,
    /// Things that are put and taken one at a time; who takes waits for one.
    pub queue: WaitQueue,
    pub available: AtomicU64,
    pub put: AtomicU64,
    pub taken: AtomicU64,
    pub channels: [Channel<Message>; CHANNELS],
    /// Blocks on their way from one worker to another.
    pub passed: [IrqSpinLock<Option<Block>>; 16],
    /// Runs of frames that workers hold, each in the place of its number.
    pub runs: IrqSpinLock<[Option<FrameRange>; WORKERS]>,
    /// Somebody has allocations fail on purpose, which one thread at a time can.
    pub failing: AtomicBool,
    first_fault: IrqSpinLock<Option<String>>,
}

impl World {
    pub fn new() -> Result<Arc<Self>, TryReserveError> {
        Ok(Arc::new(Self {
            stop: AtomicBool::new(false),
            running: AtomicUsize::new(0),
            children: AtomicUsize::new(0),
            workers: core::array::from_fn(|_| State::default()),
            accounts: Mutex::new([BALANCE; ACCOUNTS]),
            table: RwLock::new([0; 32]),
            semaphore: semaphore(PERMITS),
            inside: AtomicUsize::new(0),
            queue: WaitQueue::new(),
            available: AtomicU64::new(0),
            put: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            // One that is nearly always full, and one with room.
            channels: [Channel::new(1)?, Channel::new(16)?],
            passed: [const { IrqSpinLock::new(Rank::Queue, None) }; 16],
            runs: IrqSpinLock::new(Rank::Queue, [None; WORKERS]),
            failing: AtomicBool::new(false),
            first_fault: IrqSpinLock::new(Rank::Queue, None),
        }))
    }

    /// Notes what is wrong, if nothing was before, and has everybody stop.
    pub fn fail(&self, reason: String) {
        self.stop.store(true, Ordering::Relaxed);
        let mut first = self.first_fault.lock();
        if first.is_none() {
            *first = Some(reason);
        }
    }

    /// What went wrong first.
    pub fn fault(&self) -> Result<(), String> {
        self.first_fault.lock().take().map_or(Ok(()), Err)
    }

    /// Operations done.
    pub fn operations(&self) -> u64 {
        self.workers.iter().map(|worker| worker.done.load(Ordering::Relaxed)).sum()
    }

    /// The money is all there.
    pub fn check_accounts(accounts: &[u64; ACCOUNTS]) -> Result<(), String> {
        match accounts.iter().sum::<u64>() {
            sum if sum == ACCOUNTS as u64 * BALANCE => Ok(()),
            sum => Err(format!("{ACCOUNTS} accounts of {BALANCE} add up to {sum}")),
        }
    }

    /// After all have ended: nothing was lost, nothing came twice, nobody is inside.
    pub fn settle_accounts(&self) -> Result<(), String> {
        self.fault()?;
        Self::check_accounts(&self.accounts.lock())?;
        for (number, worker) in self.workers.iter().enumerate() {
            for channel in 0..CHANNELS {
                let sent = worker.sent[channel].load(Ordering::Relaxed);
                let received = worker.received[channel].load(Ordering::Relaxed);
                if sent != received {
                    return Err(format!(
                        "of {sent} messages of worker {number}, {received} came (channel {channel})"
                    ));
                }
            }
        }
        let [put, taken, left] = [&self.put, &self.taken, &self.available].map(|n| n.load(Ordering::Relaxed));
        if put != taken + left {
            return Err(format!("{put} things put, {taken} taken, {left} left"));
        }
        let (inside, permits) = (self.inside.load(Ordering::Relaxed), self.semaphore.available());
        if inside != 0 || permits != PERMITS {
            return Err(format!("{inside} are inside, {permits} of {PERMITS} permits are left"));
        }
        self.passed.iter().try_for_each(|place| place.lock().take().map_or(Ok(()), |block| block.check()))
    }
}
