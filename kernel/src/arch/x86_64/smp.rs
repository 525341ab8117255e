//! The other processors: started at boot, stopped at a panic.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use spin::Once;

use super::trap::TrapFrame;
use super::{apic, cpu, gdt, idt, interrupts, percpu, stack, time, tlb};

/// How long a processor may take to come up.
const START_TIMEOUT_NS: u64 = 10_000_000_000;

/// How long a panic waits for the other CPUs to stop. They answer in microseconds, but a virtual one may not get to
/// run for a while.
const STOP_TIMEOUT_NS: u64 = 1_000_000_000;
/// The APIC id of a CPU that has not arrived.
const UNKNOWN: u32 = u32::MAX;

/// An APIC id that no CPU has: 255 means all of them, and ids are given from 0 up.
const NOBODY: u32 = 254;

/// What started CPUs run; set once they are counted.
static MAIN: Once<fn() -> !> = Once::new();
/// CPUs that have a number.
static ARRIVED: AtomicUsize = AtomicUsize::new(1);
/// CPUs that are set up.
static READY: AtomicUsize = AtomicUsize::new(1);
static STOP: AtomicBool = AtomicBool::new(false);
static STOPPED: AtomicUsize = AtomicUsize::new(0);
static PLACES: [Place; percpu::MAX_CPUS] = [const { Place::new() }; percpu::MAX_CPUS];
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
        while READY.load(Ordering::Acquire) < sent + 1 && time::since_ns(start) < START_TIMEOUT_NS {
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
        stop_if_asked(None);
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

/// Forgets how to reach `cpu`: for a test of what a panic makes of one that does not answer.
pub fn lose(cpu: usize) {
    if let Some(id) = LOCAL_APICS.get(cpu) {
        id.store(NOBODY, Ordering::SeqCst);
    }
}

/// Asks `cpu` to invalidate translations.
pub fn send_shootdown(cpu: usize) {
    if let Some(id) = LOCAL_APICS.get(cpu) {
        apic::local::send(id.load(Ordering::Relaxed), super::trap::vector::SHOOTDOWN);
    }
}

/// Where a CPU was stopped.
#[derive(Clone, Copy, Debug)]
pub struct Stopped {
    /// The instruction it would have executed next; `None` when it stopped of itself.
    pub instruction: Option<u64>,
    /// Its frame pointer, to walk its stack from.
    pub frame_pointer: u64,
    /// Whether it had interrupts on.
    pub interrupts_on: bool,
}

/// What a CPU leaves behind when it stops.
struct Place {
    /// It has something to say before it stops, and will stop of itself.
    finishing: AtomicBool,
    /// It runs no more; what is below is final.
    stopped: AtomicBool,
    instruction: AtomicU64,
    frame_pointer: AtomicU64,
    interrupts_on: AtomicBool,
}

impl Place {
    const fn new() -> Self {
        Self {
            finishing: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            instruction: AtomicU64::new(0),
            frame_pointer: AtomicU64::new(0),
            interrupts_on: AtomicBool::new(false),
        }
    }
}

/// Stops every other CPU for good, even one that has interrupts off, and waits a second for them at most;
/// [`stopped`] tells which have answered. Only the CPUs known by number are sent the interrupt: one that still
/// waits in the loader has no gate for it and would reset the machine.
pub fn stop_others() {
    interrupts::disable();
    STOP.store(true, Ordering::SeqCst);
    let mut others = 0;
    for (number, id) in LOCAL_APICS.iter().enumerate() {
        let id = id.load(Ordering::SeqCst);
        if id != UNKNOWN && number != percpu::id() {
            apic::local::send_nmi(id);
            others += 1;
        }
    }
    let start = time::uptime_ns();
    while STOPPED.load(Ordering::Acquire) < others && time::since_ns(start) < STOP_TIMEOUT_NS {
        core::hint::spin_loop();
    }
}

/// Whether the end has come: a CPU stops all others, or has.
pub fn is_stopping() -> bool {
    STOP.load(Ordering::SeqCst)
}

/// Where that CPU was stopped; `None` while it runs, or does not answer.
pub fn stopped(cpu: usize) -> Option<Stopped> {
    let place = PLACES.get(cpu).filter(|place| place.stopped.load(Ordering::Acquire))?;
    let instruction = place.instruction.load(Ordering::Relaxed);
    Some(Stopped {
        instruction: (instruction != 0).then_some(instruction),
        frame_pointer: place.frame_pointer.load(Ordering::Relaxed),
        interrupts_on: place.interrupts_on.load(Ordering::Relaxed),
    })
}

/// Has [`stop_others`], called by another CPU, wait until this one stops of itself, by [`stop_here`]. Says whether
/// that was so already.
pub fn finish_before_stopping() -> bool {
    PLACES[percpu::id()].finishing.swap(true, Ordering::Relaxed)
}

/// Stops this CPU for good, of itself. `frame_pointer` tells how it came to that.
pub fn stop_here(frame_pointer: u64) -> ! {
    interrupts::disable();
    stop_at(0, frame_pointer, false)
}

/// Stops this CPU when [`stop_others`] asks; `frame` is what it interrupted. Returns otherwise, and says whether this
/// CPU was asked but has something to finish.
pub(super) fn stop_if_asked(frame: Option<&TrapFrame>) -> bool {
    if !STOP.load(Ordering::SeqCst) {
        return false;
    }
    if PLACES[percpu::id()].finishing.load(Ordering::Relaxed) {
        return true;
    }
    match frame {
        Some(frame) => stop_at(frame.rip, frame.rbp, frame.rflags & interrupts::INTERRUPT_FLAG != 0),
        None => stop_here(0),
    }
}

fn stop_at(instruction: u64, frame_pointer: u64, interrupts_on: bool) -> ! {
    let place = &PLACES[percpu::id()];
    place.instruction.store(instruction, Ordering::Relaxed);
    place.frame_pointer.store(frame_pointer, Ordering::Relaxed);
    place.interrupts_on.store(interrupts_on, Ordering::Relaxed);
    place.stopped.store(true, Ordering::Release);
    STOPPED.fetch_add(1, Ordering::AcqRel);
    cpu::halt_forever()
}
