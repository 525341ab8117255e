//! Keyboard and mouse on the PS/2 controller: the recipe is crate `ps2`, the decoding is `input`'s; here are the ports
//! and the two interrupts.

use ps2::{Controller, Devices, Error, MouseKind};

use crate::arch::port::{self, Ports};
use crate::arch::{irq, time};
use crate::input;
use crate::lock::{IrqSpinLock, Once, Rank};

const DATA: u16 = 0x60;
const STATUS: u16 = 0x64;
const KEYBOARD_LINE: u8 = 1;
const MOUSE_LINE: u8 = 12;
/// Bytes that one interrupt takes at most: more than a controller buffers, so that a mad one can't keep us for ever.
const BYTES_PER_INTERRUPT: usize = 32;

struct Hardware {
    data: Ports,
    status: Ports,
}

impl ps2::Ports for Hardware {
    fn status(&mut self) -> u8 {
        self.status.read_u8(0)
    }

    fn read_data(&mut self) -> u8 {
        self.data.read_u8(0)
    }

    fn write_data(&mut self, byte: u8) {
        self.data.write_u8(0, byte);
    }

    fn write_command(&mut self, command: u8) {
        self.status.write_u8(0, command);
    }

    fn wait_microseconds(&mut self, microseconds: u32) {
        time::busy_wait_ns(u64::from(microseconds) * 1000);
    }
}

static CONTROLLER: Once<IrqSpinLock<Controller<Hardware>>> = Once::new();

/// What the person at the machine should know.
static PROBLEM: Once<&str> = Once::new();

/// What input is missing, in a sentence for the person at the machine. None when all is well.
pub fn problem() -> Option<&'static str> {
    PROBLEM.get().copied()
}

/// Brings up the controller and its devices, and says which are there.
pub fn initialise() {
    if let Some(problem) = find_devices() {
        PROBLEM.call_once(|| problem);
    }
}

/// Returns what is missing, in a sentence.
fn find_devices() -> Option<&'static str> {
    let ports = port::claim(DATA, 1, "PS/2 controller")
        .and_then(|data| Ok(Hardware { data, status: port::claim(STATUS, 1, "PS/2 controller")? }));
    let hardware = match ports {
        Ok(hardware) => hardware,
        Err(error) => {
            log::warn!("no keyboard and no mouse: {error}");
            return Some("No PS/2 keyboard and no mouse found.");
        }
    };
    let mut controller = Controller::new(hardware);
    let devices = match controller.initialise() {
        Ok(devices) => devices,
        Err(error) => {
            log::warn!("no keyboard and no mouse: {error}");
            return Some("No PS/2 keyboard and no mouse found.");
        }
    };
    CONTROLLER.call_once(|| IrqSpinLock::new(Rank::Device, controller));
    let mouse_may_report = devices.mouse_may_report();
    let Devices { keyboard, mouse } = devices;
    let problem = match (&keyboard, &mouse) {
        (Ok(()), Ok(_)) => None,
        (Ok(()), Err(_)) => Some("No mouse found. The keyboard does everything: press Alt+F1."),
        (Err(_), Ok(_)) => Some("No keyboard found."),
        (Err(_), Err(_)) => Some("No keyboard and no mouse found."),
    };
    match keyboard {
        Ok(()) => {
            log::info!("keyboard");
            listen(KEYBOARD_LINE, "keyboard");
        }
        Err(error) => log::warn!("no keyboard: {error}"),
    }
    match mouse {
        Ok(kind) => {
            log::info!("mouse: {}", kind.description());
            input::set_mouse(kind, tell_mouse);
        }
        Err(error) => {
            log::warn!("no mouse: {error}");
            // Until one announces itself, its kind does not matter.
            input::set_mouse(MouseKind::Standard, tell_mouse);
        }
    }
    if mouse_may_report {
        listen(MOUSE_LINE, "mouse");
    }
    // What came before the lines were open raised an interrupt that nobody heard.
    handle();
    problem
}

/// Resets the machine through the controller's output line that is wired to the processor's reset. Returns if the
/// machine has none.
pub fn pulse_reset() {
    if let Some(controller) = CONTROLLER.get() {
        controller.lock().pulse_reset();
    }
}

/// Sends a byte to the mouse, whose answer comes by interrupt.
fn tell_mouse(byte: u8) -> Result<(), Error> {
    CONTROLLER.get().ok_or(Error::Absent)?.lock().tell_mouse(byte)
}

fn listen(line: u8, name: &'static str) {
    if let Err(error) = irq::register_isa(line, name, handle) {
        log::warn!("the {name} stays silent: {error}");
    }
}

/// The handler of both lines: the status register tells whose byte it is, so either may take both.
fn handle() {
    let Some(controller) = CONTROLLER.get() else { return };
    for _ in 0..BYTES_PER_INTERRUPT {
        // The lock is given back before the reader is told.
        let next = controller.lock().read();
        let Some((source, byte)) = next else { break };
        input::push(source, byte);
    }
}
