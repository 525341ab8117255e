//! Starting the other processors, one after the other, and parking them.
//!
//! A started processor goes through three places: the trampoline (real mode to long mode),
//! [`processor_main`] (waits until it is known where its structure lies), and `park` in
//! `trampoline.s` (waits for the kernel, in nothing but memory that the kernel may reclaim after).
//! Source: Intel SDM vol. 3A, 9.4.4 (start-up) and 11.6.1 (interrupt command register).

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicU32, AtomicU64};

use bootload::HHDM;
use bootload::acpi::{Madt, Processor};
use bootload::responses::{GOTO_ADDRESS_OFFSET, PROCESSOR_SIZE};

use crate::machine::registers::Registers;
use crate::machine::{cpu, delay};
use crate::{MAX_PROCESSORS, physical};

/// Top of the stack for the processor that is being started.
#[unsafe(no_mangle)]
static PROCESSOR_STACK: AtomicU64 = AtomicU64::new(0);
/// How many processors have arrived in [`processor_main`].
static ARRIVED: AtomicU32 = AtomicU32::new(0);
/// Where they go from there, in the order they arrived: the address of the structure, and the top
/// of the stack, both virtual. An address of 0 means: not yet.
static PLACES: [[AtomicU64; 2]; MAX_PROCESSORS] =
    [const { [const { AtomicU64::new(0) }; 2] }; MAX_PROCESSORS];
/// The page tables they switch to; set before any of [`PLACES`].
static ROOT: AtomicU64 = AtomicU64::new(0);

// `park` in `trampoline.s` reads the address there.
const _: () = assert!(GOTO_ADDRESS_OFFSET == 16);

mod assembly {
    unsafe extern "C" {
        pub static trampoline_start: u8;
        pub static trampoline_end: u8;
        pub static trampoline_efer: u8;
        pub static early_efer: u32;
        pub fn park(structure: u64, stack: u64, root: u64) -> !;
    }
}

/// Lists the processors to be run, this one first, without duplicates, in the MADT's order. With
/// no MADT there is this one.
pub fn list<'a>(madt: Option<&Madt>, space: &'a mut [Processor; MAX_PROCESSORS]) -> &'a mut [Processor] {
    let this = cpu::lapic_id();
    space[0] = Processor { uid: 0, lapic_id: this };
    let mut count = 1;
    // Without a local APIC that answers nobody can be started. In xAPIC mode ids have 8 bits.
    let limit = match (cpu::x2apic_is_on(), cpu::lapic_base().and_then(Registers::at)) {
        (true, _) => u32::MAX,
        (false, Some(_)) => 0xff,
        (false, None) => 0,
    };
    for processor in madt.into_iter().flat_map(Madt::processors) {
        if processor.lapic_id == this {
            space[0] = processor;
        } else if processor.lapic_id < limit
            && count < MAX_PROCESSORS
            && !space[..count].iter().any(|known| known.lapic_id == processor.lapic_id)
        {
            space[count] = processor;
            count += 1;
        }
    }
    &mut space[..count]
}

/// Starts all of `listed` but the first, with the trampoline in `page`, and gives how many
/// processors run. Those that do not answer are taken out of the list.
pub fn start(listed: &mut [Processor], page: u64, stack_top: impl Fn(usize) -> u64) -> usize {
    copy_trampoline(page);
    const INIT: u32 = 0x4500;
    const START_UP: u32 = 0x4600;
    let start_up = START_UP | (page >> 12) as u32;

    for processor in &listed[1..] {
        send(processor.lapic_id, INIT);
    }
    // The 10 ms are for processors of the nineties; no hypervisor needs them.
    if !cpu::is_virtual() {
        delay::microseconds(10_000);
    }
    let mut running = 1;
    for index in 1..listed.len() {
        let id = listed[index].lapic_id;
        PROCESSOR_STACK.store(stack_top(running), Release);
        let has_arrived = || ARRIVED.load(Acquire) as usize == running;
        send(id, start_up);
        if !wait_until(has_arrived, 1_000) {
            send(id, start_up);
        }
        if wait_until(has_arrived, 500_000) {
            listed[running] = listed[index];
            running += 1;
        } else {
            // Back to sleep, or it would run on the next one's stack.
            send(id, INIT);
        }
    }
    running
}

/// Sends the processors that [`start`] has started to their final place: the structures start at
/// `structures`, virtual; `root` has the page tables. Does not wait for them to get there: for a
/// kernel that sends them on it makes no difference where they learn of it.
pub fn park(running: usize, structures: u64, stack_top: impl Fn(usize) -> u64, root: u64) {
    ROOT.store(root, Relaxed);
    for index in 1..running {
        let [structure, stack] = &PLACES[index - 1];
        stack.store(HHDM + stack_top(index), Relaxed);
        structure.store(structures + PROCESSOR_SIZE * index as u64, Release);
    }
}

/// Where `trampoline.s` calls Rust, on each processor, in the loader's own page tables.
#[unsafe(no_mangle)]
extern "C" fn processor_main() -> ! {
    cpu::load_pat(cpu::paging_features());
    // One processor at a time is on its way here, so the count is its number.
    let [structure, stack] = &PLACES[ARRIVED.fetch_add(1, Release) as usize];
    let structure = loop {
        match structure.load(Acquire) {
            0 => core::hint::spin_loop(),
            address => break address,
        }
    };
    // SAFETY: `park` in this file has set the stack and the root before the structure. All three
    // are mapped in the tables at the root, as is the higher half address of `park`: the loader's
    // image and the arena are bootloader-reclaimable memory, all of which is in the higher half
    // direct map; the early tables have the same mapping of the first 4 GiB. Nothing on the old
    // stack is used after it.
    unsafe {
        let park: extern "C" fn(u64, u64, u64) -> ! =
            core::mem::transmute(HHDM + assembly::park as *const () as u64);
        park(structure, stack.load(Relaxed), ROOT.load(Relaxed))
    }
}

fn copy_trampoline(page: u64) {
    let [start, end, efer] = [
        &raw const assembly::trampoline_start,
        &raw const assembly::trampoline_end,
        &raw const assembly::trampoline_efer,
    ]
    .map(|symbol| symbol as usize);
    let Some(code) = physical::bytes(start as u64, end - start) else { return };
    let page = physical::bytes_mut(page, code.len() as u64);
    page.copy_from_slice(code);
    // SAFETY: written once, by `entry.s`, before Rust ran.
    let bits = unsafe { assembly::early_efer };
    // The long mode active bit is the processor's to set.
    const LMA: u32 = 1 << 10;
    page[efer - start..][..4].copy_from_slice(&(bits & !LMA).to_le_bytes());
}

/// Sends `command` to one local APIC, waiting until the one before is gone.
fn send(target: u32, command: u32) {
    const ICR_LOW: u64 = 0x300;
    const ICR_HIGH: u64 = 0x310;
    const PENDING: u32 = 1 << 12;
    if cpu::x2apic_is_on() {
        return cpu::write_x2apic_command(target, command);
    }
    let Some(lapic) = cpu::lapic_base().and_then(Registers::at) else { return };
    wait_until(|| lapic.read(ICR_LOW) & PENDING == 0, 1_000);
    lapic.write(ICR_HIGH, target << 24);
    lapic.write(ICR_LOW, command);
    wait_until(|| lapic.read(ICR_LOW) & PENDING == 0, 1_000);
}

/// Waits for `condition`, at most about `us` microseconds; whether it came.
fn wait_until(condition: impl Fn() -> bool, us: u64) -> bool {
    const STEP_US: u64 = 10;
    for _ in 0..us / STEP_US {
        if condition() {
            return true;
        }
        delay::microseconds(STEP_US);
    }
    condition()
}
