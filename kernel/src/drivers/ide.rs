//! IDE disks: on every PC of the last century and every virtual one of this. Two channels with two drives each at the
//! addresses that PCs have always had, and perhaps a controller on the PCI bus that moves their data. What is said to
//! them stands in crate `disks`.

use alloc::string::{String, ToString};
use alloc::sync::Arc;

use disks::ide::{Channel, Drive, Found, Windows, bus_master_register};
use pci::{Function, class};

use super::hardware::ThisMachine;
use super::pci::{self as bus, Device};
use crate::arch::irq;
use crate::arch::port::{self, Ports};
use crate::block::{self, Controlled, Permanence, Shape};
use crate::lock::Once;

/// The port window of the bus master part.
const WINDOW: u8 = 4;
/// In the class's interface: there is such a part.
const BUS_MASTER: u8 = 1 << 7;
/// In the interface: the first, the second channel is not at the addresses that PCs have always had.
const ELSEWHERE: u8 = 1 << 0 | 1 << 2;

/// A channel and its queue.
type Opened = Controlled<Channel<Arc<Ports>, ThisMachine>>;

/// Where a channel is, and who listens to it.
struct Place {
    name: &'static str,
    command: u16,
    control: u16,
    line: u8,
    interrupt: fn(),
    tell: fn(usize),
    listener: Once<Arc<Opened>>,
}

/// The channels of a PC.
static PLACES: [Place; 2] = [
    Place {
        name: "first IDE channel",
        command: 0x1f0,
        control: 0x3f6,
        line: 14,
        interrupt: || interrupt(0),
        tell: |unit| tell(0, unit),
        listener: Once::new(),
    },
    Place {
        name: "second IDE channel",
        command: 0x170,
        control: 0x376,
        line: 15,
        interrupt: || interrupt(1),
        tell: |unit| tell(1, unit),
        listener: Once::new(),
    },
];

fn interrupt(channel: usize) {
    if let Some(channel) = PLACES[channel].listener.get() {
        channel.interrupt();
    }
}

fn tell(channel: usize, unit: usize) {
    log::warn!(
        "{}, {}: DMA does not work here; the processor moves the data",
        PLACES[channel].name,
        name(unit)
    );
}

const fn name(unit: usize) -> &'static str {
    if unit == 0 { "master" } else { "slave" }
}

/// Registers the disks of both channels.
pub fn initialise() {
    let bus_master = bus_master();
    for (place, half) in PLACES.iter().zip((0..).step_by(bus_master_register::STRIDE.into())) {
        if let Err(problem) = open(place, bus_master.clone().map(|ports| (ports, half))) {
            log::warn!("{}: {problem}", place.name);
        }
    }
}

/// The window of the controller that moves the channels' data, if there is one.
fn bus_master() -> Option<Arc<Ports>> {
    let usable = |function: &&Function| {
        let [class, subclass, interface] = function.class;
        [class, subclass] == class::IDE && interface & BUS_MASTER != 0 && interface & ELSEWHERE == 0
    };
    let function = bus::functions().iter().find(usable)?;
    let ports = Device::claim(function, "IDE").and_then(|device| {
        let ports = device.ports(WINDOW, "IDE bus master")?;
        device.master_bus();
        Ok(Arc::new(ports))
    });
    ports.inspect_err(|problem| log::warn!("IDE disks without DMA: {problem}")).ok()
}

fn open(place: &'static Place, bus_master: Option<(Arc<Ports>, u16)>) -> Result<(), String> {
    let claim = |base, count| port::claim(base, count, place.name).map(Arc::new);
    let command = claim(place.command, 8).map_err(|problem| problem.to_string())?;
    let control = claim(place.control, 1).map_err(|problem| problem.to_string())?;
    let windows = Windows { command, control, bus_master };
    let opened = Channel::open(windows, ThisMachine, place.tell).map_err(|problem| problem.to_string())?;
    let Some(mut channel) = opened else { return Ok(()) };
    let found = channel.drives().clone();
    for (unit, found) in found.iter().enumerate() {
        match found {
            Found::Nothing => {}
            Found::Disk(drive) => {
                let mover = if drive.dma { "DMA" } else { "the processor" };
                log::info!("{}, {}: data moved by {mover}", place.name, name(unit));
            }
            Found::Unusable(why) => log::warn!("{}, {}: not used: {why}", place.name, name(unit)),
        }
    }
    if !found.iter().any(|found| matches!(found, Found::Disk(_))) {
        return Ok(());
    }
    let line = irq::register_isa(place.line, place.name, place.interrupt);
    if line.is_ok() {
        channel.enable_interrupts();
    }
    let channel = Controlled::new(channel).map_err(|_| "there is no memory for its requests".to_string())?;
    let channel = place.listener.call_once(|| channel);
    match line {
        Ok(()) => channel.interrupts_come(),
        Err(problem) => log::warn!("{}: looked after by polling: {problem}", place.name),
    }
    for (unit, found) in found.into_iter().enumerate() {
        if let Found::Disk(Drive { identity, .. }) = found {
            let disk = channel.disk(Shape::plain(unit, identity.sectors));
            block::register(String::from(identity.model()), disk, Permanence::Kept);
        }
    }
    Ok(())
}
