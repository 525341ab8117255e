//! Memory: frames, the kernel's address space, the heap, stacks, windows onto devices and firmware.
//!
//! `unsafe` is allowed here, because this is where numbers become memory. What each file promises to the rest
//! of the kernel is safe to use; the arguments stand beside each block. The thinking is in `crates/frames`
//! and `crates/paging`, tested on the host.
//!
//! | file | what it owns |
//! |---|---|
//! | [`layout`] | who has which addresses |
//! | [`frames`] | which physical frames are free |
//! | `direct_map` | physical addresses as pointers, page tables as memory |
//! | [`kernel_space`] | the kernel's page tables |
//! | [`address_space`] | user pages, with tables of their own |
//! | [`shootdown`] | when all CPUs have forgotten a translation |
//! | [`heap`], `page_runs` | Rust's allocator: slabs and free lists, and runs of pages from 64 KiB on |
//! | [`stack`] | kernel stacks with guards |
//! | [`page`] | pages that files are kept in, with counted owners
//! | `window` | addresses whose pages come and go, for large allocations and stacks |
//! | `loader` | when the loader's memory becomes ours |
//! | [`map`] | what addresses are for, in words |
//! | [`mmio`] | device registers |
//! | [`dma`] | memory that devices reach |
//! | [`physical`] | firmware tables |
//! | [`misuse`] | what the page tables forbid, done on purpose |

pub mod address_space;
mod direct_map;
pub mod dma;
pub mod frames;
pub mod heap;
pub mod kernel_space;
pub mod layout;
mod loader;
pub mod map;
pub mod measure;
pub mod misuse;
pub mod mmio;
pub mod page;
mod page_runs;
pub mod physical;
pub mod shootdown;
pub mod stack;
mod window;

use paging::MapError;

use crate::arch;
use crate::boot::info::{BootInfo, RegionKind};
use crate::lock::Once;

pub use heap::HeapStatistics;
pub use layout::describe;
pub use loader::{note_departure, reclaim as reclaim_loader_memory};

/// Why the kernel has no memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitError {
    /// No usable region can hold the bitmap of frames.
    NoUsableMemory,
    /// The loader's direct map reaches into the kernel's windows.
    DirectMapTooHigh,
    /// The kernel's tables could not be built.
    Map(MapError),
    /// There is not enough memory for a heap.
    NoHeap,
}

impl core::fmt::Display for InitError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoUsableMemory => {
                formatter.write_str("the memory map has no usable region that is large enough")
            }
            Self::DirectMapTooHigh => {
                formatter.write_str("the loader's direct map is in the way of the kernel's windows")
            }
            Self::Map(error) => write!(formatter, "the kernel's page tables: {error}"),
            Self::NoHeap => formatter.write_str("not enough memory for a heap"),
        }
    }
}

/// Sizes of the loader's regions that are memory, but not the allocator's.
struct Fixed {
    total: u64,
    kernel: u64,
    loader: u64,
}

static FIXED: Once<Fixed> = Once::new();

/// Takes over memory: frames, page tables, heap, stacks. This CPU's control registers, its PAT and its per-CPU
/// block are set up already; afterwards `alloc` works.
///
/// # Errors
/// [`InitError`]; the kernel can't go on without memory, but it can say why.
pub fn init(boot: &BootInfo) -> Result<(), InitError> {
    direct_map::set_offset(boot.hhdm_offset);
    if !frames::init(&boot.memory_map) {
        return Err(InitError::NoUsableMemory);
    }
    kernel_space::init(boot)?;
    arch::trap::set_shootdown(shootdown::acknowledge);
    physical::init(&boot.memory_map);
    if !heap::init() || !page_runs::init() || !stack::init() {
        return Err(InitError::NoHeap);
    }
    if boot.memory_map.left_out() > 0 {
        let mebibytes = boot.memory_map.left_out() >> 20;
        log::warn!("memory: {mebibytes} MiB lie in more regions than are looked at, and are not used");
    }
    let sum = |kind| {
        let of_kind = boot.memory_map.regions().iter().filter(|region| region.kind == kind);
        of_kind.map(|region| region.length).sum::<u64>()
    };
    let (kernel, loader) = (sum(RegionKind::KernelAndModules), sum(RegionKind::BootloaderReclaimable));
    FIXED.call_once(|| Fixed { total: sum(RegionKind::Usable) + kernel + loader, kernel, loader });
    Ok(())
}

/// Bytes, of one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Memory in all: usable, the kernel's image and modules, the loader's leavings.
    pub total: u64,
    /// What the kernel may give out, its own bookkeeping included.
    pub usable: u64,
    /// What it has given out, its own bookkeeping included.
    pub used: u64,
    /// The kernel's image, its file and the modules, wherever the loader put them.
    pub kernel: u64,
    /// What the loader still holds.
    pub loader: u64,
    /// The heap, a part of `used`.
    pub heap: HeapStatistics,
}

/// Bytes that are nobody's at this moment.
pub fn free() -> u64 {
    frames::figures().free
}

/// The figures of this moment.
pub fn statistics() -> Statistics {
    let figures = frames::figures();
    let fixed = FIXED.get();
    let loader = fixed.map_or(0, |fixed| fixed.loader);
    // What is kept of the loader's memory holds the kernel's file, or text that the kernel was given.
    let (kept, loader) = match loader::reclaimed() {
        0 => (0, loader),
        reclaimed => (loader.saturating_sub(reclaimed), 0),
    };
    Statistics {
        total: fixed.map_or(figures.usable, |fixed| fixed.total),
        usable: figures.usable,
        used: figures.usable - figures.free,
        kernel: fixed.map_or(0, |fixed| fixed.kernel) + kept,
        loader,
        heap: heap::statistics(),
    }
}
