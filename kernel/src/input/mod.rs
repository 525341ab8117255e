//! What the person at the machine does: bytes from interrupt handlers in, events out.
//!
//! Handlers put bytes with their time into one ring and give a signal; everything else, decoding included, is done by the task
//! that waits for events ([`Events`]). The order of keys and mouse is kept. A slow reader never sees stale motion: what
//! gathered is added up. And it never misses a release: when the ring overflowed, every key that was down comes up.
//! Others may listen ([`Listener`]) to what that task decodes.

mod events;
mod listen;
mod ring;

use keymap::{KeyEvent, Layout};
use ps2::{Buttons, MouseKind};

use crate::arch::time;
use crate::executor::{self, Signal};
use crate::lock::{IrqSpinLock, Rank};
use ring::{Ring, Sample};

pub use events::Events;
pub use listen::{Listener, Record, Stream};
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

/// How a byte is sent to the mouse; the driver hands it in.
pub type TellMouse = fn(u8) -> Result<(), ps2::Error>;

/// What was found out before somebody asks for events.
#[derive(Clone, Copy)]
struct Setup {
    layout: Layout,
    mouse: MouseKind,
    tell_mouse: Option<TellMouse>,
    /// Somebody has the events.
    taken: bool,
}

static SETUP: IrqSpinLock<Setup> = IrqSpinLock::new(
    Rank::Queue,
    Setup { layout: Layout::Us, mouse: MouseKind::Standard, tell_mouse: None, taken: false },
);
static RING: IrqSpinLock<Ring> = IrqSpinLock::new(Rank::Queue, Ring::new());
/// There is something in the ring.
static CAME: Signal = executor::signal();

/// A byte came from a device. For interrupt handlers, which hold no lock then.
pub fn push(source: Source, byte: u8) {
    RING.lock().push(Sample { source, byte, at_ns: time::uptime_ns() });
    CAME.notify();
}

/// There is a mouse, or a place where one may be plugged in; it is spoken to by `tell`, and answers by [`push`].
pub fn set_mouse(kind: MouseKind, tell: TellMouse) {
    let mut setup = SETUP.lock();
    setup.mouse = kind;
    setup.tell_mouse = Some(tell);
}

/// What the keys type. Before somebody takes the events.
pub fn set_layout(layout: Layout) {
    SETUP.lock().layout = layout;
}

/// What the person does from now on. There is one reader: `None` when somebody else has them.
pub fn events() -> Option<Events> {
    let mut setup = SETUP.lock();
    if core::mem::replace(&mut setup.taken, true) {
        return None;
    }
    let setup = *setup;
    Some(Events::new(setup.layout, setup.mouse, setup.tell_mouse))
}
