//! The I/O APIC: which CPU and vector a device's line goes to. Source: Intel 82093AA data sheet; how ISA
//! lines map to its inputs comes from ACPI's MADT (ACPI 6.5, 5.2.12.5).
//!
//! All lines go to the boot CPU: a handful of slow devices do not pay for balancing.

use core::sync::atomic::{AtomicBool, Ordering};

use super::super::guarded::Guarded;

const SELECT: u64 = 0x00;
const WINDOW: u64 = 0x10;
const VERSION: u32 = 0x01;
const REDIRECTION: u32 = 0x10;
const MASKED: u32 = 1 << 16;
const LEVEL: u32 = 1 << 15;
const ACTIVE_LOW: u32 = 1 << 13;

/// I/O APICs driven; desktop PCs have one or two.
const MAX_CONTROLLERS: usize = 8;

/// How an ISA line reaches an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IsaRoute {
    /// Global system interrupt: inputs of all controllers, counted through.
    pub gsi: u32,
    /// Level- rather than edge-triggered.
    pub level: bool,
    /// Active when low.
    pub active_low: bool,
}

#[derive(Clone, Copy)]
struct Controller {
    window: u64,
    gsi_base: u32,
    inputs: u32,
}

struct State {
    controllers: [Option<Controller>; MAX_CONTROLLERS],
    isa: [IsaRoute; 16],
    destination: u32,
}

const fn identity() -> [IsaRoute; 16] {
    let mut routes = [IsaRoute { gsi: 0, level: false, active_low: false }; 16];
    let mut line = 0;
    while line < 16 {
        routes[line].gsi = line as u32;
        line += 1;
    }
    routes
}

static STATE: Guarded<State> =
    Guarded::new(State { controllers: [None; MAX_CONTROLLERS], isa: identity(), destination: 0 });
static PRESENT: AtomicBool = AtomicBool::new(false);

impl Controller {
    fn read(&self, register: u32) -> u32 {
        // SAFETY: `add` was promised an uncached mapping of the registers; both offsets lie in it. STATE's
        // lock keeps the select-then-access pair whole.
        unsafe {
            ((self.window + SELECT) as *mut u32).write_volatile(register);
            ((self.window + WINDOW) as *const u32).read_volatile()
        }
    }

    fn write(&self, register: u32, value: u32) {
        // SAFETY: as for reading.
        unsafe {
            ((self.window + SELECT) as *mut u32).write_volatile(register);
            ((self.window + WINDOW) as *mut u32).write_volatile(value);
        }
    }
}

/// Takes a controller into use, all inputs masked.
///
/// # Safety
/// `window` is an uncached mapping of the controller's registers (at least 0x20 bytes), and stays one.
pub unsafe fn add(window: u64, gsi_base: u32) {
    STATE.with(|state| {
        let mut controller = Controller { window, gsi_base, inputs: 0 };
        controller.inputs = (controller.read(VERSION) >> 16 & 0xff) + 1;
        for input in 0..controller.inputs {
            controller.write(REDIRECTION + 2 * input, MASKED);
        }
        if let Some(slot) = state.controllers.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some(controller);
            PRESENT.store(true, Ordering::Relaxed);
        }
    });
}

/// Notes that ISA `line` does not go to the input of the same number.
pub fn set_isa_route(line: u8, route: IsaRoute) {
    STATE.with(|state| {
        if let Some(slot) = state.isa.get_mut(usize::from(line)) {
            *slot = route;
        }
    });
}

/// The local APIC that gets the interrupts.
pub fn set_destination(local_apic: u32) {
    STATE.with(|state| state.destination = local_apic);
}

/// The local APIC that gets the interrupts.
pub(in super::super) fn destination() -> u32 {
    STATE.with(|state| state.destination)
}

/// Whether there is a controller.
pub fn is_present() -> bool {
    PRESENT.load(Ordering::Relaxed)
}

/// Sends ISA `line` to `vector` and lets it through; without a controller for it, says so.
pub(in super::super) fn route_isa(line: u8, vector: u8) {
    let routed = STATE.with(|state| {
        let route = state.isa[usize::from(line)];
        let covers = |c: &&Controller| (c.gsi_base..c.gsi_base.saturating_add(c.inputs)).contains(&route.gsi);
        let controller = state.controllers.iter().flatten().find(covers).ok_or(route.gsi)?;
        let input = route.gsi - controller.gsi_base;
        let mut low = u32::from(vector);
        if route.level {
            low |= LEVEL;
        }
        if route.active_low {
            low |= ACTIVE_LOW;
        }
        controller.write(REDIRECTION + 2 * input + 1, state.destination << 24);
        controller.write(REDIRECTION + 2 * input, low);
        Ok::<(), u32>(())
    });
    if let Err(gsi) = routed {
        log::warn!("no I/O APIC has input {gsi} for interrupt line {line}");
    }
}
