//! The kernel in memory, and what it asks for.

use bootload::handover::REACHABLE;
use bootload::memory_map::{Kind, MemoryMap};
use bootload::plan::LoadPlan;
use bootload::requests::{Feature, Requests};
use bootload::{BootError, PAGE_SIZE, responses};
use elf::Elf;

use crate::physical;

/// A loaded kernel.
pub struct Kernel {
    /// Where its segments lie in the image.
    pub plan: LoadPlan,
    /// Physical address of the image.
    pub base: u64,
    /// The image itself.
    pub image: &'static mut [u8],
    /// What it asks for.
    pub requests: Requests,
    /// Virtual address of its first instruction, proven to be code.
    pub entry: u64,
    /// Size of the stack for each processor, in bytes.
    pub stack_size: u64,
}

impl Kernel {
    /// Loads the kernel in `file` into memory taken from `map`.
    pub fn load(file: &[u8], map: &mut MemoryMap) -> Result<Self, BootError> {
        let plan = LoadPlan::new(&Elf::parse(file)?)?;
        let base =
            map.allocate(plan.size(), PAGE_SIZE, REACHABLE, Kind::ExecutableAndModules, "the kernel")?;
        let image = physical::bytes_mut(base, plan.size());
        plan.load(file, image)?;
        let requests = Requests::find(&image[..plan.file_backed_size() as usize])?;
        let entry = plan.entry(requests.field(image, Feature::EntryPoint, 0, 0))?;
        let stack_size = responses::stack_size(image, &requests)?;
        Ok(Self { plan, base, image, requests, entry, stack_size })
    }
}
