//! The kernel's last words: cause, registers and a symbolised backtrace, the other CPUs and the log, on the serial
//! port and the screen. Nothing here allocates or waits for a lock.
//!
//! What happens, in order:
//!
//! 1. The first CPU that fails owns the report ([`OWNER`]). One that fails meanwhile notes its cause and stops: there
//!    is one report, and the other is listed in it.
//! 2. The owner goes over to a spare stack, since its own may be full.
//! 3. Every other CPU is stopped by a non-maskable interrupt and leaves behind where it was; a second later at most,
//!    one that does not answer is left alone. Only then the screen is taken: nobody draws over it.
//! 4. The report is written in [`STAGES`]. Each is begun once: when one fails itself, that is told in a line, and the
//!    next one goes on.
//! 5. Enter restarts the machine.

mod cause;
mod lines;
mod others;
mod page;
mod sections;
mod text;
mod trace;

use core::fmt;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::{screen, serial_writer};
use crate::arch::trap::TrapFrame;
use crate::arch::{cpu, interrupts, keyboard, percpu, power, smp, stack};
use crate::lock::{self, HeldRanks, Once};
use cause::Fault;
use lines::say;
use page::{Page, Wishes};
use text::Text;

/// Characters of a cause that are kept.
const CAUSE_BYTES: usize = 400;
/// A report that fails more often than it has stages is given up.
const MAX_FAILURES: usize = STAGES.len();

type Cause = Text<CAUSE_BYTES>;

/// Number + 1 of the CPU that reports; 0 while all is well.
static OWNER: AtomicUsize = AtomicUsize::new(0);
static FAILURE: Once<Failure> = Once::new();
static CAUSE: Once<Cause> = Once::new();
static PAGE: Once<Page> = Once::new();
/// The stage that is begun next.
static STAGE: AtomicUsize = AtomicUsize::new(0);
/// How often the report itself has failed.
static FAILURES: AtomicUsize = AtomicUsize::new(0);
/// Causes of CPUs that failed while another reported.
static OTHER_CAUSES: [Once<Cause>; cpu::MAX_CPUS] = [const { Once::new() }; cpu::MAX_CPUS];
static DEBUG_EXIT: AtomicBool = AtomicBool::new(false);

/// Exit status of a panic through QEMU's exit device.
const EXIT_PANIC: u8 = 0x7f;

/// What the report is about.
struct Failure {
    cpu: usize,
    frame_pointer: u64,
    /// Whether an interrupt or exception was being handled, besides the one that is reported.
    in_handler: bool,
    /// Names of the spin locks that the CPU held, where they are checked.
    held_locks: Text<80>,
    /// The exception's context and the address in CR2; a panic has none.
    fault: Option<(TrapFrame, u64)>,
}

/// The report. Everything that may go wrong comes after what is needed most.
const STAGES: [fn(&Failure); 9] = [
    |_| smp::stop_others(),
    |_| serial_writer::drain_in_panic(),
    |_| say(format_args!("panic: {}", cause_text().as_str())),
    open_page,
    |failure| sections::place(failure, PAGE.get().map(|page| page.place)),
    |failure| sections::registers(failure, PAGE.get().map(|page| page.registers)),
    |failure| trace::trace(failure, PAGE.get().map(|page| page.trace)),
    |failure| others::others(failure, PAGE.get().map(|page| page.others)),
    |failure| sections::log(failure, PAGE.get().map(|page| page.log)),
];

/// Makes a panic end QEMU, as tests want it.
pub fn exit_on_panic() {
    DEBUG_EXIT.store(true, Ordering::Relaxed);
}

/// Called by the panic handler.
pub fn panic(info: &PanicInfo<'_>) -> ! {
    interrupts::disable();
    let message = info.message();
    match info.location() {
        Some(at) => begin(None, &format_args!("{message} ({}:{}:{})", at.file(), at.line(), at.column())),
        None => begin(None, &message),
    }
}

/// Called for a CPU exception nobody handles.
pub fn fault(frame: &TrapFrame, address: u64) -> ! {
    interrupts::disable();
    begin(Some(Fault { frame, address }), &Fault { frame, address })
}

/// Lets one CPU report. `tell` says what happened. Uses little stack until it has the spare one: the own may be
/// nearly full.
fn begin(fault: Option<Fault<'_>>, tell: &dyn fmt::Display) -> ! {
    let me = percpu::id();
    let frame_pointer = fault.map_or(stack::frame_pointer(), |fault| fault.frame.rbp);
    // Whoever loses the race still has its cause to note.
    let again = smp::finish_before_stopping();
    match OWNER.compare_exchange(0, me + 1, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => stack::finish_on_spare(&mut || {
            lock::stop_checking();
            // What is logged from now on could wait for a lock for ever.
            log::set_max_level(log::LevelFilter::Off);
            FAILURE.call_once(|| Failure::of(fault, frame_pointer));
            let cause = Cause::of(format_args!("{tell}"));
            CAUSE.call_once(|| cause);
            report();
        }),
        Err(owner) if owner == me + 1 => {
            note_failure(tell);
            report()
        }
        Err(_) => {
            if !again {
                let cause = Cause::of(format_args!("{tell}"));
                OTHER_CAUSES[me].call_once(|| cause);
            }
            smp::stop_here(frame_pointer)
        }
    }
}

impl Failure {
    /// What is known of a failure on this CPU.
    fn of(fault: Option<Fault<'_>>, frame_pointer: u64) -> Self {
        let cpu = percpu::id();
        Self {
            cpu,
            frame_pointer,
            // An exception counts as one itself.
            in_handler: percpu::trap_depth() > u8::from(fault.is_some()),
            held_locks: Text::of(format_args!("{}", HeldRanks(cpu))),
            fault: fault.map(|fault| (fault.frame.clone(), fault.address)),
        }
    }
}

/// Tells that the report has failed, in a line. What a message has to say is formatted once only: doing it
/// may be what failed.
fn note_failure(tell: &dyn fmt::Display) {
    let before = FAILURES.fetch_add(1, Ordering::Relaxed);
    if before >= MAX_FAILURES {
        stop();
    }
    let cause =
        if before == 0 { Cause::of(format_args!("{tell}")) } else { Cause::of(format_args!("once more")) };
    if CAUSE.get().is_none() {
        let cause =
            Text::of(format_args!("a panic whose message could not be formatted: {}", cause.as_str()));
        CAUSE.call_once(|| cause);
        return;
    }
    let line = Text::<CAUSE_BYTES>::of(format_args!("this report failed in part: {}", cause.as_str()));
    say(format_args!("{}", line.as_str()));
    if let Some(page) = PAGE.get() {
        let mut area = page.note;
        area.line(page::colour::CAUSE, line.as_bytes());
    }
}

/// Writes what is not written yet, and ends.
fn report() -> ! {
    match FAILURE.get() {
        Some(failure) => {
            while let Some(stage) = STAGES.get(STAGE.fetch_add(1, Ordering::Relaxed)) {
                stage(failure);
            }
        }
        // It failed before it had begun.
        None => {
            smp::stop_others();
            say(format_args!("panic: {}", cause_text().as_str()));
        }
    }
    say(format_args!("The system has stopped. {}", advice()));
    stop()
}

fn cause_text() -> Cause {
    CAUSE.get().copied().unwrap_or(Text::new())
}

/// What a CPU that failed too had to say.
fn other_cause(cpu: usize) -> Option<&'static Cause> {
    OTHER_CAUSES.get(cpu).and_then(Once::get)
}

fn open_page(failure: &Failure) {
    let Some(video) = screen::take() else { return };
    let wishes = Wishes {
        registers: sections::register_rows,
        has_registers: failure.fault.is_some(),
        trace: trace::wish(failure),
        others: others::wish(failure),
        log: sections::log_wish(),
    };
    let cause = cause_text();
    let page = Page::plan(video, cause.as_bytes(), &wishes);
    page.open(cause.as_bytes(), advice().as_bytes());
    PAGE.call_once(|| page);
}

/// What to do now.
fn advice() -> &'static str {
    if keyboard::is_present() {
        "Press Enter to restart. If it happens again, report what is above: a photograph will do."
    } else {
        "Switch the machine off and on. If it happens again, report what is above: a photograph will do."
    }
}

/// Ends everything: through QEMU's exit port if the command line says so, else by a restart when a person wants it.
pub fn stop() -> ! {
    interrupts::disable();
    if DEBUG_EXIT.load(Ordering::Relaxed) {
        power::debug_exit(EXIT_PANIC);
    }
    keyboard::wait_for_enter();
    power::reset()
}
