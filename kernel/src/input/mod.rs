//! What the person at the machine does: bytes from interrupt handlers in, events out.
//!
//! Handlers put bytes with their time into one ring and wake the reader; everything else, decoding included, happens
//! on the reader's thread. The order of keys and mouse is kept. A slow reader never sees stale motion: what gathered
//! is added up. And it never misses a release: when the ring overflowed, every key that was down comes up.

mod ring;

use alloc::collections::VecDeque;

use keymap::{KeyEvent, Keyboard, Layout};
use ps2::{Buttons, MouseDecoder, MouseKind};

use crate::arch::time;
use crate::lock::{IrqSpinLock, Rank};
use crate::sync::{Mutex, WaitQueue};
use ring::{Ring, Sample};

pub use ps2::Source;

/// Something the person did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputEvent {
    /// A key.
    Key(KeyEvent),
    /// The mouse moved, or its buttons or wheel did.
    Mouse(MouseMotion),
}

/// What the mouse did since the last event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MouseMotion {
    /// To the right, in the mouse's counts.
    pub dx: i32,
    /// Downwards, in the mouse's counts.
    pub dy: i32,
    /// Wheel steps, positive towards the person.
    pub wheel: i32,
    /// The buttons that are down now.
    pub buttons: Buttons,
}

struct Decoder {
    keyboard: Keyboard,
    mouse: MouseDecoder,
    /// Decoded, not yet received.
    events: VecDeque<InputEvent>,
}

static RING: IrqSpinLock<Ring> = IrqSpinLock::new(Rank::Queue, Ring::new());
static READERS: WaitQueue = WaitQueue::new();
static DECODER: Mutex<Decoder> = Mutex::new(Decoder {
    keyboard: Keyboard::new(Layout::Us),
    mouse: MouseDecoder::new(MouseKind::Standard),
    events: VecDeque::new(),
});

/// A byte came from a device. For interrupt handlers.
pub fn push(source: Source, byte: u8) {
    RING.lock().push(Sample { source, byte, at_ns: time::uptime_ns() });
    READERS.wake_one();
}

/// Which packets the mouse sends.
pub fn set_mouse_kind(kind: MouseKind) {
    DECODER.lock().mouse = MouseDecoder::new(kind);
}

/// What the keys type.
pub fn set_layout(layout: Layout) {
    DECODER.lock().keyboard.set_layout(layout);
}

/// The next event; waits for one.
pub fn receive() -> InputEvent {
    loop {
        if let Some(event) = try_receive() {
            return event;
        }
        READERS.wait_until(|| !RING.lock().is_empty());
    }
}

/// The next event, if there is one.
fn try_receive() -> Option<InputEvent> {
    let mut decoder = DECODER.lock();
    loop {
        // Bytes first: motion that came meanwhile joins the motion that waits.
        let next = RING.lock().pop();
        match next {
            Some(ring::Item::Sample(sample)) => decoder.push(sample),
            Some(ring::Item::Overrun) => {
                log::warn!("input came faster than it was read: some of it is lost");
                decoder.keyboard.release_all();
                decoder.collect_lost_releases();
            }
            None => return decoder.events.pop_front(),
        }
    }
}

impl Decoder {
    fn push(&mut self, sample: Sample) {
        match sample.source {
            Source::Keyboard => {
                if let Some(event) = self.keyboard.push(sample.byte) {
                    self.events.push_back(InputEvent::Key(event));
                }
                self.collect_lost_releases();
            }
            Source::Mouse => {
                if let Some(event) = self.mouse.push(sample.byte, sample.at_ns) {
                    self.add_motion(MouseMotion {
                        dx: event.dx,
                        dy: event.dy,
                        wheel: event.wheel,
                        buttons: event.buttons,
                    });
                }
            }
        }
    }

    fn collect_lost_releases(&mut self) {
        while let Some(event) = self.keyboard.next_lost_release() {
            self.events.push_back(InputEvent::Key(event));
        }
    }

    /// Adds motion to the motion that waits, unless a button changed in between: a press must stay where it was.
    fn add_motion(&mut self, motion: MouseMotion) {
        match self.events.back_mut() {
            Some(InputEvent::Mouse(last)) if last.buttons == motion.buttons => {
                last.dx = last.dx.saturating_add(motion.dx);
                last.dy = last.dy.saturating_add(motion.dy);
                last.wheel = last.wheel.saturating_add(motion.wheel);
            }
            _ => self.events.push_back(InputEvent::Mouse(motion)),
        }
    }
}
