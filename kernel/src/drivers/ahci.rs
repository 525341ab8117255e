//! SATA disks behind AHCI adapters: finds the adapters on the PCI bus and puts each port's disk behind a request queue.
//! What is said to them stands in crate `disks`.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use disks::ahci::{Adapter, Port};
use pci::{Function, class};

use super::hardware::ThisMachine;
use super::pci::{self as bus, Device};
use crate::block::{self, Controlled, Permanence, Shape};

/// Where AHCI's registers are.
const WINDOW: u8 = 5;

/// Registers the disks of every AHCI adapter.
pub fn initialise() {
    for function in bus::functions().iter().filter(|function| function.class == class::AHCI) {
        if let Err(problem) = open(function) {
            log::warn!("the AHCI adapter at {} is not used: {problem}", function.address);
        }
    }
}

fn open(function: &'static Function) -> Result<(), String> {
    let device = Device::claim(function, "AHCI").map_err(|problem| problem.to_string())?;
    let registers = device.memory(WINDOW).map_err(|problem| problem.to_string())?;
    let adapter = Adapter::open(&registers, &ThisMachine).map_err(|problem| problem.to_string())?;
    device.master_bus();
    let mut ports = Vec::new();
    for number in (0..32).filter(|number| adapter.ports >> number & 1 != 0) {
        match Port::open(registers, ThisMachine, &adapter, number) {
            Ok(Some(port)) => {
                let (model, sectors) = (String::from(port.identity().model()), port.identity().sectors);
                match Controlled::new(port) {
                    Ok(port) => ports.push((port, model, sectors)),
                    Err(_) => log::warn!("{model} is not used: there is no memory for its requests"),
                }
            }
            Ok(None) => {}
            Err(problem) => {
                log::warn!("the disk on port {number} of {} is not used: {problem}", function.address);
            }
        }
    }
    if ports.is_empty() {
        return Ok(());
    }
    let handlers: Vec<_> = ports.iter().map(|(port, ..)| port.clone()).collect();
    match device.send_messages(Box::new(move || handlers.iter().for_each(|port| port.interrupt()))) {
        Ok(()) => {
            Adapter::enable_interrupts(&registers);
            ports.iter().for_each(|(port, ..)| port.interrupts_come());
        }
        Err(problem) => log::warn!("{}: looked after by polling: {problem}", function.address),
    }
    for (port, model, sectors) in ports {
        block::register(model, port.disk(Shape::plain(0, sectors)), Permanence::Kept);
    }
    Ok(())
}
