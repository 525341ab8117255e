//! The kernel's half of the address space, in one table.
//!
//! | from | what | pages |
//! |---|---|---|
//! | [`USER`] to [`USER_END`] | user pages of the address space that is entered | 4 KiB and 2 MiB |
//! | chosen by the loader, below `HEAP` | direct map: usable memory at `offset + physical` | up to 1 GiB, writable |
//! | [`HEAP`] | allocations of 2 to 64 KiB, in segments | 4 KiB |
//! | [`PAGE_RUNS`] | allocations of 64 KiB and more, an unmapped page behind each | 4 KiB |
//! | [`STACKS`] | kernel stacks, each above as much unmapped space | 4 KiB |
//! | [`MMIO`] | device registers, uncached | up to 2 MiB |
//! | [`FIRMWARE`] | firmware tables at `FIRMWARE + physical`, read-only | 4 KiB |
//! | [`KERNEL_IMAGE`] | text, read-only data, data | up to 2 MiB |
//!
//! Each has level-4 entries of its own, so that an address names its owner and none can grow into the next.

use paging::VirtualAddress;

/// Nothing is ever mapped below: an access there is one through a null pointer.
pub const NULL_PAGE: u64 = 4096;
/// The first address above the lower half, all of which is user space to whoever reads a fault report.
const LOWER_HALF_END: u64 = 0x0000_8000_0000_0000;

/// What one level-4 entry covers: 512 GiB.
pub const SLOT: u64 = 1 << 39;

/// The first user address: what lies below catches null pointers with offsets.
pub const USER: u64 = 0x1_0000;
/// The end of user addresses, a page before that of the lower half: no instruction there can run into what is not canonical.
pub const USER_END: u64 = 0x7fff_ffff_f000;

/// The first byte of the heap; also where the direct map must have ended.
pub const HEAP: u64 = 0xffff_e000_0000_0000;
/// The window of page runs.
pub const PAGE_RUNS: u64 = HEAP + SLOT;
/// The window of kernel stacks.
pub const STACKS: u64 = PAGE_RUNS + SLOT;
/// The window of device registers.
pub const MMIO: u64 = STACKS + SLOT;
/// The window of firmware tables.
pub const FIRMWARE: u64 = MMIO + SLOT;
/// The slot of the kernel image, which is linked 2 GiB below the end (linker.ld).
pub const KERNEL_IMAGE: u64 = 0xffff_ff80_0000_0000;

/// Every slot that needs a table before the first address space is made.
pub const WINDOWS: [u64; 5] = [HEAP, PAGE_RUNS, STACKS, MMIO, FIRMWARE];

/// Whether an address is in user space.
pub fn is_user(address: u64) -> bool {
    (NULL_PAGE..LOWER_HALF_END).contains(&address)
}

/// In words, what an address belongs to: for fault reports.
pub fn describe(address: u64) -> &'static str {
    if address < NULL_PAGE {
        return "the null page";
    }
    if VirtualAddress::new(address).is_none() {
        return "no canonical address";
    }
    match address {
        ..LOWER_HALF_END => "user space",
        0xffff_8000_0000_0000..HEAP => "the direct map of memory, small objects included",
        HEAP..PAGE_RUNS => "the heap",
        PAGE_RUNS..STACKS => "the window of large allocations",
        STACKS..MMIO if super::stack::is_guard(address) => "the guard space below a kernel stack",
        STACKS..MMIO => "a kernel stack",
        MMIO..FIRMWARE => "the window of device registers",
        FIRMWARE..0xffff_e280_0000_0000 => "the window of firmware tables",
        KERNEL_IMAGE.. => super::kernel_space::describe_image(address),
        _ => "no part of the kernel",
    }
}

const _: () = assert!(FIRMWARE + SLOT == 0xffff_e280_0000_0000, "`describe` names the end of the windows");
