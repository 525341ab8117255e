//! Somebody who does not know what they are doing: random keys, clicks and drags from a printed seed, after
//! which the desktop must still answer.

use gfx::Font;

use super::Scenario;
use super::stage::Stage;
use crate::error::{Result, fail};

pub const SCENARIOS: &[Scenario] = &[("random_keys_and_clicks_do_no_harm", monkey)];

/// The same every time, unless the variable `SEED` says another, so that what it finds can be found again.
const SEED: u64 = 20_261_120;
const ACTIONS: u32 = 120;

/// What is pressed. Nothing of it leads to the dialog that switches the machine off.
const KEYS: &[&[&str]] = &[
    &["a"],
    &["l"],
    &["s"],
    &["spc"],
    &["ret"],
    &["tab"],
    &["esc"],
    &["up"],
    &["down"],
    &["left"],
    &["right"],
    &["backspace"],
    &["ctrl", "c"],
    &["ctrl", "l"],
    &["alt", "tab"],
    &["alt", "f1"],
    &["alt", "f4"],
    &["alt", "f9"],
    &["alt", "f10"],
    &["ctrl", "alt", "t"],
    &["ctrl", "alt", "left"],
    &["ctrl", "alt", "right"],
    &["ctrl", "alt", "up"],
    &["ctrl", "alt", "down"],
];

/// Knuth's MMIX constants.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: i32) -> i32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % limit as u64) as i32
    }
}

fn monkey(stage: &Stage) -> Result {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    println!("random_keys_and_clicks_do_no_harm: seed {seed}");
    let mut random = Random(seed);
    let disk = stage.disk()?;
    let mut machine = stage.boot(stage.hardware(Some(disk.clone())))?;
    let size = machine.screen()?;
    let (width, height) = (size.width as i32, size.height as i32);
    for _ in 0..ACTIONS {
        // Below the panel, whose button opens the power dialog.
        let mut place = || (random.below(width), 40 + random.below(height - 40));
        let (from, to) = (place(), place());
        match random.below(10) {
            0..=6 => machine.press(KEYS[random.below(KEYS.len() as i32) as usize])?,
            7..=8 => machine.click(from.0, from.1)?,
            _ => machine.drag(from, to)?,
        }
    }
    if machine.serial_log()?.contains("panic: ") {
        fail!("the kernel panicked");
    }
    machine.press(&["esc"])?;
    machine.press(&["ctrl", "alt", "t"])?;
    machine.wait_for_text("Type", Font::Mono)?;
    machine.enter("echo alive and well")?;
    machine.wait_for_text("alive and well", Font::Mono)?;
    stage.power_off(machine, Some(&disk))
}
