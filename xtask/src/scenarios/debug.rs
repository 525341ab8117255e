//! The kernel tells about itself: `debug` and `prof`, typed and read as a user would.

use gfx::Font;

use std::time::Duration;

use super::Scenario;
use super::stage::Stage;
use crate::error::{Result, fail};
use crate::machine::find_text;
use crate::qemu::hardware::Hardware;

/// The watchdog speaks of waits of ten seconds, and looks every two.
const NOTICED: Duration = Duration::from_secs(30);

pub const SCENARIOS: &[Scenario] = &[
    ("debug_shows_what_the_kernel_knows", shows),
    ("prof_finds_what_is_busy", profiles),
    ("debug_names_a_deadlock", deadlock),
    ("debug_names_who_holds_a_lock", held),
];

fn shows(stage: &Stage) -> Result {
    let mut machine = stage.boot(stage.hardware(Some(stage.disk()?)))?;
    for (command, wanted) in [
        // Init waits for orphans, and the watchdog for its next look, whoever else is busy.
        ("debug threads", &["an event in", "process::", "sleep, "][..]),
        // The desktop's input task waits for keys.
        ("clear; debug tasks", &["desktop input", "serial log", "waiting"]),
        ("clear; debug locks", &["Nobody holds or waits for a lock that sleeps."]),
        (
            "clear; debug page 0xffffffff80000000",
            &["the kernel's code", "4 KiB page, read-only", "physical 0x"],
        ),
        ("clear; debug page 0x10", &["the null page", "Nothing is mapped there"]),
        ("clear; debug interrupts", &["timer", "keyboard", "reschedule"]),
        ("clear; debug cpus", &["shell ("]),
        ("clear; debug backtrace 99", &["no such thread"]),
        ("clear; debug memory", &["Frames free", "The loader's"]),
    ] {
        machine.enter(command)?;
        machine.wait_for_screen(&format!("what {command} shows"), |image| {
            wanted.iter().all(|text| find_text(image, text, Font::Mono).is_some())
        })?;
    }
    stage.power_off(machine, None)
}

/// Two threads wait for each other's mutex: the log says so after ten seconds, the desktop too, and `debug locks` at once.
fn deadlock(stage: &Stage) -> Result {
    let hardware = Hardware { boot: stage.direct("provoke=deadlock"), ..stage.hardware(Some(stage.disk()?)) };
    let mut machine = stage.boot(hardware)?;
    machine.enter("debug locks")?;
    machine.wait_for_screen("who holds what", |image| {
        ["mutex provoke::deadlock::LEFT", "mutex provoke::deadlock::RIGHT", "left (", "right ("]
            .iter()
            .all(|text| find_text(image, text, Font::Mono).is_some())
    })?;
    machine.wait_for_line("waits for mutex provoke::deadlock::RIGHT held by right", NOTICED)?;
    machine.wait_for_text("A deadlock: Threads wait for each other", Font::Ui)?;
    stage.power_off(machine, None)
}

/// A thread holds a mutex that nobody waits for.
fn held(stage: &Stage) -> Result {
    let hardware = Hardware { boot: stage.direct("provoke=held"), ..stage.hardware(Some(stage.disk()?)) };
    let mut machine = stage.boot(hardware)?;
    machine.enter("debug locks")?;
    machine.wait_for_screen("who holds what", |image| {
        ["mutex provoke::held::KEPT", "keeper ("]
            .iter()
            .all(|text| find_text(image, text, Font::Mono).is_some())
    })?;
    stage.power_off(machine, None)
}

/// Moving the mouse keeps the desktop busy, and its functions show.
fn profiles(stage: &Stage) -> Result {
    let mut machine = stage.boot(stage.hardware(Some(stage.disk()?)))?;
    machine.enter("prof 3")?;
    for step in 0..60 {
        machine.move_to(300 + 10 * step, 100 + 10 * (step % 5))?;
    }
    machine.wait_for_text("a second on a busy CPU", Font::Mono)?;
    let shown = machine.settle()?;
    for text in ["Idle: CPU 0", "kernel::"] {
        if find_text(&shown, text, Font::Mono).is_none() {
            fail!("prof does not show {text:?}")
        }
    }
    machine.enter("clear; prof 60")?;
    machine.settle()?;
    machine.press(&["ctrl", "c"])?;
    machine.wait_for_text("^C", Font::Mono)?;
    stage.power_off(machine, None)
}
