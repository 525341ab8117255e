//! What others hear of keys and mouse beside the one who has the events: records as Linux's event devices give them
//! (crate `keymap` knows the codes). Each listener has a ring of its own, and whoever does not read loses everything at
//! once and is told so, since events with a hole in them would be misread.

use alloc::collections::{TryReserveError, VecDeque};
use alloc::vec::Vec;

use keymap::{KeyEvent, evdev};
use ps2::Buttons;

use super::MouseMotion;
use crate::arch::time;
use crate::lock::{IrqSpinLock, Rank};
use crate::sync::WaitQueue;
use crate::task::Interrupted;

/// A device that can be listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Keys.
    Keyboard,
    /// Motion, wheel and buttons.
    Mouse,
}

/// One event, as Linux counts them (input-event-codes.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// The uptime when it was decoded.
    pub at_ns: u64,
    /// What kind of event.
    pub kind: u16,
    /// Which key or axis.
    pub code: u16,
    /// How far, or 0 for up, 1 for down, 2 for repeated.
    pub value: i32,
}

/// Records that wait for one listener: a second of a mouse at full speed.
const CAPACITY: usize = 512;

struct Ring {
    id: u64,
    stream: Stream,
    records: VecDeque<Record>,
}

struct Rings {
    rings: Vec<Ring>,
    next_id: u64,
}

static RINGS: IrqSpinLock<Rings> = IrqSpinLock::new(Rank::Queue, Rings { rings: Vec::new(), next_id: 1 });
/// Somebody's ring has got something.
static HEARD: WaitQueue = WaitQueue::new();

/// One who listens, until it is dropped.
pub struct Listener {
    id: u64,
}

impl Listener {
    /// Hears what happens from now on.
    pub fn new(stream: Stream) -> Result<Self, TryReserveError> {
        let mut records = VecDeque::new();
        // All at once: rings are filled under a spin lock.
        records.try_reserve_exact(CAPACITY)?;
        let mut rings = RINGS.lock();
        rings.rings.try_reserve(1)?;
        let id = rings.next_id;
        rings.next_id += 1;
        rings.rings.push(Ring { id, stream, records });
        Ok(Self { id })
    }

    /// The next record, if there is one.
    pub fn take(&self) -> Option<Record> {
        RINGS.lock().rings.iter_mut().find(|ring| ring.id == self.id)?.records.pop_front()
    }

    /// The next record. Waits for it, unless the process is cancelled.
    pub fn wait(&self) -> Result<Record, Interrupted> {
        let mut record = None;
        HEARD.wait_until_interruptible(|| {
            record = self.take();
            record.is_some()
        })?;
        record.ok_or(Interrupted)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut rings = RINGS.lock();
        let place = rings.rings.iter().position(|ring| ring.id == self.id);
        let ring = place.map(|place| rings.rings.swap_remove(place));
        drop(rings);
        // Its memory goes back outside of the lock.
        drop(ring);
    }
}

/// Tells those who listen to the keyboard.
pub fn tell_key(event: &KeyEvent) {
    if let Some(code) = evdev::code_of(event.key) {
        tell(Stream::Keyboard, &[(evdev::KEY, code, evdev::value_of(event.state))]);
    }
}

/// Tells those who listen to the mouse what it did, given which buttons were down before.
pub fn tell_motion(motion: &MouseMotion, before: Buttons) {
    // The mouse counts towards the person, Linux away from them.
    let axes = [
        (evdev::REL_X, motion.dx),
        (evdev::REL_Y, motion.dy),
        (evdev::REL_WHEEL, motion.wheel.saturating_neg()),
    ];
    let buttons = [
        (Buttons::LEFT, evdev::BTN_LEFT),
        (Buttons::RIGHT, evdev::BTN_RIGHT),
        (Buttons::MIDDLE, evdev::BTN_MIDDLE),
    ];
    let mut records = [(0, 0, 0); 6];
    let mut count = 0;
    let moved =
        axes.into_iter().filter(|(_, value)| *value != 0).map(|(code, value)| (evdev::REL, code, value));
    let pressed = buttons.into_iter().filter_map(|(button, code)| {
        let is_down = motion.buttons.contains(button);
        (is_down != before.contains(button)).then_some((evdev::KEY, code, i32::from(is_down)))
    });
    for (place, record) in records.iter_mut().zip(moved.chain(pressed)) {
        *place = record;
        count += 1;
    }
    tell(Stream::Mouse, &records[..count]);
}

/// Gives these records, which happened together, to all who listen.
fn tell(stream: Stream, records: &[(u16, u16, i32)]) {
    if records.is_empty() {
        return;
    }
    let at_ns = time::uptime_ns();
    let mut heard = false;
    {
        let mut rings = RINGS.lock();
        for ring in rings.rings.iter_mut().filter(|ring| ring.stream == stream) {
            heard = true;
            let add = |ring: &mut Ring, (kind, code, value)| {
                ring.records.push_back(Record { at_ns, kind, code, value });
            };
            if ring.records.len() + records.len() + 1 > CAPACITY {
                ring.records.clear();
                add(ring, (evdev::SYN, evdev::SYN_DROPPED, 0));
            } else {
                records.iter().for_each(|record| add(ring, *record));
            }
            add(ring, (evdev::SYN, evdev::SYN_REPORT, 0));
        }
    }
    if heard {
        HEARD.wake_all();
    }
}
