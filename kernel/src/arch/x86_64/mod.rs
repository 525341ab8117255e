//! x86-64. Citations "SDM" are to Intel's Software Developer's Manual.

pub mod apic;
pub mod copy;
pub mod cpu;
mod gdt;
mod guarded;
pub mod identity;
mod idt;
pub mod interrupts;
pub mod irq;
pub mod keyboard;
mod msr;
pub mod pci;
pub mod percpu;
mod pic;
mod pit;
pub mod port;
pub mod power;
pub mod probe;
pub mod serial;
pub mod smp;
pub mod stack;
mod stubs;
pub mod time;
pub mod tlb;
pub mod trap;
pub mod user;
