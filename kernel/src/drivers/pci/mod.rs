//! The PCI bus: enumerated once, by whoever asks first, while others who ask wait. Drivers look for their devices here and claim them ([`Device`]); what is
//! found is described in crate `pci`, which does the thinking.

mod device;
mod space;

use alloc::vec::Vec;

use pci::{Address, Function};

use crate::sync::{Mutex, Once};

pub use device::Device;
use space::Space;

struct Bus {
    space: Space,
    functions: Vec<Function>,
}

static BUS: Once<Bus> = Once::new();

/// Which functions have a driver, and what it calls itself.
static DRIVEN: Mutex<Vec<(Address, &'static str)>> = Mutex::new(Vec::new());

/// The bus, enumerated.
fn bus() -> &'static Bus {
    BUS.get_or_make(enumerate)
}

fn enumerate() -> Bus {
    let space = Space::open();
    let functions = pci::enumerate(&space);
    log::info!("{} PCI functions, reached {}", functions.len(), space.how());
    for function in &functions {
        log::debug!(
            "{} {:04x}:{:04x} {}",
            function.address,
            function.vendor,
            function.device,
            pci::class::name(function.class)
        );
    }
    Bus { space, functions }
}

/// All functions, in the order of their addresses. May sleep.
pub fn functions() -> &'static [Function] {
    &bus().functions
}

/// The driver of the function at `address`.
pub fn driver_of(address: Address) -> Option<&'static str> {
    DRIVEN.lock().iter().find(|(driven, _)| *driven == address).map(|(_, name)| *name)
}
