//! The stream of events: what a task waits for, and where bytes become keys and motion.
//!
//! It also minds the mouse. One that is plugged in, or comes back by a switch between several machines, reports nothing until it
//! is told to; it announces itself by two bytes and then keeps silent. Only time tells these from the beginning of a packet, so
//! after such two bytes the wait for the next has an end. Bringing the mouse up takes it some tenths of a second and twenty questions
//! and answers, in which this task waits, keys go on, and no processor spins.

use alloc::collections::VecDeque;

use keymap::{Keyboard, Layout};
use ps2::{Buttons, Error, Line, MouseDecoder, MouseKind, PACKET_GAP_NS, Source};

use super::listen;
use super::ring::{Item, Sample};
use super::{CAME, InputEvent, MouseMotion, RING, TellMouse};
use crate::arch::time;
use crate::executor;

/// What the person does, in order.
pub struct Events {
    keyboard: Keyboard,
    mouse: MouseDecoder,
    tell_mouse: Option<TellMouse>,
    /// The buttons that listeners know to be down.
    told: Buttons,
    /// Decoded, not yet received.
    decoded: VecDeque<InputEvent>,
}

impl Events {
    pub(super) fn new(layout: Layout, mouse: MouseKind, tell_mouse: Option<TellMouse>) -> Self {
        let mouse = MouseDecoder::new(mouse);
        Self {
            keyboard: Keyboard::new(layout),
            mouse,
            tell_mouse,
            told: Buttons::empty(),
            decoded: VecDeque::new(),
        }
    }

    /// The next event.
    pub async fn next(&mut self) -> InputEvent {
        loop {
            // Bytes first: motion that came meanwhile joins the motion that waits.
            while let Some(item) = pop() {
                self.decode(item);
            }
            if let Some(event) = self.decoded.pop_front() {
                return event;
            }
            if !self.mouse.may_be_announcement() {
                CAME.wait().await;
            } else if executor::timeout_ms(PACKET_GAP_NS / 1_000_000, CAME.wait()).await.is_err() {
                self.bring_up_mouse().await;
            }
        }
    }

    /// Has a mouse that has come to power report, and learns what it is.
    async fn bring_up_mouse(&mut self) {
        // Whatever comes of it, its announcement is dealt with.
        self.mouse = MouseDecoder::new(MouseKind::Standard);
        let Some(tell) = self.tell_mouse else { return };
        match ps2::configure_mouse(&mut ByInterrupt { events: self, tell }).await {
            Ok(kind) => {
                log::info!("a mouse was plugged in: {}", kind.description());
                self.mouse = MouseDecoder::new(kind);
            }
            Err(error) => log::warn!("a mouse was plugged in, but does not work: {error}"),
        }
    }

    fn decode(&mut self, item: Item) {
        match item {
            Item::Sample(Sample { source: Source::Keyboard, byte, .. }) => {
                if let Some(event) = self.keyboard.push(byte) {
                    listen::tell_key(&event);
                    self.decoded.push_back(InputEvent::Key(event));
                }
                self.collect_lost_releases();
            }
            Item::Sample(Sample { source: Source::Mouse, byte, at_ns }) => {
                if let Some(event) = self.mouse.push(byte, at_ns) {
                    let motion = MouseMotion {
                        dx: event.dx,
                        dy: event.dy,
                        wheel: event.wheel,
                        buttons: event.buttons,
                    };
                    listen::tell_motion(&motion, core::mem::replace(&mut self.told, motion.buttons));
                    self.add_motion(motion);
                }
            }
            Item::Overrun => {
                log::warn!("input came faster than it was read: some of it is lost");
                self.keyboard.release_all();
                self.collect_lost_releases();
            }
        }
    }

    fn collect_lost_releases(&mut self) {
        while let Some(event) = self.keyboard.next_lost_release() {
            listen::tell_key(&event);
            self.decoded.push_back(InputEvent::Key(event));
        }
    }

    /// Adds motion to the motion that waits, unless a button changed in between: a press must stay where it was.
    fn add_motion(&mut self, motion: MouseMotion) {
        match self.decoded.back_mut() {
            Some(InputEvent::Mouse(last)) if last.buttons == motion.buttons => {
                last.dx = last.dx.saturating_add(motion.dx);
                last.dy = last.dy.saturating_add(motion.dy);
                last.wheel = last.wheel.saturating_add(motion.wheel);
            }
            _ => self.decoded.push_back(InputEvent::Mouse(motion)),
        }
    }
}

fn pop() -> Option<Item> {
    RING.lock().pop()
}

/// The mouse, while it is asked what it is: its bytes are answers, the keyboard's are keys as ever.
struct ByInterrupt<'a> {
    events: &'a mut Events,
    tell: TellMouse,
}

impl Line for ByInterrupt<'_> {
    fn send(&mut self, byte: u8) -> Result<(), Error> {
        (self.tell)(byte)
    }

    async fn answer(&mut self, timeout_us: u32) -> Result<u8, Error> {
        let deadline_ns = time::uptime_ns() + u64::from(timeout_us) * 1_000;
        loop {
            while let Some(item) = pop() {
                match item {
                    Item::Sample(Sample { source: Source::Mouse, byte, .. }) => return Ok(byte),
                    other => self.events.decode(other),
                }
            }
            let came = executor::timeout_at_ns(deadline_ns, CAME.wait()).await;
            came.map_err(|_| Error::Timeout)?;
        }
    }
}
