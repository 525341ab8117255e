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
use crate::block::{self, Controlled, Permanence};
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
    let sizes: Vec<u64> = nvme.namespaces().iter().map(|namespace| namespace.sectors).collect();
    if sizes.is_empty() {
        return Err("it has no disk with sectors of 512 bytes".to_string());
    }
    let controller = listener.call_once(|| Controlled::new(nvme));
    match messages {
        Ok(()) => controller.interrupts_come(),
        Err(problem) => log::warn!("{model}: looked after by polling: {problem}"),
    }
    for (unit, sectors) in sizes.into_iter().enumerate() {
        block::register(model.clone(), controller.disk(unit, sectors), Permanence::Kept);
    }
    Ok(())
}
