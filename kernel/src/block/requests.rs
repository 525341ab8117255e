//! A controller with its queue of requests (crate `disks`), which all of its disks share.
//!
//! The controller's interrupt ([`Controlled::interrupt`]) takes in what is done and wakes who waits. A waiter looks
//! for itself every few milliseconds, for an interrupt may get lost, and it is a waiter that notices a silent
//! controller and resets it. So nothing here depends on interrupts but the speed.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use disks::hardware::Reach;
use disks::queue::{NoMemory, Queue, Rejected, Request};
use disks::{Controller, Limits};

use super::buffer::Buffer;
use super::job::Piece;
use super::queued::{QueuedDisk, Shape};
use crate::arch::time;
use crate::lock::{IrqSpinLock, Rank};
use crate::memory::frames::Zone;
use crate::sync::{Mutex, WaitQueue};

/// Buffers kept for the next request, in each controller.
pub const BUFFERS_KEPT: usize = 8;
/// How long a waiter sleeps before it looks for itself.
pub const SLICE_MS: u64 = 5;
/// So many in a row are worth a word.
const UNHEARD_TOLD: u32 = 16;
/// Looks before the first sleep where no interrupts come: an emulated disk is often done at once.
const LOOKS: usize = 64;

/// The requests to a controller, whichever it is.
pub trait Requests: Send + Sync {
    /// What the controller takes.
    fn limits(&self) -> Limits;

    /// Takes in a request, as soon as there is room. When the controller was given up its job is told at once.
    fn submit(&self, request: Request<Piece>);

    /// Waits until `is_over` holds, which it does when some request of the caller's is over. `waiters` are woken then.
    fn wait(&self, waiters: &WaitQueue, is_over: &dyn Fn() -> bool);

    /// Takes in news, and resets the controller if it must be.
    fn look_after(&self);

    /// Lets whoever is finishing a request at this moment, on another CPU, do so.
    fn settle(&self);

    /// Memory for slices' data.
    fn take_buffer(&self) -> Option<Buffer>;

    /// Takes it back, for the next request.
    fn put_back(&self, buffer: Buffer);
}

/// A controller with its queue.
pub struct Controlled<C> {
    queue: IrqSpinLock<Queue<C, Piece>>,
    limits: Limits,
    has_interrupts: AtomicBool,
    /// How often in a row somebody had to look for what an interrupt should have told.
    unheard: AtomicU32,
    /// Who waits for room in the queue, and how many these are.
    room: WaitQueue,
    wanting_room: AtomicU32,
    /// How often news were taken in: after that there may be room.
    turns: AtomicU32,
    /// They held this controller's data before, and nothing else: no need to clear them.
    buffers: Mutex<Vec<Buffer>>,
}

impl<C: Controller + Send + 'static> Controlled<C> {
    /// A controller that no one has asked for anything yet.
    ///
    /// # Errors
    /// [`NoMemory`]. The controller stays as it is for good: nobody would hear what it says.
    pub fn new(controller: C) -> Result<Arc<Self>, NoMemory> {
        let limits = controller.limits();
        let mut buffers = Vec::new();
        if buffers.try_reserve_exact(BUFFERS_KEPT).is_err() {
            core::mem::forget(controller);
            return Err(NoMemory);
        }
        let queue = match Queue::new(controller) {
            Ok(queue) => queue,
            Err((no_memory, controller)) => {
                core::mem::forget(controller);
                return Err(no_memory);
            }
        };
        Ok(Arc::new(Self {
            queue: IrqSpinLock::new(Rank::Device, queue),
            limits,
            has_interrupts: AtomicBool::new(false),
            unheard: AtomicU32::new(0),
            room: WaitQueue::new(),
            wanting_room: AtomicU32::new(0),
            turns: AtomicU32::new(0),
            buffers: Mutex::new(buffers),
        }))
    }

    /// Notes that [`Controlled::interrupt`] will be called when there is news.
    pub fn interrupts_come(&self) {
        self.has_interrupts.store(true, Ordering::Relaxed);
    }

    /// The controller has news. For interrupt handlers.
    pub fn interrupt(&self) {
        self.unheard.store(0, Ordering::Relaxed);
        self.advance();
    }

    /// A disk of the controller's.
    pub fn disk(self: &Arc<Self>, shape: Shape) -> Arc<QueuedDisk> {
        Arc::new(QueuedDisk::new(self.clone(), shape))
    }

    /// Takes in news; says whether the controller must be reset.
    fn advance(&self) -> bool {
        let must_be_reset = self.queue.lock().advance(time::uptime_ns());
        self.turns.fetch_add(1, Ordering::SeqCst);
        if self.wanting_room.load(Ordering::SeqCst) > 0 {
            self.room.wake_all();
        }
        must_be_reset
    }

    /// Disks work without interrupts, only slower: unless it is said, nobody finds out why. One that is merely late,
    /// on a busy machine, is no news.
    fn note_lost_interrupt(&self) {
        let expected = self.has_interrupts.load(Ordering::Relaxed);
        if expected && self.unheard.fetch_add(1, Ordering::Relaxed) + 1 == UNHEARD_TOLD {
            log::warn!("the interrupts of a disk controller don't come: it is slow");
        }
    }
}

impl<C: Controller + Send + 'static> Requests for Controlled<C> {
    fn limits(&self) -> Limits {
        self.limits
    }

    fn submit(&self, mut request: Request<Piece>) {
        loop {
            let turn = self.turns.load(Ordering::SeqCst);
            let rejected = self.queue.lock().submit(request, time::uptime_ns());
            match rejected {
                Ok(()) => return,
                Err(Rejected::GivenUp(request)) => return request.owner.give_up(),
                Err(Rejected::Full(back)) => request = back,
            }
            self.wanting_room.fetch_add(1, Ordering::SeqCst);
            let in_time =
                self.room.wait_until_timeout(SLICE_MS, || self.turns.load(Ordering::SeqCst) != turn);
            self.wanting_room.fetch_sub(1, Ordering::SeqCst);
            if !in_time {
                self.look_after();
            }
        }
    }

    fn wait(&self, waiters: &WaitQueue, is_over: &dyn Fn() -> bool) {
        let mut looks = if self.has_interrupts.load(Ordering::Relaxed) { 0 } else { LOOKS };
        while !is_over() {
            if looks > 0 {
                looks -= 1;
                self.look_after();
            } else if !waiters.wait_until_timeout(SLICE_MS, is_over) {
                self.look_after();
                if is_over() {
                    self.note_lost_interrupt();
                }
            }
        }
    }

    fn look_after(&self) {
        if !self.advance() {
            return;
        }
        let Some(mut controller) = self.queue.lock().begin_reset() else { return };
        log::warn!("a disk controller stopped; it is reset");
        let result = controller.reset();
        if result.is_err() {
            log::error!("a disk controller does not come back from its reset: its disks are given up");
        }
        self.queue.lock().end_reset(controller, result, time::uptime_ns());
        self.turns.fetch_add(1, Ordering::SeqCst);
    }

    fn settle(&self) {
        drop(self.queue.lock());
    }

    fn take_buffer(&self) -> Option<Buffer> {
        if let Some(buffer) = self.buffers.lock().pop() {
            return Some(buffer);
        }
        Buffer::allocate(if self.limits.reach == Reach::All { Zone::All } else { Zone::Below4GiB })
    }

    fn put_back(&self, buffer: Buffer) {
        let mut buffers = self.buffers.lock();
        if buffers.len() < BUFFERS_KEPT {
            buffers.push(buffer);
        }
    }
}
