//! The responses as a kernel reads them: through the `limine` crate.
//!
//! A structure of that crate's requests plays the kernel's image. The arena's addresses are those
//! its bytes have in this process, so the pointers in the responses are real ones.

use std::ffi::CStr;

use bootload::acpi::Processor;
use bootload::arena::Arena;
use bootload::framebuffer::Framebuffer;
use bootload::memory_map::{Kind, Region};
use bootload::requests::Requests;
use bootload::responses::{self, Facts, File, Firmware};
use bootload::{BootError, HHDM};
use limine::BaseRevision;
use limine::memory_map::EntryType;
use limine::paging::Mode;
use limine::request::*;

#[repr(C)]
struct Kernel {
    start: RequestsStartMarker,
    revision: BaseRevision,
    info: BootloaderInfoRequest,
    firmware: FirmwareTypeRequest,
    stack: StackSizeRequest,
    hhdm: HhdmRequest,
    framebuffer: FramebufferRequest,
    paging: PagingModeRequest,
    mp: MpRequest,
    memory_map: MemoryMapRequest,
    file: ExecutableFileRequest,
    module: ModuleRequest,
    rsdp: RsdpRequest,
    date: DateAtBootRequest,
    address: ExecutableAddressRequest,
    command_line: ExecutableCmdlineRequest,
    smbios: SmbiosRequest,
    end: RequestsEndMarker,
}

fn kernel() -> Kernel {
    Kernel {
        start: RequestsStartMarker::new(),
        revision: BaseRevision::new(),
        info: BootloaderInfoRequest::new(),
        firmware: FirmwareTypeRequest::new(),
        stack: StackSizeRequest::new().with_size(200_000),
        hhdm: HhdmRequest::new(),
        framebuffer: FramebufferRequest::new(),
        paging: PagingModeRequest::new(),
        mp: MpRequest::new(),
        memory_map: MemoryMapRequest::new(),
        file: ExecutableFileRequest::new(),
        module: ModuleRequest::new(),
        rsdp: RsdpRequest::new(),
        date: DateAtBootRequest::new(),
        address: ExecutableAddressRequest::new(),
        command_line: ExecutableCmdlineRequest::new(),
        smbios: SmbiosRequest::new(),
        end: RequestsEndMarker::new(),
    }
}

const MAP: [Region; 3] = [
    Region { base: 0x1000, length: 0x9_e000, kind: Kind::Usable },
    Region { base: 0x10_0000, length: 0x4000, kind: Kind::BootloaderReclaimable },
    Region { base: 0xfd00_0000, length: 0x3e_8000, kind: Kind::Framebuffer },
];
const MODULES: [File; 2] = [
    File { base: 0x40_0000, size: 10, path: b"/boot/a", string: b"words of a" },
    File { base: 0x50_0000, size: 20, path: b"/boot/b", string: b"" },
];
const PROCESSORS: [Processor; 2] = [Processor { uid: 0, lapic_id: 4 }, Processor { uid: 7, lapic_id: 6 }];

fn facts() -> Facts<'static> {
    Facts {
        memory_map: &MAP,
        framebuffer: Some(Framebuffer::xrgb(0xfd00_0000, 1280, 800, 5120)),
        firmware: Firmware::Uefi64,
        rsdp: Some(0xe_1000),
        kernel: File { base: 0x30_0000, size: 77, path: b"/boot/kernel", string: b"log=debug" },
        modules: &MODULES,
        boot_time: Some(1_735_689_599),
        physical_base: 0x70_0000,
        virtual_base: 0xffff_ffff_8000_0000,
        bsp_lapic_id: 4,
        x2apic: false,
        processors: &PROCESSORS,
    }
}

/// Answers the requests in `kernel`; what comes back keeps the responses alive.
fn answer(kernel: &mut Kernel, facts: &Facts) -> Result<(Vec<u64>, u64), BootError> {
    // SAFETY: `Kernel` is `repr(C)`, all of its fields are words, and zero is a valid pointer for
    // a response that was not given: any bytes that `fill` writes are addresses within `memory`.
    let image =
        unsafe { std::slice::from_raw_parts_mut((&raw mut *kernel).cast::<u8>(), size_of::<Kernel>()) };
    let size = responses::arena_size(facts.modules, facts.processors.len()) as usize;
    let mut memory = vec![0xdead_beef_dead_beefu64; size / 8];
    let address = memory.as_ptr() as u64;
    // SAFETY: the bytes of the vector, borrowed from it for this function.
    let bytes = unsafe { std::slice::from_raw_parts_mut(memory.as_mut_ptr().cast::<u8>(), memory.len() * 8) };
    let requests = Requests::find(image)?;
    let processors = responses::fill(image, &requests, facts, &mut Arena::new(bytes, address))?;
    Ok((memory, processors))
}

fn text(text: &CStr) -> &str {
    text.to_str().unwrap()
}

#[test]
fn a_kernel_reads_what_the_loader_knows() {
    let mut kernel = kernel();
    let (_memory, processors) = answer(&mut kernel, &facts()).unwrap();
    assert!(kernel.revision.is_supported());
    assert_eq!(kernel.revision.loaded_revision(), Some(3));
    assert_eq!(kernel.info.get_response().unwrap().name(), "Quicklime loader");
    assert_eq!(kernel.info.get_response().unwrap().version(), env!("CARGO_PKG_VERSION"));
    assert!(
        kernel.firmware.get_response().unwrap().firmware_type()
            == limine::firmware_type::FirmwareType::UEFI_64
    );
    assert!(kernel.stack.get_response().is_some());
    assert_eq!(kernel.hhdm.get_response().unwrap().offset(), HHDM);
    assert!(kernel.paging.get_response().unwrap().mode() == Mode::FOUR_LEVEL);
    assert_eq!(kernel.rsdp.get_response().unwrap().address(), 0xe_1000);
    assert_eq!(kernel.date.get_response().unwrap().timestamp().as_secs(), 1_735_689_599);
    assert_eq!(kernel.address.get_response().unwrap().physical_base(), 0x70_0000);
    assert_eq!(kernel.address.get_response().unwrap().virtual_base(), 0xffff_ffff_8000_0000);
    assert_eq!(text(kernel.command_line.get_response().unwrap().cmdline()), "log=debug");

    let file = kernel.file.get_response().unwrap().file();
    assert_eq!((file.addr() as u64, file.size()), (HHDM + 0x30_0000, 77));
    assert_eq!((text(file.path()), text(file.string())), ("/boot/kernel", "log=debug"));
    assert!(file.tftp_ip().is_none() && file.partition_idx().is_none() && file.gpt_disk_id().is_none());

    let modules = kernel.module.get_response().unwrap().modules();
    let modules: Vec<_> = modules
        .iter()
        .map(|m| (m.addr() as u64 - HHDM, m.size(), text(m.path()), text(m.string())))
        .collect();
    assert_eq!(modules, [(0x40_0000, 10, "/boot/a", "words of a"), (0x50_0000, 20, "/boot/b", "")]);

    let entries = kernel.memory_map.get_response().unwrap().entries();
    let kinds = [EntryType::USABLE, EntryType::BOOTLOADER_RECLAIMABLE, EntryType::FRAMEBUFFER];
    assert_eq!(entries.len(), 3);
    for ((entry, region), kind) in entries.iter().zip(MAP).zip(kinds) {
        assert_eq!((entry.base, entry.length), (region.base, region.length));
        assert!(entry.entry_type == kind);
    }

    let screens: Vec<_> = kernel.framebuffer.get_response().unwrap().framebuffers().collect();
    assert_eq!(screens.len(), 1);
    let screen = &screens[0];
    assert_eq!((screen.addr() as u64, screen.bpp()), (HHDM + 0xfd00_0000, 32));
    assert_eq!((screen.width(), screen.height(), screen.pitch()), (1280, 800, 5120));
    assert_eq!((screen.red_mask_shift(), screen.green_mask_shift(), screen.blue_mask_shift()), (16, 8, 0));
    assert_eq!((screen.red_mask_size(), screen.green_mask_size(), screen.blue_mask_size()), (8, 8, 8));
    assert!(screen.memory_model() == limine::framebuffer::MemoryModel::RGB && screen.edid().is_none());
    let mode = screen.modes().unwrap()[0];
    assert_eq!((mode.width, mode.height, mode.pitch, mode.bpp), (1280, 800, 5120, 32));

    let mp = kernel.mp.get_response().unwrap();
    assert_eq!(mp.bsp_lapic_id(), 4);
    assert_eq!(mp.cpus().iter().map(|cpu| (cpu.id, cpu.lapic_id)).collect::<Vec<_>>(), [(0, 4), (7, 6)]);
    for (cpu, index) in mp.cpus().iter().zip(0..) {
        let address = std::ptr::from_ref(*cpu) as u64;
        assert_eq!(address, processors + index * responses::PROCESSOR_SIZE);
        let goto = std::ptr::from_ref(&cpu.goto_address) as u64;
        assert_eq!(goto - address, responses::GOTO_ADDRESS_OFFSET);
        // SAFETY: within the structure, which is alive.
        assert_eq!(unsafe { (goto as *const u64).read() }, 0);
    }

    // What the loader does not know stays unanswered.
    assert!(kernel.smbios.get_response().is_none());
}

#[test]
fn what_the_machine_lacks_stays_unanswered() {
    let mut kernel = kernel();
    let facts = Facts {
        framebuffer: None,
        rsdp: None,
        boot_time: None,
        modules: &[],
        firmware: Firmware::Bios,
        ..facts()
    };
    let _memory = answer(&mut kernel, &facts).unwrap();
    assert!(kernel.framebuffer.get_response().is_none());
    assert!(kernel.rsdp.get_response().is_none());
    assert!(kernel.date.get_response().is_none());
    assert!(kernel.module.get_response().unwrap().modules().is_empty());
    assert!(
        kernel.firmware.get_response().unwrap().firmware_type()
            == limine::firmware_type::FirmwareType::X86_BIOS
    );
}

#[test]
fn stacks_are_as_large_as_asked_for_within_reason() {
    let size_for = |size: u64| {
        let mut kernel = kernel();
        kernel.stack.set_size(size);
        // SAFETY: the bytes of a `repr(C)` structure of words.
        let image =
            unsafe { std::slice::from_raw_parts((&raw const kernel).cast::<u8>(), size_of::<Kernel>()) };
        responses::stack_size(image, &Requests::find(image).unwrap())
    };
    assert_eq!(size_for(0), Ok(64 << 10));
    assert_eq!(size_for(200_001), Ok(200_016));
    assert_eq!(size_for(1 << 40), Err(BootError::StackTooLarge(1 << 40)));
}

#[test]
fn a_kernel_that_insists_on_five_levels_is_refused() {
    let mut kernel = kernel();
    kernel.paging = PagingModeRequest::new().with_min_mode(Mode::FIVE_LEVEL).with_max_mode(Mode::FIVE_LEVEL);
    assert_eq!(answer(&mut kernel, &facts()).map(|_| ()), Err(BootError::PagingMode));
}
