//! The one place that knows the processor. `asm!`, control registers, MSRs and port instructions stand only
//! below this folder; what the rest of the kernel may call is re-exported here.
//!
//! - [`cpu`]: identify this CPU, halt it, what it can do
//! - [`identity`]: what the processor says of itself
//! - [`percpu`]: the block of data behind GS, preemption count included
//! - [`interrupts`]: on, off, restore
//! - [`trap`]: the saved context, and the hooks through which upper floors handle traps
//! - [`irq`]: device interrupts, by line or by message
//! - [`keyboard`]: one key, polled, after a panic
//! - [`pci`]: PCI configuration space through its ports
//! - [`port`]: claimed ranges of I/O ports
//! - [`time`]: uptime, busy waits, the tick
//! - [`smp`]: the other CPUs
//! - [`serial`]: the first serial port, polled, usable from the first instruction
//! - [`tlb`]: page-table base and translation invalidation
//! - [`user`]: words of user memory, that may fault

mod x86_64;

pub use x86_64::{
    apic, copy, cpu, identity, interrupts, irq, keyboard, pci, percpu, port, power, probe, serial, smp,
    stack, time, tlb, trap, user,
};
