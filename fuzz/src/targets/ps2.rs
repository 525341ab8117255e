//! The 8042 controller and the mouse behind it: a controller that answers anything to anything, and a stream of mouse
//! bytes with pauses. Bringing up waits a bounded time; after a rest of the hand the next packet is right.

use ps2::{Buttons, Controller, MouseDecoder, MouseEvent, MouseKind, Ports};

use crate::Target;
use crate::choices::Choices;

pub const TARGET: Target = Target { name: "ps2", run, seeds };

/// A controller that is anybody's guess: every register reads what comes next.
struct Guess<'a> {
    answers: Choices<'a>,
    /// What is read when nothing comes any more.
    last: u8,
    waited_us: u64,
    reads: u64,
}

impl Ports for &mut Guess<'_> {
    fn status(&mut self) -> u8 {
        self.reads += 1;
        if self.answers.is_empty() { self.last } else { self.answers.byte() }
    }

    fn read_data(&mut self) -> u8 {
        if self.answers.is_empty() { 0xfe } else { self.answers.byte() }
    }

    fn write_data(&mut self, _: u8) {}

    fn write_command(&mut self, _: u8) {}

    fn wait_microseconds(&mut self, microseconds: u32) {
        self.waited_us += u64::from(microseconds);
    }
}

fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    match choices.byte() % 2 {
        0 => controller(choices),
        _ => mouse(choices),
    }
}

fn controller(mut choices: Choices) {
    let last = choices.byte();
    let mut guess = Guess { answers: choices, last, waited_us: 0, reads: 0 };
    let mut controller = Controller::new(&mut guess);
    let _ = controller.initialise();
    controller.pulse_reset();
    for _ in 0..100 {
        if controller.read().is_none() {
            break;
        }
    }
    assert!(guess.waited_us < 30_000_000, "waited {} us", guess.waited_us);
    assert!(guess.reads < 10_000_000, "asked {} times", guess.reads);
}

fn mouse(mut choices: Choices) {
    let kind = choices.one_of(&[MouseKind::Standard, MouseKind::Wheel, MouseKind::FiveButtons]);
    let mut decoder = MouseDecoder::new(kind);
    let mut now = 0_u64;
    while !choices.is_empty() {
        let byte = choices.byte();
        // Mostly a byte follows the other at the wire's pace.
        now = now.saturating_add(match choices.byte() {
            0..=199 => 1_000_000,
            pause => u64::from(pause) * 1_000_000,
        });
        if let Some(event) = decoder.push(byte, now) {
            assert!(event.dx.abs() <= 256 && event.dy.abs() <= 256 && event.wheel.abs() <= 8, "{event:?}");
        }
    }
    now = now.saturating_add(1_000_000_000);
    let mut packet = vec![0x09, 5, 3];
    packet.resize(if kind == MouseKind::Standard { 3 } else { 4 }, 0);
    let event = packet.into_iter().fold(None, |_, byte| decoder.push(byte, now));
    assert_eq!(event, Some(MouseEvent { dx: 5, dy: -3, wheel: 0, buttons: Buttons::LEFT }));
}

fn seeds() -> Vec<Vec<u8>> {
    let healthy = [0, 0, 0, 0, 0x01, 0x47, 0, 0, 0x01, 0x55, 0, 0, 0, 0x01, 0, 0, 0x01, 0x30, 0, 0x01, 0];
    vec![
        [&[0, 0][..], &healthy].concat(),
        vec![0, 0xff],
        vec![0, 1, 1, 0xfa, 1, 0xaa],
        vec![1, 1, 0x08, 0, 5, 0, 7, 0, 1, 0, 0x28, 230, 9, 0, 9, 0, 0xff, 0],
        vec![1, 2, 0x0f, 0, 0x80, 0, 0x7f, 255, 8, 0],
    ]
}
