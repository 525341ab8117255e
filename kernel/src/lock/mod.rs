//! Locks that never sleep, below the scheduler: what a thread or an interrupt handler holds for a moment.
//!
//! The type says what is off while the lock is held: [`SpinLock`] turns preemption off and must never be
//! taken by an interrupt handler; [`IrqSpinLock`] turns interrupts off as well and may be taken anywhere.
//! Locks that sleep live in `sync`, above.

pub mod misuse;
mod rank;
mod spin;

pub use self::spin::{IrqSpinLock, SpinLock, TrapGuard};
/// A value that is set once and read without a lock ever after.
pub use ::spin::Once;
pub use rank::{HeldRanks, Rank, stop_checking};
