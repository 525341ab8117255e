//! What the two ways in hand over, whole and damaged.

use bootload::framebuffer::Framebuffer;
use bootload::handover::{Handover, RootPointer};
use bootload::memory_map::{Kind, MemoryMap};
use bootload::responses::Firmware;
use bootload::{BootError, multiboot2, pvh};
use fastrand::Rng;

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn wides(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn tag(kind: u32, contents: &[u8]) -> Vec<u8> {
    let mut tag = words(&[kind, 8 + contents.len() as u32]);
    tag.extend_from_slice(contents);
    tag.resize(tag.len().next_multiple_of(8), 0xee);
    tag
}

fn screen_tag(bits: u8, kind: u8) -> Vec<u8> {
    let mut screen = wides(&[0xc000_0000]);
    screen.extend(words(&[5120, 1280, 800]));
    screen.extend([bits, kind, 0, 0, 16, 8, 8, 8, 0, 8]);
    tag(8, &screen)
}

fn boot_information(tags: &[Vec<u8>]) -> Vec<u8> {
    let mut info = tags.concat();
    info.extend(words(&[0, 8]));
    [words(&[info.len() as u32 + 8, 0]), info].concat()
}

fn memory_tag() -> Vec<u8> {
    let mut map = words(&[24, 0]);
    for (base, length, kind) in [(0, 0x9_fc00, 1), (0x10_0000, 0x700_0000, 1), (0xf_0000, 0x1_0000, 2)] {
        map.extend(wides(&[base, length, kind]));
    }
    tag(6, &map)
}

fn sample() -> Vec<u8> {
    let rsdp = |bytes: usize| (0..bytes as u8).collect::<Vec<_>>();
    boot_information(&[
        tag(1, b"log=debug  resolution=800x600\0"),
        tag(2, b"GRUB 2.06\0"),
        tag(3, &[words(&[0x20_0000, 0x20_5000]), b"pack words\0".to_vec()].concat()),
        memory_tag(),
        screen_tag(32, 1),
        tag(12, &wides(&[0x1234])),
        tag(15, &rsdp(36)),
        tag(14, &rsdp(20)),
    ])
}

fn read(info: &[u8]) -> (Handover, MemoryMap, Result<(), BootError>) {
    let (mut handover, mut map) = (Handover::new(), MemoryMap::new());
    let result = multiboot2::read_boot_information(info, &mut handover, &mut map);
    (handover, map, result)
}

#[test]
fn multiboot2_tags_are_read() {
    let (handover, map, result) = read(&sample());
    assert_eq!(result, Ok(()));
    assert_eq!(handover.firmware, Firmware::Uefi64);
    assert_eq!(handover.command_line.as_bytes(), b"log=debug resolution=800x600");
    assert_eq!(handover.framebuffer, Some(Framebuffer::xrgb(0xc000_0000, 1280, 800, 5120)));
    let RootPointer::Copy(rsdp) = handover.root_pointer else { panic!("no root pointer") };
    assert_eq!((rsdp[20], rsdp[35]), (20, 35));
    let modules = handover.modules();
    assert_eq!(modules.len(), 1);
    assert_eq!(
        (modules[0].base, modules[0].size, modules[0].string()),
        (0x20_0000, 0x5000, &b"pack words"[..])
    );
    assert_eq!(map.kind_at(0x20_0000), Some(Kind::Usable));
    assert_eq!(map.kind_at(0xf_8000), Some(Kind::Reserved));
    assert_eq!(map.kind_at(0x9_f000), None);
}

#[test]
fn a_screen_of_another_kind_is_none() {
    for (bits, kind) in [(24, 1), (32, 0), (32, 2), (16, 1)] {
        let (handover, ..) = read(&boot_information(&[memory_tag(), screen_tag(bits, kind)]));
        assert_eq!(handover.framebuffer, None, "{bits} bits, type {kind}");
    }
}

#[test]
fn a_screen_at_an_absurd_place_or_of_an_absurd_shape_is_none() {
    let good = Framebuffer::xrgb(0xc000_0000, 1280, 800, 5120);
    assert!(good.is_usable());
    let absurd = [
        Framebuffer { base: 0, ..good },
        Framebuffer { base: 1 << 46, ..good },
        Framebuffer { base: u64::MAX, ..good },
        Framebuffer { pitch: 5119, ..good },
        Framebuffer { pitch: u64::MAX, ..good },
        Framebuffer { width: 0, ..good },
        Framebuffer { height: u64::MAX, ..good },
    ];
    assert!(absurd.iter().all(|screen| !screen.is_usable()));
}

#[test]
fn no_memory_map_is_an_error() {
    assert_eq!(read(&boot_information(&[tag(1, b"x\0")])).2, Err(BootError::NoMemoryMap));
    assert_eq!(read(&[]).2, Err(BootError::NoMemoryMap));
    let of_nothing = tag(6, &words(&[0, 0]));
    assert_eq!(read(&boot_information(&[of_nothing])).2, Err(BootError::NoMemoryMap));
}

#[test]
fn damaged_boot_information_is_survived() {
    let info = sample();
    for length in 0..info.len() {
        let _ = read(&info[..length]);
    }
    let mut random = Rng::with_seed(6);
    for _ in 0..5_000 {
        let mut copy = info.clone();
        for _ in 0..1 + random.usize(..4) {
            let offset = random.usize(..copy.len());
            copy[offset] = random.u8(..);
        }
        let _ = read(&copy);
    }
}

/// Start information at 0x1000 in a memory of two pages that starts there.
fn start_information() -> Vec<u8> {
    let mut memory = vec![0; 0x2000];
    let mut put = |offset: usize, bytes: &[u8]| memory[offset..offset + bytes.len()].copy_from_slice(bytes);
    put(0, &words(&[0x336e_c578, 1, 0, 1]));
    put(16, &wides(&[0x1100, 0x1200, 0xf_5000, 0x1300]));
    put(48, &words(&[2, 0]));
    put(0x100, &wides(&[0x40_0000, 0x3000, 0x1280, 0]));
    put(0x200, b"quiet\0junk");
    put(0x280, b"pack\0");
    put(0x300, &wides(&[0, 0x9_fc00, 1, 0x10_0000, 0x700_0000, 1]));
    memory
}

fn read_start_info(memory: &[u8]) -> (Handover, MemoryMap, Result<(), BootError>) {
    // The slice must live as long as the callback's: leaked, in a test.
    let memory: &'static [u8] = memory.to_vec().leak();
    let read = |address: u64, length: usize| {
        let start = usize::try_from(address.checked_sub(0x1000)?).ok()?;
        memory.get(start..start.checked_add(length)?)
    };
    let (mut handover, mut map) = (Handover::new(), MemoryMap::new());
    let result = pvh::read_start_info(0x1000, read, &mut handover, &mut map);
    (handover, map, result)
}

#[test]
fn pvh_start_information_is_read() {
    let (handover, map, result) = read_start_info(&start_information());
    assert_eq!(result, Ok(()));
    assert_eq!(handover.command_line.as_bytes(), b"quiet");
    assert_eq!(handover.root_pointer, RootPointer::At(0xf_5000));
    assert_eq!(handover.modules().len(), 1);
    assert_eq!((handover.modules()[0].base, handover.modules()[0].string()), (0x40_0000, &b"pack"[..]));
    assert_eq!(map.kind_at(0x10_0000), Some(Kind::Usable));
}

#[test]
fn damaged_start_information_is_survived() {
    let memory = start_information();
    for length in 0..0x400 {
        let _ = read_start_info(&memory[..length]);
    }
    let mut random = Rng::with_seed(7);
    for _ in 0..2_000 {
        let mut copy = memory[..0x1000].to_vec();
        for _ in 0..1 + random.usize(..4) {
            copy[random.usize(..0x340)] = random.u8(..);
        }
        let _ = read_start_info(&copy);
    }
    let mut wrong = memory.clone();
    wrong[0] ^= 1;
    assert_eq!(read_start_info(&wrong).2, Err(BootError::NoMemoryMap));
}

#[test]
fn modules_leave_free_memory_and_move_to_pages() {
    let info = boot_information(&[
        memory_tag(),
        tag(3, &[words(&[0x20_0000, 0x20_5000]), b"aligned\0".to_vec()].concat()),
        tag(3, &[words(&[0x30_0010, 0x30_2000]), b"odd\0".to_vec()].concat()),
        tag(3, &[words(&[0x40_0000, 0x40_0000]), b"empty\0".to_vec()].concat()),
    ]);
    let (mut handover, mut map, _) = read(&info);
    let mut copies = Vec::new();
    handover.settle_modules(&mut map, |from, to, length| copies.push((from, to, length))).unwrap();
    let modules = handover.modules();
    assert_eq!(modules.len(), 2);
    assert_eq!(copies, [(0x30_0010, modules[1].base, 0x1ff0)]);
    for module in modules {
        assert_eq!(module.base % 4096, 0);
        assert_eq!(map.kind_at(module.base), Some(Kind::ExecutableAndModules));
        assert_eq!(map.kind_at(module.base + module.size - 1), Some(Kind::ExecutableAndModules));
    }
}
