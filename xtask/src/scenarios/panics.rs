//! Panics: the cause in words, the way that led there and the other CPUs, on the serial port and on the screen, and
//! then silence on every CPU. The kernel fails on request (`provoke=KIND` on its command line).
//!
//! One scenario for each protection shows that it holds. Those of the processor are tried with the kernel that people
//! get; what only checked builds look for, with a checked one.

use std::thread::sleep;
use std::time::{Duration, Instant};

use gfx::Font;

use super::Scenario;
use super::stage::Stage;
use crate::error::{Result, fail};
use crate::machine::{ENTERED, Machine, PANIC, find_console_text};
use crate::qemu::hardware::{Boot, Hardware};
use crate::qemu::image::{Area, Image, Rgb};

pub const SCENARIOS: &[Scenario] = &[
    // What the processor forbids, in every build.
    ("panic_shipped_null_read", |stage| {
        shipped(stage, "null", &["page fault: tried to read 0x10: a null pointer"], "probe::read_null_page")
    }),
    ("panic_shipped_null_call", |stage| {
        shipped(stage, "null-call", &["tried to call a function at 0x0: a null pointer"], "probe::call_null")
    }),
    ("panic_shipped_write_to_code", |stage| {
        shipped(stage, "code", &["tried to write to", "in the kernel's code (read-only)"], "write_to_code")
    }),
    ("panic_shipped_write_to_code_by_its_alias", |stage| {
        let cause = ["tried to write to", "in the direct map of memory", "(read-only)"];
        shipped(stage, "code-alias", &cause, "write_to_code_alias")
    }),
    ("panic_shipped_write_to_a_constant", |stage| {
        let cause = ["tried to write to", "in the kernel's constants (read-only)"];
        shipped(stage, "constant", &cause, "write_to_constant")
    }),
    ("panic_shipped_execute_the_heap", |stage| {
        let cause = ["tried to execute data at", "in the heap (not executable)"];
        shipped(stage, "heap-exec", &cause, "execute_heap")
    }),
    ("panic_shipped_execute_the_stack", |stage| {
        let cause = ["tried to execute data at", "in a kernel stack (not executable)"];
        shipped(stage, "stack-exec", &cause, "execute_stack")
    }),
    ("panic_shipped_execute_a_variable", |stage| {
        let cause = ["tried to execute data at", "in the kernel's variables (not executable)"];
        shipped(stage, "data-exec", &cause, "execute_variable")
    }),
    ("panic_shipped_execute_a_constant", |stage| {
        let cause = ["tried to execute data at", "in the kernel's constants (not executable)"];
        shipped(stage, "constant-exec", &cause, "execute_constant")
    }),
    ("panic_shipped_execute_the_direct_map", |stage| {
        let cause = ["tried to execute data at", "in the direct map of memory", "(not executable)"];
        shipped(stage, "direct-map-exec", &cause, "execute_direct_map")
    }),
    ("panic_shipped_write_behind_an_allocation", |stage| {
        let cause = ["tried to write to", "in the window of large allocations: behind the end"];
        shipped(stage, "behind-allocation", &cause, "write_behind_allocation")
    }),
    ("panic_shipped_read_user_space", |stage| {
        let cause = ["the kernel tried to read", "in user space (SMAP forbids it)"];
        shipped(stage, "user-data", &cause, "touch_user_page")
    }),
    ("panic_shipped_execute_user_space", |stage| {
        let cause = ["the kernel tried to execute", "in user space (SMEP forbids it)"];
        shipped(stage, "user-exec", &cause, "execute_user_page")
    }),
    ("panic_shipped_stack_overflow", |stage| {
        let cause = ["stack overflow: thread boot has used up its stack of 32 KiB"];
        shipped(stage, "overflow", &cause, "provoke::recurse")
    }),
    ("panic_shipped_double_fault", |stage| {
        let cause = ["double fault: an exception found no stack", "in the null page"];
        shipped(stage, "double-fault", &cause, "probe::lose_stack")
    }),
    // What the kernel forbids itself, in every build.
    ("panic_shipped_foreign_port", |stage| {
        shipped(stage, "port", &["port offset 1 is outside the claimed range"], "use_another_port")
    }),
    // What only checked builds look for.
    ("panic_checked_double_free", |stage| {
        let cause = ["double free: an object of 50 bytes in size class"];
        checked(stage, "double-free", &cause, "misuse::free_twice")
    }),
    ("panic_checked_overrun", |stage| checked(stage, "overrun", &["heap: overrun"], "misuse::overrun")),
    ("panic_checked_preemption_out_of_balance", |stage| {
        let cause = ["preemption enabled more often than disabled"];
        checked(stage, "unbalanced", &cause, "preempt_enable")
    }),
    ("panic_checked_lock_released_twice", |stage| {
        let cause = ["a lock of rank Frames was released twice"];
        checked(stage, "lock-released-twice", &cause, "misuse::release_twice")
    }),
    ("panic_checked_lock_taken_twice", |stage| {
        let cause = ["lock order: Device must be taken before Device", "holding the spin locks Device"];
        checked(stage, "lock-twice", &cause, "misuse::take_twice")
    }),
    ("panic_checked_locks_in_the_wrong_order", |stage| {
        let cause = ["lock order: Device must be taken before Frames", "holding the spin locks Frames"];
        checked(stage, "lock-order", &cause, "misuse::take_in_wrong_order")
    }),
    ("panic_checked_sleep_under_a_spin_lock", |stage| {
        let cause = ["gave up the CPU under a spin lock", "holding the spin locks Device"];
        checked(stage, "lock-sleep", &cause, "misuse::under_a_lock")
    }),
    ("panic_checked_mutex_under_a_spin_lock", |stage| {
        let cause = ["a lock that sleeps was taken where nobody may", "holding the spin locks Frames"];
        checked(stage, "lock-mutex", &cause, "misuse::with_interrupts_out")
    }),
    ("panic_checked_thread_ends_with_a_spin_lock", |stage| {
        let cause = ["must be taken before Frames", "holding the spin locks Frames", "thread provoke"];
        checked(stage, "lock-kept", &cause, "task::spawn::exit")
    }),
    ("panic_checked_thread_lock_in_a_handler", |stage| {
        let cause = ["a lock between threads was taken in an interrupt handler", ", in an interrupt handler"];
        checked(stage, "handler-lock", &cause, "misuse::under_a_lock")
    }),
    ("panic_checked_handler_keeps_a_spin_lock", |stage| {
        let cause = ["the handler of interrupt 37 kept a spin lock", "holding the spin locks Frames"];
        checked(stage, "handler-lock-kept", &cause, "trap::dispatch")
    }),
    ("panic_checked_sleep_in_a_handler", |stage| {
        let cause = ["gave up the CPU in an interrupt handler", "in an interrupt handler"];
        checked(stage, "handler-sleep", &cause, "task::sleep")
    }),
    ("panic_checked_mutex_in_a_handler", |stage| {
        let cause = ["a lock that sleeps was taken where nobody may", "in an interrupt handler"];
        checked(stage, "handler-mutex", &cause, "irq::handle")
    }),
    // The report itself.
    ("panic_tells_its_cause_and_its_way", |stage| {
        checked(stage, "panic", &["provoked by the command line"], "provoke::fail")
    }),
    ("panic_before_memory_stands", |stage| {
        checked(stage, "early", &["tried to read 0x10: a null pointer", "on CPU 0 of 1"], "kernel::kmain")
    }),
    ("panic_on_a_full_stack", |stage| {
        checked(stage, "deep", &["provoked with the stack nearly full"], "provoke::descend")
    }),
    ("panic_in_a_panic", |stage| {
        let cause = ["a panic whose message could not be formatted: provoked while a panic was being told"];
        checked(stage, "nested", &cause, "provoke::fail")
    }),
    ("panic_on_two_cpus_at_once", |stage| {
        let cause = ["provoked on two CPUs", "panicked too", ", on this one", ", on the other one"];
        checked(stage, "together", &cause, "two_at_once")
    }),
    ("panic_beside_a_cpu_with_interrupts_off", |stage| {
        let cause = [
            "provoked beside a CPU with interrupts off",
            "thread deaf",
            "interrupts off, in kernel::provoke::",
        ];
        checked(stage, "deaf", &cause, "together::compute")
    }),
    ("panic_beside_a_cpu_that_does_not_answer", |stage| {
        let cause = ["provoked after a CPU was lost", "thread lost", "does not answer"];
        checked(stage, "lost", &cause, "beside_a_lost_cpu")
    }),
    ("panic_at_640x480_on_8_busy_cpus", |stage| {
        let boot = stage.direct("provoke=panic@desktop resolution=640x480");
        let cause = [
            "provoked by the command line",
            "on CPU 7 of 8, thread provoke",
            "busy/",
            "Press Enter to restart.",
        ];
        let hardware = Hardware { cpus: 8, ..stage.hardware(None) };
        report(stage, hardware, boot, &cause, "provoke::fail").map(drop)
    }),
    ("panic_at_1920x1080", |stage| {
        let boot = stage.direct_as_shipped("provoke=null@desktop resolution=1920x1080");
        let cause =
            ["a null pointer", "on CPU 3 of 4, thread provoke", "CPU 0: thread busy/0", "desktop ready"];
        report(stage, stage.hardware(None), boot, &cause, "together::compute").map(drop)
    }),
    ("panic_takes_the_screen_from_a_busy_desktop", busy_desktop),
    ("panic_ends_with_a_restart_by_enter", restart),
];

/// Fails the kernel that people get.
fn shipped(stage: &Stage, kind: &str, cause: &[&str], function: &str) -> Result {
    let boot = stage.direct_as_shipped(&format!("provoke={kind}"));
    report(stage, stage.hardware(None), boot, cause, function).map(drop)
}

/// Fails a checked kernel.
fn checked(stage: &Stage, kind: &str, cause: &[&str], function: &str) -> Result {
    let boot = stage.direct(&format!("provoke={kind}"));
    report(stage, stage.hardware(None), boot, cause, function).map(drop)
}

/// Boots a kernel that fails, and looks for the parts of `cause` and the function at fault in its report.
fn report(stage: &Stage, hardware: Hardware, boot: Boot, cause: &[&str], function: &str) -> Result<Machine> {
    let mut machine = stage.start(Hardware { boot, ..hardware })?;
    machine.wait_for_line(PANIC, Duration::from_secs(60))?;
    is_reported(&mut machine, cause, function)?;
    Ok(machine)
}

/// The end of every report.
const STOPPED: &str = "The system has stopped.";

/// Fails unless the serial port and the screen name all of `cause` and the function, nothing else is on the screen, and
/// all stays as it is.
fn is_reported(machine: &mut Machine, cause: &[&str], function: &str) -> Result {
    machine.wait_for_line(STOPPED, Duration::from_secs(20))?;
    let log = machine.serial_log()?;
    let shown = machine.screen()?;
    for part in cause.iter().chain([&function]) {
        if !log.contains(part) {
            fail!("the report on the serial port does not name {part:?}");
        }
        if find_console_text(&shown, part).is_none() {
            fail!("the report on the screen does not name {part:?}");
        }
    }
    shows_nothing_else(&shown)?;
    sleep(Duration::from_millis(300));
    if machine.serial_log()? != log || machine.screen()? != shown {
        fail!("something still runs after the panic");
    }
    Ok(())
}

/// The colours that the panic screen is made of (`kernel/src/console/panic/page.rs`), background first.
const PARTS: [&[Rgb]; 3] = [
    &[[0xb4, 0x2d, 0x4c], [0xff, 0xff, 0xff], [0xff, 0xb3, 0xbf]],
    &[[0x1c, 0x1a, 0x26], [0xff, 0xb3, 0xbf], [0xff, 0x8f, 0xa3], [0xe8, 0xe6, 0xf0], [0x9a, 0x95, 0xad]],
    &[[0x2a, 0x27, 0x38], [0xe8, 0xe6, 0xf0]],
];

/// Fails when a pixel is not of the report: a wallpaper, a window or a pointer that was drawn over it.
fn shows_nothing_else(shown: &Image) -> Result {
    let ours =
        |pixel: Rgb| PARTS.iter().any(|part| part[1..].iter().any(|&ink| is_blend(pixel, part[0], ink)));
    for y in 0..shown.height {
        for x in 0..shown.width {
            if !ours(shown.pixel(x, y)) {
                fail!("the pixel at {x}, {y} is none of the report's: {:?}", shown.pixel(x, y));
            }
        }
    }
    Ok(())
}

/// Whether `pixel` is between the two colours: what an edge of a letter looks like.
fn is_blend(pixel: Rgb, paper: Rgb, ink: Rgb) -> bool {
    let channels = || (0..3).map(|i| (i32::from(pixel[i]), i32::from(paper[i]), i32::from(ink[i])));
    let Some((sample, from, to)) = channels().max_by_key(|(_, from, to)| (to - from).abs()) else {
        return false;
    };
    let weight = (sample - from) * 255 / (to - from);
    (0..=255).contains(&weight)
        && channels().all(|(sample, from, to)| (sample - from - (to - from) * weight / 255).abs() <= 2)
}

/// The screen is taken from a desktop that draws, on another CPU than the one that fails, while somebody moves windows.
fn busy_desktop(stage: &Stage) -> Result {
    let boot = stage.direct("provoke=panic@snake");
    let mut machine = stage.boot(Hardware { boot, ..stage.hardware(Some(stage.disk()?)) })?;
    for program in ["System Monitor", "Snake"] {
        let middle = |text: Area| ((text.x + text.width / 2) as i32, (text.y + text.height / 2) as i32);
        let (x, y) = middle(machine.wait_for_text("Quicklime", Font::UiBold)?);
        machine.click(x, y)?;
        let (x, y) = middle(machine.wait_for_text(program, Font::UiBold)?);
        machine.click(x, y)?;
    }
    machine.wait_for_line(PANIC, Duration::from_secs(60))?;
    let cause =
        ["provoked by the command line", "on CPU 3 of 4, thread provoke", "CPU 0: thread", "thread busy/"];
    is_reported(&mut machine, &cause, "provoke::fail")?;
    let before = machine.screen()?;
    machine.drag((400, 300), (600, 400))?;
    if machine.screen()? != before {
        fail!("the desktop still follows the mouse");
    }
    Ok(())
}

/// Enter restarts the machine, but not before a person had time to look.
fn restart(stage: &Stage) -> Result {
    let boot = stage.direct("provoke=null");
    let mut machine = report(stage, stage.hardware(None), boot, &["a null pointer"], "read_null_page")?;
    let deadline = Instant::now() + Duration::from_secs(30);
    while machine.serial_log()?.matches(ENTERED).count() < 2 {
        if Instant::now() > deadline {
            fail!("Enter does not restart the machine");
        }
        machine.press(&["ret"])?;
        sleep(Duration::from_millis(500));
    }
    Ok(())
}
