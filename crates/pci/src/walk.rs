//! The walk over all buses.

use alloc::vec;
use alloc::vec::Vec;

use crate::function::{Function, Layout};
use crate::{Address, ConfigurationSpace};

const DEVICES: u8 = 32;
const FUNCTIONS: u8 = 8;

/// Every function that answers, in the order of addresses within a bus, a bridge's bus after the bridge's own.
///
/// Begins at bus 0, or at several where the host bridge has several functions (one for each bus, PCI Express Base
/// Specification's "root complex"), and follows bridges as firmware numbered them. Each bus is entered once: a bridge
/// that leads back to where the walk came from would else never let it go.
#[must_use]
pub fn enumerate(space: &impl ConfigurationSpace) -> Vec<Function> {
    let mut found = Vec::new();
    let mut entered = [false; 256];
    // Last in, first out: the smallest number is to be taken first.
    let mut waiting: Vec<u8> = roots(space);
    waiting.reverse();
    while let Some(bus) = waiting.pop() {
        if core::mem::replace(&mut entered[usize::from(bus)], true) {
            continue;
        }
        let first = found.len();
        for device in 0..DEVICES {
            add_device(space, bus, device, &mut found);
        }
        let behind = |function: &Function| match function.layout {
            // 0 is where every walk begins: a bridge that firmware did not number says 0.
            Layout::Bridge { secondary } if secondary != 0 => Some(secondary),
            _ => None,
        };
        waiting.extend(found[first..].iter().rev().filter_map(behind));
    }
    found
}

/// The buses right behind the processor.
fn roots(space: &impl ConfigurationSpace) -> Vec<u8> {
    match Function::read(space, Address { bus: 0, device: 0, function: 0 }) {
        Some((_, true)) => (0..FUNCTIONS)
            .filter(|&function| Function::read(space, Address { bus: 0, device: 0, function }).is_some())
            .collect(),
        _ => vec![0],
    }
}

fn add_device(space: &impl ConfigurationSpace, bus: u8, device: u8, found: &mut Vec<Function>) {
    let Some((first, several)) = Function::read(space, Address { bus, device, function: 0 }) else { return };
    found.push(first);
    if several {
        let others = (1..FUNCTIONS).map(|function| Address { bus, device, function });
        found.extend(others.filter_map(|address| Some(Function::read(space, address)?.0)));
    }
}
