//! Windows: the mouse drags them, the launcher opens them, and nothing stale stays behind.

use gfx::Font;

use super::Scenario;
use super::stage::Stage;
use crate::error::{Result, fail};
use crate::machine::{Machine, find_text};
use crate::qemu::image::Area;

pub const SCENARIOS: &[Scenario] = &[
    ("a_window_is_dragged", drag),
    ("a_window_dragged_back_leaves_no_trace", no_trace),
    ("the_launcher_opens_system_monitor", system_monitor),
];

/// Where the title of the terminal is.
fn title(machine: &mut Machine) -> Result<Area> {
    machine.wait_for_text("Terminal", Font::UiBold)
}

/// The middle of a text, to click on.
fn middle(text: Area) -> (i32, i32) {
    ((text.x + text.width / 2) as i32, (text.y + text.height / 2) as i32)
}

/// Where to take hold of a window by its title, without the pointer covering the text.
fn grip(title: Area) -> (i32, i32) {
    (title.x as i32 - 60, (title.y + title.height / 2) as i32)
}

fn drag(stage: &Stage) -> Result {
    let mut machine = stage.boot(stage.hardware(Some(stage.disk()?)))?;
    let before = title(&mut machine)?;
    let at_first = machine.settle()?;
    let (x, y) = grip(before);
    machine.drag((x, y), (x + 60, y + 40))?;
    let moved = Area { x: before.x + 60, y: before.y + 40, ..before };
    let after = machine.wait_for_screen("the terminal where it was dragged to", |image| {
        find_text(image, "Terminal", Font::UiBold) == Some(moved)
    })?;
    // What is under the title came along: the shell's greeting, left of the middle. Not its prompt, which blinks.
    let greeting = |title: Area| Area::new(title.x - 330, title.y + 30, 300, 40);
    let (from, to) = (greeting(before), greeting(moved));
    let differs = !after.shows_part_of(to, &at_first, (from.x, from.y));
    if differs { fail!("the window's contents did not come along unchanged") } else { Ok(()) }
}

fn no_trace(stage: &Stage) -> Result {
    let mut machine = stage.boot(stage.hardware(Some(stage.disk()?)))?;
    let (x, y) = grip(title(&mut machine)?);
    machine.move_to(x, y)?;
    let before = machine.settle()?;
    machine.drag((x, y), (x + 150, y + 90))?;
    machine.settle()?;
    machine.drag((x + 150, y + 90), (x, y))?;
    // The clock and the cursor go on meanwhile: small things are forgiven, a stale window is not.
    let after = machine.settle()?;
    match before.difference(&after) {
        Some(area) if area.width * area.height > 40_000 => {
            fail!("after dragging there and back, {area:?} differs")
        }
        _ => Ok(()),
    }
}

fn system_monitor(stage: &Stage) -> Result {
    let mut machine = stage.boot(stage.hardware(Some(stage.disk()?)))?;
    let button = machine.wait_for_text("Quicklime", Font::UiBold)?;
    let (x, y) = middle(button);
    machine.click(x, y)?;
    let (x, y) = middle(machine.wait_for_text("System Monitor", Font::UiBold)?);
    machine.click(x, y)?;
    // In the panel's list of windows; the title alone could still be the menu.
    machine.wait_for_text("System Monitor", Font::Ui)?;
    machine.wait_for_text("System Monitor", Font::UiBold)?;
    // Its graphs live: without a key or a motion the screen goes on changing.
    let before = machine.screen()?;
    machine.wait_for_screen("graphs that move", |image| {
        before.difference(image).is_some_and(|area| area.width > 100 && area.height > 20)
    })?;
    Ok(())
}
