//! What the desktop costs: pixels for a pointer's move, frames while a window is dragged, memory at rest.

use alloc::boxed::Box;

use desktop::Input;
use gfx::{Canvas, Color, Damage, Size};
use keymap::{Key, KeyEvent, KeyState, Modifiers};
use ui::{App, Button, Event, Host, Response};

use super::print;
use crate::arch::{cpu, time, trap};
use crate::desktop::{self as session, inject};
use crate::{memory, task};

const WINDOW: Size = Size::new(800, 600);
const DRAG_MS: u64 = 3_000;
/// As often as a fast mouse reports.
const MOTION_EVERY_MS: u64 = 4;

pub(super) fn run() {
    let memory = memory::statistics();
    print("idle_memory", (memory.used + memory.kernel + memory.loader) >> 10, "KiB");
    let (before, ticks) = (session::shown(), trap::count(trap::vector::TIMER));
    task::sleep_ms(2_000);
    print("idle_frames_in_2_s", session::shown().frames - before.frames, "frames");
    let ticks = trap::count(trap::vector::TIMER) - ticks;
    print("idle_timer_interrupts", ticks / 2 / cpu::count() as u64, "/s");
    pointer();
    drag();
}

/// Moves the pointer over the wallpaper and the window, step by step.
fn pointer() {
    let mut most = 0;
    let mut all = 0;
    const MOVES: u64 = 40;
    for _ in 0..MOVES {
        let before = session::shown();
        inject(Input::PointerMotion { dx: 7, dy: 5 });
        for _ in 0..50 {
            task::sleep_ms(2);
            if session::shown().frames > before.frames {
                break;
            }
        }
        let pixels = session::shown().pixels - before.pixels;
        most = most.max(pixels);
        all += pixels;
    }
    print("pointer_move_mean", all / MOVES, "pixels");
    print("pointer_move_most", most, "pixels");
    inject(Input::PointerMotion { dx: -7 * MOVES as i32, dy: -5 * MOVES as i32 });
}

/// Drags a large window to and fro, by Alt and the primary button anywhere in it.
fn drag() {
    session::open(Box::new(Sheet));
    task::sleep_ms(500);
    let alt = |state, modifiers| Input::Key(KeyEvent { key: Key::LeftAlt, state, modifiers, text: None });
    inject(alt(KeyState::Pressed, Modifiers::ALT));
    inject(Input::Button { button: Button::Primary, pressed: true });
    let before = session::shown();
    let start = time::uptime_ns();
    let end = start + DRAG_MS * 1_000_000;
    let mut step = 0_i32;
    while time::uptime_ns() < end {
        // A triangle wave, so that the window stays on the screen.
        let direction = if (step / 50) % 2 == 0 { 1 } else { -1 };
        inject(Input::PointerMotion { dx: 3 * direction, dy: direction });
        step += 1;
        task::sleep_ms(MOTION_EVERY_MS);
    }
    let (after, took_ms) = (session::shown(), (time::uptime_ns() - start) / 1_000_000);
    inject(Input::Button { button: Button::Primary, pressed: false });
    inject(alt(KeyState::Released, Modifiers::empty()));
    let frames = after.frames - before.frames;
    print("drag_800x600", frames * 1_000 / took_ms.max(1), "frames/s");
    print("drag_800x600_frame", (after.pixels - before.pixels) / frames.max(1), "pixels");
}

/// A window with nothing in it.
struct Sheet;

impl App for Sheet {
    fn title(&self) -> &str {
        "Benchmark"
    }

    fn initial_size(&self) -> Size {
        WINDOW
    }

    fn event(&mut self, event: Event, _host: &mut dyn Host) -> Response {
        match event {
            Event::Close => Response::Close,
            Event::Resize(_) => Response::Redraw,
            _ => Response::Nothing,
        }
    }

    fn draw(&mut self, canvas: &mut Canvas<'_>, damage: &mut Damage) {
        let bounds = canvas.clip();
        canvas.fill(bounds, Color::rgb(0xf4, 0xf5, 0xf8));
        damage.add(bounds);
    }
}
