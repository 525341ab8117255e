//! What whoever started the loader hands over: multiboot2's tags or PVH's start information, and the memory map that
//! comes of it.

use bootload::handover::Handover;
use bootload::memory_map::{Kind, MemoryMap};
use bootload::{PAGE_SIZE, multiboot2, pvh};

use crate::Target;
use crate::choices::Choices;

pub const TARGET: Target = Target { name: "handover", run, seeds };

fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let (mut handover, mut map) = (Handover::new(), MemoryMap::new());
    let way = choices.byte();
    let wishes = choices.take(8);
    let bytes = choices.rest();
    let result = if way.is_multiple_of(2) {
        multiboot2::read_boot_information(bytes, &mut handover, &mut map)
    } else {
        let read = |address: u64, length: usize| {
            let start = usize::try_from(address.checked_sub(0x1000)?).ok()?;
            bytes.get(start..start.checked_add(length)?)
        };
        pvh::read_start_info(0x1000, read, &mut handover, &mut map)
    };
    check(&map);
    assert!(result.is_err() || map.regions().iter().any(|region| region.kind == Kind::Usable));
    if result.is_err() {
        return;
    }
    let mut copies = Vec::new();
    let settled = handover.settle_modules(&mut map, |_, to, length| copies.push((to, length)));
    check(&map);
    if settled.is_ok() {
        for module in handover.modules() {
            assert!(module.base.is_multiple_of(PAGE_SIZE));
            assert_eq!(map.kind_at(module.base), Some(Kind::ExecutableAndModules));
            assert_eq!(map.kind_at(module.base + (module.size - 1)), Some(Kind::ExecutableAndModules));
        }
    }
    allocate(&mut map, &mut Choices::new(wishes));
}

/// Sorted, page-aligned, without overlaps; neighbours differ.
fn check(map: &MemoryMap) {
    for region in map.regions() {
        assert!(
            region.length > 0
                && region.base.is_multiple_of(PAGE_SIZE)
                && region.length.is_multiple_of(PAGE_SIZE)
        );
    }
    for pair in map.regions().windows(2) {
        assert!(pair[0].end() <= pair[1].base, "regions overlap");
        assert!(pair[0].end() < pair[1].base || pair[0].kind != pair[1].kind, "neighbours are alike");
    }
    let mut end = 0;
    for (base, length, _) in map.mapped_ranges() {
        assert!(base >= end && length > 0);
        end = base + length;
    }
}

/// What is allocated was usable, whole, and is not any more.
fn allocate(map: &mut MemoryMap, choices: &mut Choices) {
    while !choices.is_empty() {
        let length = choices.number();
        let alignment = 1 << choices.below(24);
        let before = map.clone();
        let Ok(base) = map.allocate(length, alignment, u64::MAX, Kind::BootloaderReclaimable, "x") else {
            return;
        };
        let end = base + length.max(1).next_multiple_of(PAGE_SIZE);
        assert!(base.is_multiple_of(alignment));
        let free = |region: &bootload::memory_map::Region| {
            region.kind == Kind::Usable && region.base <= base && end <= region.end()
        };
        assert!(before.regions().iter().any(free), "{base:#x}..{end:#x} was not free");
        assert_eq!(map.kind_at(base), Some(Kind::BootloaderReclaimable));
        assert_eq!(map.kind_at(end - 1), Some(Kind::BootloaderReclaimable));
        check(map);
    }
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn wides(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn seeds() -> Vec<Vec<u8>> {
    let tag = |kind: u32, contents: &[u8]| {
        let mut tag = words(&[kind, 8 + contents.len() as u32]);
        tag.extend_from_slice(contents);
        tag.resize(tag.len().next_multiple_of(8), 0);
        tag
    };
    let map = [(0, 0x9_fc00, 1), (0x10_0000, 0x700_0000, 1), (0xf_0000, 0x1_0000, 2)]
        .iter()
        .flat_map(|&(base, length, kind)| wides(&[base, length, kind]));
    let tags = [
        tag(1, b"log=debug\0"),
        tag(3, &[words(&[0x20_0000, 0x20_5000]), b"pack\0".to_vec()].concat()),
        tag(3, &[words(&[0x30_0010, 0x30_2000]), b"odd\0".to_vec()].concat()),
        tag(6, &[words(&[24, 0]), map.collect()].concat()),
        tag(
            8,
            &[wides(&[0xc000_0000]), words(&[5120, 1280, 800]), vec![32, 1, 0, 0, 16, 8, 8, 8, 0, 8]]
                .concat(),
        ),
        tag(15, &(0..36).collect::<Vec<u8>>()),
        tag(0, &[]),
    ]
    .concat();
    let wishes = [0, 0xff, 1, 12, 200, 16, 0, 0, 0];
    let multiboot2 = [&wishes[..], &words(&[tags.len() as u32 + 8, 0]), &tags].concat();

    let mut memory = vec![0; 0x340];
    let mut put = |offset: usize, bytes: &[u8]| memory[offset..offset + bytes.len()].copy_from_slice(bytes);
    put(0, &words(&[0x336e_c578, 1, 0, 1]));
    put(16, &wides(&[0x1100, 0x1200, 0xf_5000, 0x1300]));
    put(48, &words(&[2, 0]));
    put(0x100, &wides(&[0x40_0000, 0x3000, 0x1280, 0]));
    put(0x200, b"quiet\0junk");
    put(0x280, b"pack\0");
    put(0x300, &wides(&[0, 0x9_fc00, 1, 0x10_0000, 0x700_0000, 1]));
    let pvh = [&[1], &wishes[1..], &memory].concat();
    vec![multiboot2, pvh]
}
