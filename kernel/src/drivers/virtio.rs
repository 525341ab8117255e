//! Virtio disks: finds them on the PCI bus and puts each behind a request queue. What is said to them stands in crate
//! `disks`.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use disks::virtio::{Block, Windows};
use pci::Function;
use pci::virtio::{BLOCK, Kind, Structure, TRANSITIONAL_BLOCK, VENDOR};

use super::hardware::ThisMachine;
use super::pci::{self as bus, Device};
use crate::block::{self, Controlled, Permanence, Shape};
use crate::lock::Once;
use crate::memory::mmio::Mmio;

/// Registers every virtio disk.
pub fn initialise() {
    let is_disk = |function: &&Function| {
        function.vendor == VENDOR && matches!(function.device, BLOCK | TRANSITIONAL_BLOCK)
    };
    for function in bus::functions().iter().filter(is_disk) {
        if let Err(problem) = open(function) {
            log::warn!("the virtio disk at {} is not used: {problem}", function.address);
        }
    }
}

fn open(function: &'static Function) -> Result<(), String> {
    let device = Device::claim(function, "virtio").map_err(|problem| problem.to_string())?;
    let windows = windows(&device)?;
    device.master_bus();
    // Messages come first: a queue is told its message by number, and the device looks whether there is one.
    let listener: Arc<Once<Arc<Controlled<_>>>> = Arc::new(Once::new());
    let handler = listener.clone();
    let messages = device.send_messages(Box::new(move || {
        if let Some(controller) = handler.get() {
            controller.interrupt();
        }
    }));
    let disk = Block::open(windows, ThisMachine, messages.is_ok()).map_err(|problem| problem.to_string())?;
    let shape = Shape {
        unit: 0,
        sectors: disk.sectors(),
        native: disk.native_sectors(),
        is_read_only: disk.is_read_only(),
        has_cache: disk.can_flush(),
    };
    let sends_messages = disk.sends_messages();
    let model = "virtio disk".to_string();
    let controller = Controlled::new(disk).map_err(|_| "there is no memory for its requests".to_string())?;
    let controller = listener.call_once(|| controller);
    match messages {
        Ok(()) if sends_messages => controller.interrupts_come(),
        Ok(()) => log::warn!("{model}: looked after by polling: it does not take its message"),
        Err(problem) => log::warn!("{model}: looked after by polling: {problem}"),
    }
    block::register(model, controller.disk(shape), Permanence::Kept);
    Ok(())
}

/// Maps what the capabilities name.
fn windows(device: &Device) -> Result<Windows<Mmio>, String> {
    let mut mapped: Vec<(u8, Mmio)> = Vec::new();
    let mut map = |structure: Structure| {
        let known = mapped.iter().find(|(bar, _)| *bar == structure.bar).map(|(_, window)| *window);
        let window = match known {
            Some(window) => window,
            None => {
                let window = device.memory(structure.bar).map_err(|problem| problem.to_string())?;
                mapped.push((structure.bar, window));
                window
            }
        };
        // At odd places registers can't be read in one piece.
        let part = window.part(structure.offset as usize, structure.length as usize);
        let part = part.filter(|_| structure.offset.is_multiple_of(4));
        part.ok_or_else(|| "its registers are outside of its window".to_string())
    };
    let (mut common, mut notify, mut disk) = (None, None, None);
    for structure in device.virtio_structures() {
        match structure.kind {
            Kind::Common if common.is_none() => common = Some(map(structure)?),
            Kind::Notify { stride } if notify.is_none() => notify = Some((map(structure)?, stride)),
            Kind::Device if disk.is_none() => disk = Some(map(structure)?),
            _ => {}
        }
    }
    match (common, notify, disk) {
        (Some(common), Some((notify, notify_stride)), Some(disk)) => {
            Ok(Windows { common, notify, notify_stride, disk })
        }
        _ => Err("it speaks only as devices did before virtio had a version".to_string()),
    }
}
