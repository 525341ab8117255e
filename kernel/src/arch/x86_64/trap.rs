//! The saved context, and what happens between the stub's call and its return.
//!
//! This file decides only who handles a trap. Handlers come from upper floors through hooks: the scheduler
//! hands in [`set_reschedule`], the panic screen [`set_fault_reporter`], drivers register with `irq`.

use core::arch::asm;
use core::mem::offset_of;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use spin::Once;

use super::{apic, irq, percpu, pic, smp, time, user};

/// Everything a thread has when it is not running: decision 3 of the design. Lives on the thread's own
/// kernel stack; a pointer to it is the thread's whole context.
#[repr(C, align(16))]
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "registers have no better names than their own")]
pub struct TrapFrame {
    /// x87, MMX and SSE state in FXSAVE's 64-bit layout (SDM vol. 1, 10.5.1).
    pub fxsave: [u8; 512],
    pub r15: u64,
    pub r14: u64,
    pub r13: u64,
    pub r12: u64,
    pub r11: u64,
    pub r10: u64,
    pub r9: u64,
    pub r8: u64,
    pub rbp: u64,
    pub rdi: u64,
    pub rsi: u64,
    pub rdx: u64,
    pub rcx: u64,
    pub rbx: u64,
    pub rax: u64,
    /// 0–255; for a thread that yielded only the lowest byte means something, and the registers that a function call
    /// does not keep hold anything.
    pub vector: u64,
    /// What the CPU pushed, or 0.
    pub error_code: u64,
    pub rip: u64,
    pub cs: u64,
    pub rflags: u64,
    pub rsp: u64,
    pub ss: u64,
}

/// Interrupt vectors that are not exceptions.
pub mod vector {
    /// First of the sixteen ISA lines.
    pub const ISA_BASE: u8 = 0x20;
    /// The local APIC's timer.
    pub const TIMER: u8 = 0x40;
    /// First of the messages that PCI devices send.
    pub const FIRST_MESSAGE: u8 = 0x50;
    /// How many messages there are.
    pub const MESSAGES: usize = 48;
    /// A thread gives up its CPU: `int YIELD`.
    pub const YIELD: u8 = 0x81;
    /// Another CPU wants this one to look at its run queue.
    pub const RESCHEDULE: u8 = 0xf0;
    /// Another CPU has changed page tables.
    pub const SHOOTDOWN: u8 = 0xf1;
    /// The local APIC's spurious interrupt: not acknowledged.
    pub const SPURIOUS: u8 = 0xff;
}

const NMI: u8 = 2;
const BREAKPOINT: u8 = 3;
const PAGE_FAULT: u8 = 14;

impl TrapFrame {
    /// The context of a thread that has not run yet: it starts at `entry` with `argument` in `rdi`, on the
    /// stack that ends at `stack_top`, with interrupts on.
    pub fn starting_at(entry: u64, argument: u64, stack_top: u64) -> Self {
        let mut fxsave = [0; 512];
        // The state after FNINIT and reset: all exceptions masked (SDM vol. 1, 8.1.5 and 10.2.3).
        fxsave[0..2].copy_from_slice(&0x037f_u16.to_le_bytes());
        fxsave[24..28].copy_from_slice(&0x1f80_u32.to_le_bytes());
        Self {
            fxsave,
            r15: 0,
            r14: 0,
            r13: 0,
            r12: 0,
            r11: 0,
            r10: 0,
            r9: 0,
            r8: 0,
            rbp: 0,
            rdi: argument,
            rsi: 0,
            rdx: 0,
            rcx: 0,
            rbx: 0,
            rax: 0,
            // None that comes: all registers are to be loaded, unlike those of a thread that yielded.
            vector: vector::SPURIOUS.into(),
            error_code: 0,
            rip: entry,
            cs: super::gdt::KERNEL_CODE.into(),
            rflags: 0x202,
            // A function expects rsp + 8 to be 16-aligned, as after a call.
            rsp: stack_top - 8,
            ss: super::gdt::KERNEL_DATA.into(),
        }
    }
}

/// What the stub does when the dispatcher returns: it reads this from two registers.
#[repr(C)]
pub struct Resume {
    frame: *mut TrapFrame,
    /// The byte to clear once this CPU has left the stack it came on.
    left: *mut u8,
}

impl Resume {
    /// The frame that stopped goes on.
    pub fn same(frame: *mut TrapFrame) -> Self {
        // Nobody leaves, so a byte is cleared that nobody reads any more: the error code of the frame, behind what
        // the stub still pops.
        Self { frame, left: frame.wrapping_byte_add(offset_of!(TrapFrame, error_code)).cast() }
    }

    /// Another thread's frame is resumed; `on_cpu` is the flag of the thread that this CPU leaves, to be cleared
    /// when it has.
    pub fn other(frame: *mut TrapFrame, on_cpu: &AtomicBool) -> Self {
        Self { frame, left: on_cpu.as_ptr().cast() }
    }
}

/// Decides which thread runs next: takes the frame of the one that stops, returns the frame to resume. The
/// stub of `int YIELD` calls it directly, hence its ABI.
pub type Reschedule = extern "C" fn(*mut TrapFrame) -> Resume;
/// Reports a fault nobody handles, and never returns.
pub type FaultReporter = fn(&TrapFrame, fault_address: u64) -> !;

static PREEMPT: AtomicPtr<()> = AtomicPtr::new(stay as *mut ());
pub(super) static YIELD: AtomicPtr<()> = AtomicPtr::new(stay as *mut ());
static FAULT_REPORTER: Once<FaultReporter> = Once::new();
static SHOOTDOWN: Once<fn()> = Once::new();

/// What notes where a CPU was at a tick; null while nobody wants to know.
static SAMPLER: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

/// Without a scheduler, whoever runs goes on.
extern "C" fn stay(frame: *mut TrapFrame) -> Resume {
    Resume::same(frame)
}

/// Hands in the scheduler: what runs at the end of an interrupt after which threads may be switched, and what
/// runs when a thread yields.
///
/// # Safety
/// Both return the frame they were given, or one of a thread that no CPU runs: built by
/// [`TrapFrame::starting_at`] on that thread's own stack, or given to one of them when the thread stopped. The flag
/// returned with it lives until it is cleared.
pub unsafe fn set_reschedule(preempt: Reschedule, give_way: Reschedule) {
    PREEMPT.store(preempt as *mut (), Ordering::Release);
    YIELD.store(give_way as *mut (), Ordering::Release);
}

/// Hands in what reports unhandled faults. The first call wins.
pub fn set_fault_reporter(hook: FaultReporter) {
    FAULT_REPORTER.call_once(|| hook);
}

/// Hands in what invalidates translations when another CPU asks. The first call wins.
pub fn set_shootdown(hook: fn()) {
    SHOOTDOWN.call_once(|| hook);
}

/// How often `vector` has come, on all CPUs.
pub fn count(vector: u8) -> u64 {
    (0..percpu::MAX_CPUS).map(|cpu| count_on(cpu, vector)).sum()
}

/// How often `vector` has come on that CPU. Voluntary yields are no traps, and not counted.
pub fn count_on(cpu: usize, vector: u8) -> u64 {
    percpu::traps(cpu, vector)
}

/// What looks at the context that a tick interrupted.
pub type Sampler = fn(&TrapFrame);

/// Hands in what looks at each tick from now on, on every CPU, with interrupts off; or takes it out.
pub fn set_sampler(sampler: Option<Sampler>) {
    SAMPLER.store(sampler.map_or(core::ptr::null_mut(), |sampler| sampler as *mut ()), Ordering::Release);
}

/// Whether somebody looks at each tick.
pub fn is_sampled() -> bool {
    !SAMPLER.load(Ordering::Relaxed).is_null()
}

fn sample(frame: &TrapFrame) {
    let sampler = SAMPLER.load(Ordering::Acquire);
    if !sampler.is_null() {
        // SAFETY: only what `set_sampler` was given is ever stored, and that is of this type.
        let sampler = unsafe { core::mem::transmute::<*mut (), Sampler>(sampler) };
        sampler(frame);
    }
}

/// Gives up the CPU: the thread's context is saved, and it goes on when the scheduler picks it again.
///
/// # Panics
/// In debug builds, when a spin lock is held or an interrupt is being handled: whoever runs next might wait
/// for that lock for ever.
pub fn yield_now() {
    debug_assert!(percpu::preemptible(), "gave up the CPU under a spin lock");
    debug_assert!(!percpu::in_trap(), "gave up the CPU in an interrupt handler");
    // SAFETY: the gate leads to the stub, which keeps the registers a function keeps, and the flags; the
    // scheduler returns either this frame or another thread's. Memory may have changed: not `nomem`.
    unsafe { asm!("int {}", const vector::YIELD, clobber_abi("C")) };
}

/// Interrupts this CPU as another does that wants it to look at its run queue: through the same gate, but at this
/// very instruction. For measuring what that costs.
pub fn interrupt_to_reschedule() {
    // SAFETY: the gate leads to the stub, which keeps every register; the acknowledgement of an interrupt that the
    // local APIC has not delivered does nothing (SDM vol. 3A, 11.8.5). Memory may have changed: not `nomem`.
    unsafe { asm!("int {}", const vector::RESCHEDULE) };
}

/// The stub's way in: a thin shell around the safe body.
pub(super) extern "C" fn dispatch(frame: *mut TrapFrame) -> Resume {
    // SAFETY: the stub passes the address of the frame it has just built on this stack, 16-aligned, and
    // touches it again only after this returns.
    let vector = unsafe { (*frame).vector } as u8;
    percpu::count_trap(vector);
    percpu::enter_trap();
    // Before anything that may have been unmapped during the rest is touched.
    if percpu::stop_resting() {
        forget_translations();
    }
    if vector == PAGE_FAULT {
        // SAFETY: as above; what faulted at such a place goes on at the other, with the registers as they are.
        unsafe {
            if let Some(landing) = user::landing((*frame).rip) {
                (*frame).rip = landing;
                percpu::leave_trap();
                return Resume::same(frame);
            }
        }
    }
    let held = held_locks();
    // SAFETY: as above; the shared reference ends before the frame is resumed.
    let switch = handle(vector, unsafe { &*frame });
    debug_assert!(
        held_locks() == held,
        "the handler of interrupt {vector} kept a spin lock, or released another's"
    );
    percpu::leave_trap();
    if switch && percpu::need_resched() && percpu::preemptible() && !percpu::in_trap() {
        return reschedule(frame);
    }
    Resume::same(frame)
}

/// How many spin locks this CPU holds, in builds that check; a handler must leave it as it was.
fn held_locks() -> usize {
    if cfg!(debug_assertions) { percpu::held_ranks(percpu::id()).count() } else { 0 }
}

fn reschedule(frame: *mut TrapFrame) -> Resume {
    // SAFETY: only `stay` and what `set_reschedule` was given are ever stored, both of this type.
    let hook = unsafe { core::mem::transmute::<*mut (), Reschedule>(PREEMPT.load(Ordering::Acquire)) };
    hook(frame)
}

/// Handles a trap; says whether threads may be switched afterwards.
fn handle(vector: u8, frame: &TrapFrame) -> bool {
    match vector {
        NMI => !smp::stop_if_asked(Some(frame)) && report(frame),
        BREAKPOINT => {
            log::warn!("breakpoint at {:#x}", frame.rip);
            false
        }
        0..=31 => report(frame),
        vector::TIMER => {
            sample(frame);
            time::tick();
            apic::local::end_of_interrupt();
            true
        }
        vector::RESCHEDULE => {
            percpu::set_need_resched();
            apic::local::end_of_interrupt();
            true
        }
        vector::SHOOTDOWN => {
            forget_translations();
            apic::local::end_of_interrupt();
            false
        }
        vector::SPURIOUS => false,
        v if (vector::ISA_BASE..vector::ISA_BASE + 16).contains(&v) => {
            let line = v - vector::ISA_BASE;
            if !pic::is_spurious(line) {
                irq::handle(line);
                irq::end_of_interrupt(line);
            }
            true
        }
        v if (vector::FIRST_MESSAGE..vector::FIRST_MESSAGE + vector::MESSAGES as u8).contains(&v) => {
            irq::handle_message(v);
            true
        }
        other => {
            log::warn!("unexpected interrupt {other}");
            apic::local::end_of_interrupt();
            false
        }
    }
}

/// Forgets what other CPUs have unmapped.
fn forget_translations() {
    if let Some(hook) = SHOOTDOWN.get() {
        hook();
    }
}

fn report(frame: &TrapFrame) -> bool {
    let address = fault_address();
    match FAULT_REPORTER.get() {
        Some(hook) => hook(frame, address),
        None => panic!("exception {} at {:#x}, address {address:#x}", frame.vector, frame.rip),
    }
}

/// The address whose access raised the last page fault (CR2).
fn fault_address() -> u64 {
    let address: u64;
    // SAFETY: reading CR2 has no effect.
    unsafe { asm!("mov {}, cr2", out(reg) address, options(nomem, nostack, preserves_flags)) };
    address
}
