//! Processes, as who works with the terminal meets them: listed, ended, and their windows gone with them.

use gfx::Font;

use super::Scenario;
use super::stage::Stage;
use crate::error::Result;
use crate::machine::{Machine, find_text};

pub const SCENARIOS: &[Scenario] = &[
    ("kill_closes_a_window", kill_closes_a_window),
    ("kill_ends_a_sleep_of_another_shell", kill_ends_a_sleep),
];

/// The numbers of the first processes: init, kernel, desktop, terminal, shell, and what is started then.
const SHELL: u32 = 5;
const NEXT: u32 = SHELL + 1;

fn kill_closes_a_window(stage: &Stage) -> Result {
    let mut machine = stage.boot(stage.hardware(Some(stage.disk()?)))?;
    machine.enter("run snake")?;
    machine.wait_for_text("Snake", Font::UiBold)?;
    back_to_terminal(&mut machine)?;
    machine.enter("clear; ps")?;
    machine.wait_for_text("snake", Font::Mono)?;
    machine.enter(&format!("clear; kill {NEXT}"))?;
    machine
        .wait_for_screen("a desktop without Snake", |image| find_text(image, "Snake", Font::Ui).is_none())?;
    // And who is no more can't be ended again.
    machine.enter(&format!("kill {NEXT}"))?;
    machine.wait_for_text(&format!("kill: {NEXT}: no such process (see ps)"), Font::Mono)?;
    Ok(())
}

/// One terminal sleeps in the front, another ends the sleep and then the whole shell, and with it the window.
fn kill_ends_a_sleep(stage: &Stage) -> Result {
    let mut machine = stage.boot(stage.hardware(Some(stage.disk()?)))?;
    machine.enter("sleep 100000; echo up again")?;
    machine.press(&["ctrl", "alt", "t"])?;
    machine.settle()?;
    machine.enter("parallel sleep 0.1 & sleep 0.1")?;
    machine.wait_for_text("2 of 2 commands succeeded", Font::Mono)?;
    machine.enter(&format!("clear; kill {NEXT}"))?;
    machine.wait_for_text("up again", Font::Mono)?;
    machine.enter(&format!("kill {SHELL}"))?;
    machine.wait_for_screen("a desktop without the first terminal", |image| {
        find_text(image, "up again", Font::Mono).is_none()
    })?;
    machine.enter("echo still here")?;
    machine.wait_for_text("still here", Font::Mono)?;
    Ok(())
}

fn back_to_terminal(machine: &mut Machine) -> Result {
    machine.press(&["alt", "tab"])?;
    machine.settle().map(|_| ())
}
