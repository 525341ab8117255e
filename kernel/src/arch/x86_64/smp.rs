//! The other processors: started at boot, stopped at a panic.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use spin::Once;

use super::{apic, cpu, gdt, idt, interrupts, percpu, stack, time, tlb};

/// How long a processor may take to come up.
const START_TIMEOUT_NS: u64 = 10_000_000_000;

/// How long a panic waits for the other CPUs to stop.
const STOP_TIMEOUT_NS: u64 = 100_000_000;
/// The APIC id of a CPU that has not arrived.
const UNKNOWN: u32 = u32::MAX;

/// What started CPUs run; set once they are counted.
static MAIN: Once<fn() -> !> = Once::new();
/// CPUs that have a number.
static ARRIVED: AtomicUsize = AtomicUsize::new(1);
/// CPUs that are set up.
static READY: AtomicUsize = AtomicUsize::new(1);
static STOP: AtomicBool = AtomicBool::new(false);
static STOPPED: AtomicUsize = AtomicUsize::new(0);
static LOCAL_APICS: [AtomicU32; percpu::MAX_CPUS] = [const { AtomicU32::new(UNKNOWN) }; percpu::MAX_CPUS];

/// Sets the boot CPU up, which needs no memory: per-CPU block, control registers, descriptor tables, trap
/// gates. From here on locks work, and a fault is reported instead of resetting the machine.
///
/// # Safety
/// Called once, as the first thing the kernel does.
#[inline(always)] // so that the frame noted is the entry's
pub unsafe fn initialise_boot_cpu() {
    stack::note_entry();
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

/// Starts the other processors and waits until they are ready to run `main`, which they then do; returns how
/// many CPUs run. `send(limit, entry)` has up to `limit` processors call `entry`, each on a stack of the loader
/// with interrupts off, and returns how many.
pub fn start_others(send: impl FnOnce(usize, fn() -> !) -> usize, main: fn() -> !) -> usize {
    // Without a local APIC there is no tick and no acknowledgement for them.
    if apic::local::is_present() {
        let sent = send(percpu::MAX_CPUS - 1, arrive);
        let start = time::uptime_ns();
        while READY.load(Ordering::Acquire) < sent + 1 && time::uptime_ns() - start < START_TIMEOUT_NS {
            core::hint::spin_loop();
        }
    }
    let count = READY.load(Ordering::Acquire);
    cpu::set_count(count);
    MAIN.call_once(|| main);
    count
}

/// Where a processor arrives from the loader: on the loader's stack, under the loader's page tables, with
/// interrupts off.
fn arrive() -> ! {
    // Numbered as they come, so that one that never comes leaves no gap: what is counted below has arrived.
    // At most MAX_CPUS - 1 were sent.
    let number = ARRIVED.fetch_add(1, Ordering::Relaxed);
    percpu::install(number);
    cpu::initialise();
    tlb::adopt_kernel_table();
    gdt::load();
    idt::load();
    apic::local::enable(false);
    // From here on a panic finds this CPU; one that looked before is seen in the loop below.
    LOCAL_APICS[number].store(apic::local::id(), Ordering::SeqCst);
    READY.fetch_add(1, Ordering::AcqRel);
    let main = loop {
        stop_if_asked();
        match MAIN.get() {
            Some(main) => break main,
            None => core::hint::spin_loop(),
        }
    };
    if number >= cpu::count() {
        // Too late: everybody has sized their tables by the count.
        cpu::halt_forever();
    }
    main()
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

/// Stops every other CPU for good, even one that has interrupts off, and says how many were stopped. Only the
/// CPUs known by number are sent the interrupt: one that still waits in the loader has no gate for it and
/// would reset the machine.
pub fn stop_others() -> usize {
    interrupts::disable();
    if STOP.swap(true, Ordering::SeqCst) {
        // Another CPU is stopping everybody, this one included.
        stop_if_asked();
    }
    let mut others = 0;
    for (number, id) in LOCAL_APICS.iter().enumerate() {
        let id = id.load(Ordering::SeqCst);
        if id != UNKNOWN && number != percpu::id() {
            apic::local::send_nmi(id);
            others += 1;
        }
    }
    let start = time::uptime_ns();
    while STOPPED.load(Ordering::Acquire) < others && time::uptime_ns() - start < STOP_TIMEOUT_NS {
        core::hint::spin_loop();
    }
    STOPPED.load(Ordering::Acquire)
}

/// Stops this CPU when [`stop_others`] asks; returns otherwise.
pub(super) fn stop_if_asked() {
    if STOP.load(Ordering::SeqCst) {
        STOPPED.fetch_add(1, Ordering::AcqRel);
        cpu::halt_forever();
    }
}
