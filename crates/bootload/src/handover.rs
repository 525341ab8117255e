//! What whoever started the loader handed over, in one form for both ways in.
//!
//! All of it is copied: the originals lie in memory that the map may call free, and the loader
//! allocates from that map. Modules alone stay where they are; the map is told.

use crate::acpi::RSDP_SIZE_2;
use crate::cmdline::CommandLine;
use crate::framebuffer::Framebuffer;
use crate::memory_map::{Kind, MemoryMap};
use crate::pack::MAX_MODULES;
use crate::responses::Firmware;
use crate::{BootError, PAGE_SIZE};

/// The loader reads what it is handed through an identity mapping of the first 4 GiB.
pub const REACHABLE: u64 = 1 << 32;

/// Where the ACPI root pointer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootPointer {
    /// Nobody said: look for it where a BIOS leaves it.
    Unknown,
    /// At this physical address.
    At(u64),
    /// These are its bytes; where it stood was not said.
    Copy([u8; RSDP_SIZE_2]),
}

/// A file that was loaded beside us.
#[derive(Clone, Copy, Debug)]
pub struct Module {
    /// Physical address.
    pub base: u64,
    /// Length in bytes.
    pub size: u64,
    string: [u8; Self::MAX_STRING],
    string_length: usize,
}

impl Module {
    /// Longest string of a module, in bytes; the rest is cut off.
    const MAX_STRING: usize = 128;

    /// The words that came with it.
    pub fn string(&self) -> &[u8] {
        &self.string[..self.string_length]
    }
}

/// What was handed over, but for the memory map.
#[derive(Clone, Debug)]
pub struct Handover {
    /// Who started the machine.
    pub firmware: Firmware,
    /// The command line given where the machine was started.
    pub command_line: CommandLine,
    /// The ACPI root pointer.
    pub root_pointer: RootPointer,
    /// The screen, if it is set up and usable.
    pub framebuffer: Option<Framebuffer>,
    modules: [Module; 1 + MAX_MODULES],
    module_count: usize,
}

impl Default for Handover {
    fn default() -> Self {
        Self::new()
    }
}

impl Handover {
    /// Nothing yet.
    pub const fn new() -> Self {
        let none = Module { base: 0, size: 0, string: [0; Module::MAX_STRING], string_length: 0 };
        Self {
            firmware: Firmware::Bios,
            command_line: CommandLine::new(),
            root_pointer: RootPointer::Unknown,
            framebuffer: None,
            modules: [none; 1 + MAX_MODULES],
            module_count: 0,
        }
    }

    /// The modules, in the order they were handed over.
    pub fn modules(&self) -> &[Module] {
        &self.modules[..self.module_count]
    }

    /// Adds a module. One that is empty or out of the loader's reach is left out, and so are those
    /// past the most a pack could hold.
    pub(crate) fn add_module(&mut self, base: u64, size: u64, string: &[u8]) {
        let is_reachable = base != 0 && base.checked_add(size).is_some_and(|end| end <= REACHABLE);
        let Some(slot) = self.modules.get_mut(self.module_count) else { return };
        if size == 0 || !is_reachable {
            return;
        }
        let string = &string[..string.len().min(Module::MAX_STRING)];
        (slot.base, slot.size, slot.string_length) = (base, size, string.len());
        slot.string[..string.len()].copy_from_slice(string);
        self.module_count += 1;
    }

    /// Takes the modules out of free memory, and brings each to a page boundary. `copy` is called
    /// with source, destination and length for those that are not on one.
    ///
    /// # Errors
    /// [`BootError::OutOfMemory`], [`BootError::MemoryMapTooLong`].
    pub fn settle_modules(
        &mut self,
        map: &mut MemoryMap,
        mut copy: impl FnMut(u64, u64, u64),
    ) -> Result<(), BootError> {
        let modules = &mut self.modules[..self.module_count];
        // All of them first, so that no copy lands on one that is still to come.
        for module in modules.iter() {
            map.claim(module.base, module.size, Kind::ExecutableAndModules)?;
        }
        for module in modules.iter_mut().filter(|module| !module.base.is_multiple_of(PAGE_SIZE)) {
            let place =
                map.allocate(module.size, PAGE_SIZE, REACHABLE, Kind::ExecutableAndModules, "a module")?;
            copy(module.base, place, module.size);
            module.base = place;
        }
        Ok(())
    }
}
