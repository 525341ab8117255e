//! Kernel stacks, each with as much unmapped space below as it is large: an overflow faults at once instead
//! of writing over its neighbour.
//!
//! A few stacks that were given back stay mapped and are the next ones given out: no unmapping, no CPU to be
//! told. What is more than that goes back, so that a burst of threads does not hold memory for ever.

use frames::FRAME_SIZE;

use super::heap::fault;
use super::layout;
use super::window::{Shape, UNIT, Window, settle};
use crate::lock::{IrqSpinLock, Rank};

/// Bytes of a stack.
pub const STACK_SIZE: u64 = 32 << 10;
/// Bytes below each that stay unmapped.
pub const GUARD_SIZE: u64 = UNIT - STACK_SIZE;
/// Stacks that can exist at a time.
const MAX_STACKS: u64 = 16 << 10;
/// Unused stacks that stay mapped.
const KEPT: usize = 16;

const SHAPE: Shape = Shape { guard: GUARD_SIZE, pages: STACK_SIZE / FRAME_SIZE, units: 1 };

static WINDOW: Window = Window::new(layout::STACKS);
static UNUSED: IrqSpinLock<Unused> = IrqSpinLock::new(Rank::Stacks, Unused { bottoms: [0; KEPT], count: 0 });

struct Unused {
    bottoms: [u64; KEPT],
    count: usize,
}

/// Opens the window of stacks.
pub(super) fn init() -> bool {
    WINDOW.open(MAX_STACKS)
}

/// Bytes of stacks that are mapped, those that wait to be used again included.
pub(super) fn used() -> u64 {
    WINDOW.used()
}

/// A stack; dropping it gives it back. Whoever drops it makes sure that no CPU stands on it.
#[derive(Debug)]
pub struct KernelStack {
    bottom: u64,
}

impl KernelStack {
    /// A stack of [`STACK_SIZE`] bytes; `None` when memory is out.
    pub fn allocate() -> Option<Self> {
        if fault::strikes(fault::Kind::Heap) {
            return None;
        }
        let kept = {
            let mut unused = UNUSED.lock();
            unused.count.checked_sub(1).map(|last| {
                unused.count = last;
                unused.bottoms[last]
            })
        };
        let fresh = || WINDOW.allocate(SHAPE, 1);
        let bottom = kept.or_else(fresh).or_else(|| settle().then(fresh).flatten())?;
        Some(Self { bottom })
    }

    /// The address behind the stack's last byte, a multiple of 4096: where the stack pointer starts.
    pub fn top(&self) -> u64 {
        self.bottom + STACK_SIZE
    }

    /// The stack's lowest address; below is the guard.
    pub fn bottom(&self) -> u64 {
        self.bottom
    }
}

impl Drop for KernelStack {
    fn drop(&mut self) {
        {
            let mut unused = UNUSED.lock();
            let count = unused.count;
            if let Some(slot) = unused.bottoms.get_mut(count) {
                *slot = self.bottom;
                unused.count += 1;
                return;
            }
        }
        // SAFETY: the bottom came from this window with this shape, and no CPU stands on the stack any more,
        // by the type's rule.
        unsafe { WINDOW.free(self.bottom, SHAPE) };
    }
}

/// Whether `address` lies in the guard below some stack: an overflow, when something faults there.
pub fn is_guard(address: u64) -> bool {
    (layout::STACKS..layout::MMIO).contains(&address) && (address - layout::STACKS) % UNIT < SHAPE.guard
}
