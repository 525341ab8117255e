//! The other processors: started at boot, stopped at a panic.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use spin::Once;

use super::{apic, cpu, gdt, idt, interrupts, percpu, time, tlb};

/// How long a processor may take to come up.
const START_TIMEOUT_NS: u64 = 1_000_000_000;

static MAIN: Once<fn() -> !> = Once::new();
static ONLINE: AtomicUsize = AtomicUsize::new(1);
static STOP: AtomicBool = AtomicBool::new(false);
static STOPPED: AtomicUsize = AtomicUsize::new(0);
static LOCAL_APICS: [AtomicU32; percpu::MAX_CPUS] = [const { AtomicU32::new(0) }; percpu::MAX_CPUS];

/// Sets the boot CPU up, which needs no memory: per-CPU block, control registers, descriptor tables, trap
/// gates. From here on locks work, and a fault is reported instead of resetting the machine.
///
/// # Safety
/// Called once, as the first thing the kernel does.
pub unsafe fn initialise_boot_cpu() {
    percpu::install(0);
    cpu::initialise();
    // SAFETY: the caller's promise; other CPUs are started later, by `start_others`.
    unsafe { gdt::load_on_boot_cpu() };
    idt::load();
}

/// Silences the legacy interrupt controllers; lines are let through as drivers register.
pub fn initialise_interrupt_controllers() {
    super::pic::initialise();
    apic::local::enable(true);
    apic::io::set_destination(apic::local::id());
    LOCAL_APICS[0].store(apic::local::id(), Ordering::Relaxed);
}

/// Starts the other processors and waits until they run `main`; returns how many CPUs run then.
/// `send(limit, entry)` has up to `limit` processors call `entry` with numbers from 1, each on a stack of
/// the loader with interrupts off, and returns how many.
pub fn start_others(send: impl FnOnce(usize, fn(usize) -> !) -> usize, main: fn() -> !) -> usize {
    // Without a local APIC there is no tick and no acknowledgement for them.
    if apic::local::is_present() {
        MAIN.call_once(|| main);
        let sent = send(percpu::MAX_CPUS - 1, arrive);
        let start = time::uptime_ns();
        while ONLINE.load(Ordering::Acquire) < sent + 1 && time::uptime_ns() - start < START_TIMEOUT_NS {
            core::hint::spin_loop();
        }
    }
    let online = ONLINE.load(Ordering::Acquire);
    cpu::set_count(online);
    online
}

/// Where a processor arrives from the loader: on the loader's stack, under the loader's page tables, with
/// interrupts off.
fn arrive(number: usize) -> ! {
    percpu::install(number);
    cpu::initialise();
    tlb::adopt_kernel_table();
    gdt::load();
    idt::load();
    apic::local::enable(false);
    LOCAL_APICS[number].store(apic::local::id(), Ordering::Relaxed);
    ONLINE.fetch_add(1, Ordering::AcqRel);
    // Numbers are handed out in order, but CPUs arrive in any; the count is published when all are there.
    while cpu::count() <= number && !STOP.load(Ordering::Relaxed) {
        core::hint::spin_loop();
    }
    match MAIN.get() {
        Some(main) => main(),
        None => cpu::halt_forever(),
    }
}

/// Asks `cpu` to look at its run queue.
pub fn send_reschedule(cpu: usize) {
    if let Some(id) = LOCAL_APICS.get(cpu) {
        apic::local::send(id.load(Ordering::Relaxed), super::trap::vector::RESCHEDULE);
    }
}

/// Asks every other CPU to invalidate translations.
pub fn send_shootdown() {
    apic::local::send_to_others(super::trap::vector::SHOOTDOWN);
}

/// Stops every other CPU for good, even one that has interrupts off, and says how many were stopped.
pub fn stop_others() -> usize {
    interrupts::disable();
    if STOP.swap(true, Ordering::AcqRel) {
        // Another CPU is stopping everybody, this one included.
        stop_if_asked();
    }
    let others = cpu::count() - 1;
    if others > 0 {
        apic::local::send_nmi_to_others();
        let start = time::uptime_ns();
        while STOPPED.load(Ordering::Acquire) < others && time::uptime_ns() - start < 100_000_000 {
            core::hint::spin_loop();
        }
    }
    STOPPED.load(Ordering::Acquire)
}

/// Stops this CPU when [`stop_others`] asks; returns otherwise.
pub(super) fn stop_if_asked() {
    if STOP.load(Ordering::Acquire) {
        STOPPED.fetch_add(1, Ordering::AcqRel);
        cpu::halt_forever();
    }
}
