//! NVMe disks: finds them on the PCI bus and puts them behind request queues. What is said to them stands in crate
//! `disks`.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use disks::nvme::Nvme;
use pci::{Function, class};

use super::hardware::ThisMachine;
use super::pci::{self as bus, Device};
use crate::block::{self, Controlled, Permanence, Shape};
use crate::lock::Once;

/// Registers the disks of every NVMe controller.
pub fn initialise() {
    for function in bus::functions().iter().filter(|function| function.class == class::NVME) {
        if let Err(problem) = open(function) {
            log::warn!("the NVMe disk at {} is not used: {problem}", function.address);
        }
    }
}

fn open(function: &'static Function) -> Result<(), String> {
    let device = Device::claim(function, "NVMe").map_err(|problem| problem.to_string())?;
    let registers = device.memory(0).map_err(|problem| problem.to_string())?;
    device.master_bus();
    // Messages come first: a ring of answers remembers how they are sent when it is made (NVMe, section 7.6.1).
    let listener: Arc<Once<Arc<Controlled<_>>>> = Arc::new(Once::new());
    let handler = listener.clone();
    let messages = device.send_messages(Box::new(move || {
        if let Some(controller) = handler.get() {
            controller.interrupt();
        }
    }));
    let nvme = Nvme::open(registers, ThisMachine).map_err(|problem| problem.to_string())?;
    let model = String::from(nvme.model());
    let disks = nvme.namespaces().iter().map(|namespace| (namespace.sectors, namespace.native));
    let disks: Vec<(u64, u32)> = disks.collect();
    if disks.is_empty() {
        return Err("it has no disk with sectors of 512 to 4096 bytes".to_string());
    }
    let controller = Controlled::new(nvme).map_err(|_| "there is no memory for its requests".to_string())?;
    let controller = listener.call_once(|| controller);
    match messages {
        Ok(()) => controller.interrupts_come(),
        Err(problem) => log::warn!("{model}: looked after by polling: {problem}"),
    }
    for (unit, (sectors, native)) in disks.into_iter().enumerate() {
        let shape = Shape { native, ..Shape::plain(unit, sectors) };
        block::register(model.clone(), controller.disk(shape), Permanence::Kept);
    }
    Ok(())
}
