//! The page tables against what a processor makes of them: a walk, written down here once more.

mod kernel;

use bootload::memory_map::{Kind, MemoryMap, Region};
use bootload::page_tables::{PAT, PageTables, PagingFeatures, Table};
use bootload::plan::LoadPlan;
use bootload::{HHDM, KERNEL_FLOOR, PAGE_SIZE};
use elf::Elf;
use fastrand::Rng;
use kernel::{Segment, kernel};

const TABLES_AT: u64 = 0x7700_0000;
const ALL: PagingFeatures = PagingFeatures { gib_pages: true, no_execute: true, pat: true };

#[derive(Debug, PartialEq)]
struct Mapping {
    physical: u64,
    write: bool,
    execute: bool,
    memory_type: u8,
    page_size: u64,
}

/// As the SDM has it, vol. 3A, figure 4-8 and table 4-15 and following.
fn walk(tables: &[Table], address: u64) -> Option<Mapping> {
    let mut table = 0;
    for shift in [39, 30, 21, 12] {
        let entry = tables[table][(address >> shift) as usize & 511];
        if entry & 1 == 0 {
            return None;
        }
        let is_leaf = shift == 12 || (shift < 39 && entry & 0x80 != 0);
        if !is_leaf {
            table = ((entry & 0x000f_ffff_ffff_f000) - TABLES_AT) as usize / 4096;
            continue;
        }
        let size = 1u64 << shift;
        let pat_bit = if shift == 12 { entry >> 7 } else { entry >> 12 } & 1;
        let pat_index = pat_bit << 2 | entry >> 3 & 3;
        let base = entry & 0x000f_ffff_ffff_f000 & !(size - 1);
        return Some(Mapping {
            physical: base | address & (size - 1),
            write: entry & 2 != 0,
            execute: entry >> 63 == 0,
            memory_type: (PAT >> (pat_index * 8)) as u8,
            page_size: size,
        });
    }
    None
}

fn build(map: &MemoryMap, plan: &LoadPlan, image: u64, features: PagingFeatures) -> Vec<Table> {
    let count = PageTables::tables_needed(map, plan, features);
    let mut memory = vec![[0xdead_beef_dead_beef; 512]; count as usize];
    let mut tables = PageTables::new(&mut memory, TABLES_AT, features).unwrap();
    assert_eq!(tables.root(), TABLES_AT);
    tables.map_all(map, plan, image).unwrap();
    memory
}

fn plan() -> LoadPlan {
    let file = kernel(
        2,
        KERNEL_FLOOR,
        &[
            Segment(KERNEL_FLOOR, 0x2800, b"code", 5),
            Segment(KERNEL_FLOOR + 0x4000, 0x1000, b"constants", 4),
            Segment(KERNEL_FLOOR + 0x1f_f000, 0x3000, b"variables", 6),
        ],
    );
    LoadPlan::new(&Elf::parse(&file).unwrap()).unwrap()
}

fn map_of(entries: &[(u64, u64, Kind)]) -> MemoryMap {
    let mut map = MemoryMap::new();
    let region = |&(base, length, kind)| Region { base, length, kind };
    let framebuffers = entries.iter().filter(|entry| entry.2 == Kind::Framebuffer);
    map.add_firmware_map(entries.iter().map(region)).unwrap();
    framebuffers.for_each(|&(base, length, kind)| map.claim(base, length, kind).unwrap());
    map
}

/// Every page that must be mapped is, as it must be, and its neighbours are not.
fn check(map: &MemoryMap, tables: &[Table], addresses: impl Iterator<Item = u64>) {
    for address in addresses {
        let memory_type = match map.kind_at(address) {
            Some(Kind::Usable | Kind::BootloaderReclaimable | Kind::ExecutableAndModules) => Some(6),
            Some(Kind::Framebuffer) => Some(1),
            _ => None,
        };
        let found = walk(tables, HHDM + address);
        let found = found.map(|m| (m.physical, m.write, m.execute, m.memory_type));
        assert_eq!(found, memory_type.map(|kind| (address, true, true, kind)), "{address:#x}");
    }
}

#[test]
fn a_large_machine_is_mapped_with_large_pages() {
    let map = map_of(&[
        (0, 0x9_fc00, Kind::Usable),
        (0x10_0000, 0xbff0_0000, Kind::Usable),
        (0xfd00_0000, 0x3e_8000, Kind::Framebuffer),
        (0x1_0000_0000, 0x3_4000_0000, Kind::Usable),
    ]);
    for features in [ALL, PagingFeatures { gib_pages: false, ..ALL }] {
        let tables = build(&map, &plan(), 0x20_0000, features);
        let ends = map.regions().iter().flat_map(|r| [r.base, r.end()]);
        let around = ends.flat_map(|end| [end.saturating_sub(PAGE_SIZE), end, end + PAGE_SIZE]);
        check(&map, &tables, around.chain((0..0x5_0000_0000).step_by(0x20_0000)));
        let large = if features.gib_pages { 1 << 30 } else { 1 << 21 };
        assert_eq!(walk(&tables, HHDM + 0x2_0000_0000).unwrap().page_size, large);
    }
}

#[test]
fn kernel_segments_keep_their_rights() {
    let map = map_of(&[(0x10_0000, 0x3ff_0000, Kind::Usable)]);
    let tables = build(&map, &plan(), 0x123_4000, ALL);
    let at = |offset: u64| {
        walk(&tables, KERNEL_FLOOR + offset).map(|m| (m.physical, m.write, m.execute, m.memory_type))
    };
    assert_eq!(at(0), Some((0x123_4000, false, true, 6)));
    assert_eq!(at(0x27ff), Some((0x123_67ff, false, true, 6)));
    assert_eq!(at(0x3000), None);
    assert_eq!(at(0x4000), Some((0x123_8000, false, false, 6)));
    assert_eq!(at(0x1f_f000), Some((0x143_3000, true, false, 6)));
    assert_eq!(at(0x20_1fff), Some((0x143_5fff, true, false, 6)));
    assert_eq!(at(0x20_2000), None);
}

#[test]
fn nothing_is_mapped_below_the_higher_half() {
    let tables = build(&map_of(&[(0x10_0000, 0x3ff_0000, Kind::Usable)]), &plan(), 0x10_0000, ALL);
    assert!(tables[0][..256].iter().all(|entry| *entry == 0));
}

#[test]
fn bits_the_processor_lacks_stay_clear() {
    let none = PagingFeatures { gib_pages: false, no_execute: false, pat: false };
    let map = map_of(&[(0x10_0000, 0x3ff_0000, Kind::Usable), (0xfd00_0000, 0x20_0000, Kind::Framebuffer)]);
    let tables = build(&map, &plan(), 0x10_0000, none);
    let used = tables.iter().flatten().filter(|entry| **entry & 1 != 0 && **entry >> 32 != 0xdead_beef);
    assert!(used.clone().all(|entry| entry >> 63 == 0));
    let video = walk(&tables, HHDM + 0xfd00_0000).unwrap();
    assert_eq!(video.memory_type, 6);
}

#[test]
fn random_maps_fit_the_tables_counted_for_them() {
    let mut random = Rng::with_seed(5);
    for _ in 0..200 {
        let mut map = MemoryMap::new();
        let regions: Vec<_> = (0..1 + random.usize(..10))
            .map(|_| {
                let shift = 12 + random.usize(..21);
                let base = (random.u64(..) % (1 << 40)) >> shift << shift;
                Region {
                    base,
                    length: 0x1000 + (random.u64(..) % (1 << (13 + random.usize(..20)))),
                    kind: Kind::Usable,
                }
            })
            .collect();
        if map.add_firmware_map(regions.iter().copied()).is_err() {
            continue;
        }
        let tables = build(&map, &plan(), 0x10_0000, PagingFeatures { gib_pages: random.bool(), ..ALL });
        let ends = map.regions().iter().flat_map(|r| [r.base, r.end()]);
        check(&map, &tables, ends.flat_map(|end| [end.saturating_sub(1), end]));
    }
}

#[test]
fn write_combining_is_what_the_table_says() {
    assert_eq!(PAT.to_le_bytes(), [6, 4, 7, 0, 5, 1, 7, 0]);
}
