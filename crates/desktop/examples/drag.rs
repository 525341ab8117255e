//! Drags an 800 × 600 window over a 1280 × 800 screen and says what it costs: pixels painted per
//! frame, and time per frame on the host. Run it with `cargo run --release -p desktop --example drag`.

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Instant;

use common::Screen;
use gfx::Size;

const FRAMES: i32 = 240;

fn main() {
    let mut screen = Screen::new(1280, 800);
    screen.open("terminal", Size::new(800, 600 - 36));
    screen.open("monitor", Size::new(560, 380));
    screen.frame();

    let mut pointer = Measure::default();
    for step in 0..FRAMES {
        screen.move_to(40 + step * 5, 300 + step % 50);
        pointer.add(&mut screen);
    }
    pointer.print("pointer");

    // The first window opens in the middle of the work area; a press on its title raises it.
    screen.move_to(640, 130);
    screen.press();
    let mut drag = Measure::default();
    for step in 0..FRAMES {
        // Several motions share a frame, as they do on a real mouse.
        for part in 0..3 {
            let along = step * 3 + part;
            screen.move_to(640 + along % 200 - 100, 130 + along % 90);
        }
        drag.add(&mut screen);
    }
    drag.print("drag 800x600");
}

/// Pixels and time of some frames.
#[derive(Default)]
struct Measure {
    frames: u64,
    pixels: u64,
    most: u64,
    nanoseconds: u128,
}

impl Measure {
    fn add(&mut self, screen: &mut Screen) {
        let start = Instant::now();
        let painted = screen.frame();
        self.nanoseconds += start.elapsed().as_nanos();
        self.frames += 1;
        self.pixels += painted;
        self.most = self.most.max(painted);
    }

    fn print(&self, name: &str) {
        println!(
            "{name}: {} frames, {} pixels per frame (most {}), {} µs per frame",
            self.frames,
            self.pixels / self.frames,
            self.most,
            self.nanoseconds / u128::from(self.frames) / 1000
        );
    }
}
