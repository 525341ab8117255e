//! The memory map against an array with one cell per page.

use bootload::memory_map::{Caching, Kind, MemoryMap, Region};
use bootload::{BootError, PAGE_SIZE};
use fastrand::Rng;

const PAGES: usize = 256;

fn region(base: u64, length: u64, kind: Kind) -> Region {
    Region { base, length, kind }
}

/// Sorted, aligned, disjoint, neighbours merged.
fn check_shape(map: &MemoryMap) {
    for region in map.regions() {
        assert!(region.length > 0 && region.base % PAGE_SIZE == 0 && region.length % PAGE_SIZE == 0);
    }
    for pair in map.regions().windows(2) {
        assert!(pair[0].end() <= pair[1].base, "{pair:?}");
        assert!(pair[0].end() < pair[1].base || pair[0].kind != pair[1].kind, "unmerged: {pair:?}");
    }
}

fn check_against(map: &MemoryMap, pages: &[Option<Kind>]) {
    check_shape(map);
    for (index, kind) in pages.iter().enumerate() {
        assert_eq!(map.kind_at(index as u64 * PAGE_SIZE), *kind, "page {index}");
    }
}

/// The layer rule, one page at a time: usable if some usable entry covers it whole, but any other
/// entry that touches it wins, the most cautious first.
fn expected(entries: &[Region]) -> Vec<Option<Kind>> {
    let page = |index: usize| {
        let (start, end) = (index as u64 * PAGE_SIZE, (index as u64 + 1) * PAGE_SIZE);
        let touches =
            |kind| entries.iter().any(|e| e.kind == kind && e.length > 0 && e.base < end && e.end() > start);
        let caution = [Kind::Bad, Kind::Reserved, Kind::AcpiNvs, Kind::AcpiReclaimable];
        if let Some(kind) = caution.into_iter().find(|kind| touches(*kind)) {
            return Some(kind);
        }
        let covered = entries.iter().any(|e| e.kind == Kind::Usable && e.base <= start && e.end() >= end);
        covered.then_some(if index == 0 { Kind::Reserved } else { Kind::Usable })
    };
    (0..PAGES).map(page).collect()
}

#[test]
fn random_firmware_maps_match_the_page_array() {
    let kinds = [Kind::Usable, Kind::Usable, Kind::Reserved, Kind::AcpiReclaimable, Kind::AcpiNvs, Kind::Bad];
    let mut random = Rng::with_seed(1);
    for _ in 0..2_000 {
        let entries: Vec<_> = (0..1 + random.usize(..12))
            .map(|_| {
                let base = random.usize(..PAGES * 4096) as u64;
                let length = random.usize(..PAGES * 4096 - base as usize) as u64;
                // Half of the boundaries on pages, as firmware has them.
                let mask = if random.bool() { !0 } else { !(PAGE_SIZE - 1) };
                region(base & mask, length & mask, kinds[random.usize(..kinds.len())])
            })
            .collect();
        let pages = expected(&entries);
        let mut map = MemoryMap::new();
        let result = map.add_firmware_map(entries.iter().copied());
        let is_usable = pages.contains(&Some(Kind::Usable));
        assert_eq!(result, if is_usable { Ok(()) } else { Err(BootError::NoMemoryMap) });
        check_against(&map, &pages);
    }
}

#[test]
fn claims_and_allocations_match_the_page_array() {
    let mut random = Rng::with_seed(2);
    for _ in 0..300 {
        let mut map = MemoryMap::new();
        map.add_firmware_map([region(0, PAGES as u64 * PAGE_SIZE, Kind::Usable)].into_iter()).unwrap();
        let mut pages = vec![Some(Kind::Usable); PAGES];
        pages[0] = Some(Kind::Reserved);
        for _ in 0..20 {
            let length = 1 + random.u64(..20 * 4096);
            let count = length.div_ceil(PAGE_SIZE) as usize;
            if random.usize(..3) == 0 {
                let base = random.usize(..(PAGES - 30) * 4096) as u64;
                map.claim(base, length, Kind::ExecutableAndModules).unwrap();
                let last = (base + length - 1) / PAGE_SIZE;
                pages[(base / PAGE_SIZE) as usize..=last as usize].fill(Some(Kind::ExecutableAndModules));
            } else {
                let limit = random.usize(..PAGES + 10) as u64 * PAGE_SIZE;
                let alignment = PAGE_SIZE << random.usize(..4);
                let fits = |start: &usize| {
                    (*start as u64 * PAGE_SIZE).is_multiple_of(alignment)
                        && (start + count) as u64 * PAGE_SIZE <= limit
                        && pages
                            .get(*start..start + count)
                            .is_some_and(|run| run.iter().all(|p| *p == Some(Kind::Usable)))
                };
                let highest = (0..PAGES).rev().find(fits);
                let given = map.allocate(length, alignment, limit, Kind::BootloaderReclaimable, "test").ok();
                assert_eq!(given, highest.map(|page| page as u64 * PAGE_SIZE));
                if let Some(page) = highest {
                    pages[page..page + count].fill(Some(Kind::BootloaderReclaimable));
                }
            }
            check_against(&map, &pages);
        }
    }
}

#[test]
fn mapped_ranges_join_what_is_mapped_alike() {
    let mut map = MemoryMap::new();
    let entries = [region(0, 0x9_fc00, Kind::Usable), region(0x10_0000, 0x70_0000, Kind::Usable)];
    map.add_firmware_map(entries.into_iter()).unwrap();
    map.claim(0x20_0000, 0x1234, Kind::ExecutableAndModules).unwrap();
    map.claim(0x80_0000, 0x10_0000, Kind::Framebuffer).unwrap();
    let before: Vec<_> = map.mapped_ranges().collect();
    assert_eq!(
        before,
        [
            (0x1000, 0x9_e000, Caching::WriteBack),
            (0x10_0000, 0x70_0000, Caching::WriteBack),
            (0x80_0000, 0x10_0000, Caching::WriteCombining),
        ]
    );
    map.allocate(0x5000, 0x1000, u64::MAX, Kind::BootloaderReclaimable, "test").unwrap();
    assert_eq!(map.mapped_ranges().collect::<Vec<_>>(), before);
}

#[test]
fn absurd_entries_do_no_harm() {
    let mut map = MemoryMap::new();
    let entries = [
        region(u64::MAX - 5, 10, Kind::Usable),
        region(u64::MAX - 0x2000, u64::MAX, Kind::Reserved),
        region(0x10_0000, 0x10_0000, Kind::Usable),
        region(0x8000, 0, Kind::Reserved),
        region(1 << 50, 1 << 30, Kind::Usable),
    ];
    map.add_firmware_map(entries.into_iter()).unwrap();
    check_shape(&map);
    assert_eq!(map.regions().iter().filter(|r| r.kind == Kind::Usable).count(), 1);
    assert!(map.claim(u64::MAX - 1, 5, Kind::Reserved).is_err());
}

#[test]
fn a_map_too_long_is_an_error() {
    let entries = (0..2_000).map(|i| region(i * 0x4000, 0x1000, Kind::Usable));
    assert_eq!(MemoryMap::new().add_firmware_map(entries), Err(BootError::MemoryMapTooLong));
}
