//! The walker against a `BTreeMap` from page to mapping, under random operations, over table memory that
//! checks every access: only live tables are read, a freed table is zero, and none leaks.

mod machine;

use fastrand::Rng;
use std::collections::BTreeMap;

use machine::{Machine, physical, virtual_address};
use paging::{
    Access, Attributes, Cache, MapError, Mapping, PageSize, PageTable, Span, Stale, VirtualAddress,
};

const SIZES: [PageSize; 3] = [PageSize::Size4KiB, PageSize::Size2MiB, PageSize::Size1GiB];

/// All mappings by their first address. The map's own answer to "what is in the way" is a look at the
/// neighbours.
#[derive(Default)]
struct Oracle(BTreeMap<u64, Mapping>);

impl Oracle {
    fn at(&self, address: u64) -> Option<Mapping> {
        let (_, mapping) = self.0.range(..=address).next_back()?;
        (address - mapping.page.get() < mapping.size.bytes()).then_some(*mapping)
    }

    fn map(&mut self, mapping: Mapping) -> Result<(), MapError> {
        let start = mapping.page.get();
        if !mapping.page.is_aligned(mapping.size) || !mapping.physical.is_aligned(mapping.size) {
            return Err(MapError::Misaligned);
        }
        let last = start + (mapping.size.bytes() - 1);
        match self.at(start) {
            Some(there) if there.size > mapping.size => return Err(MapError::HugePageInTheWay),
            Some(_) => return Err(MapError::AlreadyMapped),
            None if self.0.range(start..=last).next().is_some() => return Err(MapError::AlreadyMapped),
            None => {}
        }
        self.0.insert(start, mapping);
        Ok(())
    }

    fn beginning(&self, page: u64) -> Result<Mapping, MapError> {
        let there = self.at(page).ok_or(MapError::NotMapped)?;
        if there.page.get() == page { Ok(there) } else { Err(MapError::HugePageInTheWay) }
    }

    /// The pages that the one around `address` falls into.
    fn split(&mut self, address: u64) -> Result<Mapping, MapError> {
        let there = self.at(address).ok_or(MapError::NotMapped)?;
        let size = match there.size {
            PageSize::Size4KiB => return Err(MapError::AlreadyMapped),
            PageSize::Size2MiB => PageSize::Size4KiB,
            PageSize::Size1GiB => PageSize::Size2MiB,
        };
        for offset in (0..there.size.bytes()).step_by(size.bytes() as usize) {
            let (page, physical) =
                (there.page.checked_add(offset).unwrap(), there.physical.checked_add(offset).unwrap());
            self.0.insert(page.get(), Mapping { page, physical, size, ..there });
        }
        Ok(there)
    }

    fn sticks_out(&self, start: u64, length: u64) -> bool {
        let last = start + (length - 1);
        self.at(start).is_some_and(|there| there.page.get() < start)
            || self.at(last).is_some_and(|there| there.page.get() + (there.size.bytes() - 1) > last)
    }
}

/// Addresses from few places, so that operations meet: both ends of both halves, some gigabytes, a few
/// pages in each.
fn some_page(random: &mut Rng) -> VirtualAddress {
    const PLACES: [u64; 5] =
        [0, 0x7fff_8000_0000, 0xffff_8000_0000_0000, 0xffff_ffff_8000_0000, 0x40_0000_0000];
    let place = PLACES[random.usize(..PLACES.len())];
    let offset = random.u64(..2) << 30 | random.u64(..3) << 21 | random.u64(..4) << 12;
    virtual_address(place + offset)
}

fn some_attributes(random: &mut Rng) -> Attributes {
    const CACHES: [Cache; 4] =
        [Cache::WriteBack, Cache::WriteThrough, Cache::Uncached, Cache::WriteCombining];
    Attributes { access: Access::from_bits_truncate(random.u8(..32)), cache: CACHES[random.usize(..4)] }
}

fn some_length(random: &mut Rng) -> u64 {
    [0x1000, 0x3000, 0x20_0000, 0x4000_0000, 0x4020_0000][random.usize(..5)]
}

/// What a change of these pages says is stale, and how far it says that it came.
fn check_extent(pages: &[Mapping], start: VirtualAddress, length: u64, most: u64, stale: &Stale, done: u64) {
    let (first, last) = (pages.first(), pages.last());
    let end = last.map_or(start.get(), |last| last.page.get().wrapping_add(last.size.bytes()));
    let (stale_start, stale_end) = (stale.start().get(), stale.start().get().wrapping_add(stale.length()));
    assert_eq!((stale_start, stale_end), (first.map_or(start, |first| first.page).get(), end));
    let enough = pages.len() as u64 >= most;
    assert_eq!(done, if enough { end.wrapping_sub(start.get()) } else { length });
}

fn random_operations(seed: u64, steps: usize, table_limit: usize) {
    let mut machine = Machine::new(table_limit);
    let mut table = PageTable::new(&mut machine).unwrap();
    let mut oracle = Oracle::default();
    let mut random = Rng::with_seed(seed);
    for step in 0..steps {
        let page = some_page(&mut random);
        match random.u64(..10) {
            8 => {
                let live = machine.live();
                match table.split(&mut machine, page) {
                    Err(MapError::OutOfMemory) => assert_eq!(machine.live(), live),
                    Err(error) => assert_eq!(Err(error), oracle.split(page.get()), "step {step}"),
                    Ok(stale) => {
                        let large = oracle.split(page.get()).unwrap();
                        assert_eq!((stale.start(), stale.length()), (large.page, large.size.bytes()));
                        assert!(stale.flush(|_, _| ()).is_empty());
                    }
                }
            }
            9 => {
                let length = some_length(&mut random);
                let attributes = some_attributes(&mut random);
                let mut seen = Vec::new();
                let most = random.u64(..600) + 1;
                let got = table.protect_some(&mut machine, page, length, most, |mapping| {
                    seen.push(mapping);
                    // Every other page keeps what it has.
                    if mapping.page.get() >> 12 & 1 == 0 { attributes } else { mapping.attributes }
                });
                if let Ok((stale, done)) = got {
                    let last = page.get() + (length - 1);
                    let pages = oracle.0.range_mut(page.get()..=last).map(|(_, mapping)| mapping);
                    let pages: Vec<&mut Mapping> = pages.take(most as usize).collect();
                    assert_eq!(pages.len(), seen.len());
                    check_extent(&seen, page, length, most, &stale, done);
                    assert!(stale.flush(|_, _| ()).is_empty());
                    for (mapping, seen) in pages.into_iter().zip(seen) {
                        assert_eq!(*mapping, seen, "step {step}");
                        if mapping.page.get() >> 12 & 1 == 0 {
                            mapping.attributes = attributes;
                        }
                    }
                }
            }
            0..=3 => {
                let size = SIZES[random.usize(..3)];
                let frame = physical((random.u64(..1 << 40) << 12) & !(size.bytes() - 1));
                let mapping =
                    Mapping { page, physical: frame, size, attributes: some_attributes(&mut random) };
                let got = table.map(&mut machine, page, frame, size, mapping.attributes);
                if got != Err(MapError::OutOfMemory) {
                    assert_eq!(got, oracle.map(mapping), "step {step}: {mapping:?}");
                }
            }
            4 | 5 => {
                let got = table.unmap(&mut machine, page);
                let expected = oracle.beginning(page.get());
                assert_eq!(got.as_ref().map(|(mapping, _)| *mapping), expected.as_ref().copied());
                if let Ok((mapping, stale)) = got {
                    oracle.0.remove(&page.get());
                    assert_eq!((stale.start(), stale.length()), (page, mapping.size.bytes()));
                    stale.flush(|_, _| ()).free(&mut machine);
                }
            }
            6 if random.bool() => {
                let attributes = some_attributes(&mut random);
                let frame = physical(random.u64(..1 << 30) << 21);
                let got = table.replace(&mut machine, page, frame, attributes);
                let expected = match oracle.beginning(page.get()) {
                    Ok(there) if !frame.is_aligned(there.size) => Err(MapError::Misaligned),
                    other => other,
                };
                assert_eq!(got.as_ref().map(|(before, _)| *before), expected.as_ref().copied());
                if let Ok((_, stale)) = got {
                    assert!(stale.flush(|_, _| ()).is_empty());
                    let there = oracle.0.get_mut(&page.get()).unwrap();
                    (there.physical, there.attributes) = (frame, attributes);
                }
            }
            6 => {
                let attributes = some_attributes(&mut random);
                let got = table.protect(&mut machine, page, attributes);
                let expected = oracle.beginning(page.get());
                assert_eq!(got.as_ref().err(), expected.as_ref().err());
                if let Ok(stale) = got {
                    assert!(stale.flush(|_, _| ()).is_empty());
                    oracle.0.get_mut(&page.get()).unwrap().attributes = attributes;
                }
            }
            _ => {
                let length = some_length(&mut random);
                let mut taken = Vec::new();
                // All of them, or some.
                let most = if random.bool() { u64::MAX } else { random.u64(..600) + 1 };
                let got = table.unmap_some(&mut machine, page, length, most, |mapping| taken.push(mapping));
                match got {
                    Err(error) => {
                        let crosses = page
                            .checked_add(length - 1)
                            .is_none_or(|last| last.is_upper_half() != page.is_upper_half());
                        let expected =
                            if crosses { MapError::NonCanonical } else { MapError::HugePageInTheWay };
                        assert_eq!(error, expected);
                        assert!(taken.is_empty());
                        assert!(crosses || oracle.sticks_out(page.get(), length));
                    }
                    Ok((stale, done)) => {
                        assert!(!oracle.sticks_out(page.get(), length));
                        let last = page.get() + (length - 1);
                        let pages = oracle.0.range(page.get()..=last).map(|(_, mapping)| *mapping);
                        let expected: Vec<Mapping> =
                            pages.take(usize::try_from(most).unwrap_or(usize::MAX)).collect();
                        assert_eq!(taken, expected);
                        check_extent(&taken, page, length, most, &stale, done);
                        stale.flush(|_, _| ()).free(&mut machine);
                        oracle.0.retain(|start, _| !taken.iter().any(|gone| gone.page.get() == *start));
                    }
                }
            }
        }
        let probe = some_page(&mut random).checked_add(random.u64(..4096)).unwrap();
        assert_eq!(table.translate(&machine, probe), oracle.at(probe.get()), "step {step}: {probe:?}");
    }
    for mapping in oracle.0.values() {
        let (gone, stale) = table.unmap(&mut machine, mapping.page).unwrap();
        assert_eq!(gone, *mapping);
        stale.flush(|_, _| ()).free(&mut machine);
    }
    assert!(machine.live() <= 3, "only the root and two shared tables of the upper half stay");
}

#[test]
fn agrees_with_a_map_whatever_is_asked() {
    for seed in 0..20 {
        random_operations(seed, 2000, usize::MAX);
    }
}

#[test]
fn agrees_with_a_map_when_memory_runs_out() {
    for seed in 0..20 {
        random_operations(seed, 2000, 6 + seed as usize / 2);
    }
}

#[test]
fn a_span_uses_the_largest_pages_that_fit() {
    let mut machine = Machine::new(usize::MAX);
    let mut table = PageTable::new(&mut machine).unwrap();
    let attributes = Attributes::memory(Access::WRITE);
    let span = Span {
        start: virtual_address(0xffff_8000_3fdf_f000),
        physical: physical(0x3fdf_f000),
        length: 0x1000 + 0x20_0000 + 0x4000_0000 + 0x20_0000 + 0x1000,
    };
    for (largest, pages) in
        [(PageSize::Size1GiB, 5), (PageSize::Size2MiB, 516), (PageSize::Size4KiB, 263_170)]
    {
        assert_eq!(table.map_span(&mut machine, span, largest, attributes), Ok(()));
        let mut count = 0;
        let stale = table
            .unmap_span(&mut machine, span.start, span.length, |mapping| {
                assert_eq!(mapping.page.get() - 0xffff_8000_0000_0000, mapping.physical.get());
                count += 1;
            })
            .unwrap();
        stale.flush(|_, _| ()).free(&mut machine);
        assert_eq!((count, machine.live()), (pages, 2));
    }
}

#[test]
fn a_span_that_fails_says_how_far_it_came() {
    let mut machine = Machine::new(usize::MAX);
    let mut table = PageTable::new(&mut machine).unwrap();
    let attributes = Attributes::memory(Access::WRITE);
    let at = virtual_address(0x3000);
    table.map(&mut machine, at, physical(0x9000), PageSize::Size4KiB, attributes).unwrap();
    let span = Span { start: virtual_address(0x1000), physical: physical(0), length: 0x4000 };
    let got = table.map_span(&mut machine, span, PageSize::Size1GiB, attributes);
    assert_eq!(got, Err((MapError::AlreadyMapped, 0x2000)));
}

#[test]
fn pages_may_come_one_by_one() {
    for (limit, given, occupied) in
        [(9, 2000, 2000), (9, 700, 2000), (5, 2000, 2000), (4, 2000, 2000), (9, 2000, 1300), (9, 0, 0)]
    {
        let mut machine = Machine::new(limit);
        let mut table = PageTable::new(&mut machine).unwrap();
        let attributes = Attributes::memory(Access::WRITE);
        let start = virtual_address(0x7ffe_f000); // the first table ends after 17 pages
        let page = |number: u64| start.checked_add(number * 0x1000).unwrap();
        if occupied < 2000 {
            table.map(&mut machine, page(occupied), physical(0), PageSize::Size4KiB, attributes).unwrap();
        }
        // Frames in falling order, so that a mix-up shows.
        let mut supplied = 0;
        let supply = |_: &mut Machine| {
            supplied += 1;
            (supplied <= given).then(|| physical((10_000 - supplied) << 12))
        };
        let got = table.map_each(&mut machine, start, 2000, PageSize::Size4KiB, attributes, supply);
        let mapped = match got {
            Ok(()) => 2000,
            Err((error, mapped)) => {
                assert_eq!(error == MapError::AlreadyMapped, mapped == occupied, "{error:?} at {mapped}");
                mapped
            }
        };
        assert!(mapped <= given && (mapped == 2000) == (limit == 9 && given == 2000 && occupied == 2000));
        for number in 0..2000 {
            let expected = (number < mapped).then(|| physical((9_999 - number) << 12));
            let expected = if number == occupied { Some(physical(0)) } else { expected };
            assert_eq!(table.translate(&machine, page(number)).map(|found| found.physical), expected);
        }
        let stale = table.unmap_span(&mut machine, start, 2000 * 0x1000, |_| ()).unwrap();
        stale.flush(|_, _| ()).free(&mut machine);
        assert_eq!(machine.live(), 1);
    }
}

#[test]
fn spans_outside_of_what_exists_are_refused() {
    let mut machine = Machine::new(usize::MAX);
    let mut table = PageTable::new(&mut machine).unwrap();
    let attributes = Attributes::memory(Access::empty());
    let mut map = |start, physical_start, length| {
        let span = Span { start: virtual_address(start), physical: physical(physical_start), length };
        table.map_span(&mut machine, span, PageSize::Size4KiB, attributes)
    };
    assert_eq!(map(0x7fff_ffff_f000, 0, 0x2000), Err((MapError::NonCanonical, 0)));
    assert_eq!(map(0xffff_ffff_ffff_f000, 0, 0x2000), Err((MapError::NonCanonical, 0)));
    assert_eq!(map(0x1000, 0xf_ffff_ffff_f000, 0x2000), Err((MapError::BeyondPhysical, 0)));
    assert_eq!(map(0x1000, 0, 0x1001), Err((MapError::Misaligned, 0)));
    assert_eq!(map(0x1000, 0, !0xfff), Err((MapError::NonCanonical, 0)));
    assert_eq!(map(0xffff_ffff_ffff_f000, 0xf_ffff_ffff_f000, 0x1000), Ok(()), "the very last page");
    assert_eq!(map(0x1000, 0, 0), Ok(()));
}

#[test]
fn tables_that_all_address_spaces_share_stay() {
    let mut machine = Machine::new(usize::MAX);
    let mut table = PageTable::new(&mut machine).unwrap();
    let slot = virtual_address(0xffff_a000_0000_0000);
    assert_eq!(table.reserve_slot(&mut machine, virtual_address(0)), Err(MapError::NonCanonical));
    table.reserve_slot(&mut machine, slot).unwrap();
    table.reserve_slot(&mut machine, slot).unwrap();
    let entry = machine.entry(table.root(), 320);
    for _ in 0..2 {
        table
            .map(&mut machine, slot, physical(0x1000), PageSize::Size4KiB, Attributes::memory(Access::WRITE))
            .unwrap();
        let (_, stale) = table.unmap(&mut machine, slot).unwrap();
        stale.flush(|_, _| ()).free(&mut machine);
        assert_eq!((machine.live(), machine.entry(table.root(), 320)), (2, entry));
    }
}

/// What is done while the k-th table can't be had, for every k: whatever is refused leaves everything as it was.
#[test]
fn any_table_may_be_missing() {
    let attributes = Attributes::memory(Access::WRITE);
    let small = virtual_address(0x1234_5000);
    let large = virtual_address(0x7f00_4020_0000);
    let huge = virtual_address(0xffff_9000_4000_0000);
    let mut failures = 0;
    for k in 1.. {
        let mut machine = Machine::new(usize::MAX);
        machine.fail_allocation(k);
        let Ok(mut table) = PageTable::new(&mut machine) else {
            assert_eq!((machine.live(), k), (0, 1));
            continue;
        };
        let mut oracle = Oracle::default();
        for (page, size) in
            [(small, PageSize::Size4KiB), (large, PageSize::Size2MiB), (huge, PageSize::Size1GiB)]
        {
            let live = machine.live();
            let mapping = Mapping { page, physical: physical(0x4000_0000), size, attributes };
            match table.map(&mut machine, page, mapping.physical, size, attributes) {
                Ok(()) => oracle.map(mapping).unwrap(),
                Err(error) => assert_eq!((error, machine.live()), (MapError::OutOfMemory, live)),
            }
        }
        // Down to 4 KiB, as far as tables go.
        for page in [large, huge, huge] {
            let live = machine.live();
            match table.split(&mut machine, page) {
                Ok(stale) => {
                    assert!(stale.flush(|_, _| ()).is_empty());
                    oracle.split(page.get()).unwrap();
                }
                Err(MapError::OutOfMemory) => assert_eq!(machine.live(), live),
                Err(error) => assert_eq!(Err(error), oracle.split(page.get())),
            }
        }
        // Over two tables; what is mapped by the time it fails is known, and taken away.
        let span = Span { start: virtual_address(0x5fff_f000), physical: physical(0x1000), length: 0x2000 };
        let live = machine.live();
        if let Err((error, done)) = table.map_span(&mut machine, span, PageSize::Size1GiB, attributes) {
            assert_eq!(error, MapError::OutOfMemory);
            let stale = table.unmap_span(&mut machine, span.start, done, |_| ()).unwrap();
            stale.flush(|_, _| ()).free(&mut machine);
            assert_eq!(machine.live(), live);
        }
        let failed = machine.has_failed();
        for mapping in oracle.0.values() {
            let probe = mapping.page.checked_add(mapping.size.bytes() - 1).unwrap();
            assert_eq!(table.translate(&machine, probe), Some(*mapping), "allocation {k}");
        }
        // Another address space over the same upper half, which outlives this one.
        let upper = machine.live();
        if let Ok(other) = table.with_same_upper_half(&mut machine) {
            assert_eq!(other.translate(&machine, small), None);
            assert_eq!(other.translate(&machine, huge), table.translate(&machine, huge));
            other.dismantle(&mut machine, |mapping| panic!("{mapping:?} was never mapped there"));
        }
        assert_eq!(machine.live(), upper);
        let mut taken = Vec::new();
        table.dismantle(&mut machine, |mapping| taken.push(mapping.page));
        assert!(taken.iter().all(|page| !page.is_upper_half()), "the upper half is everybody's");
        assert!(machine.live() <= 3, "what the upper half holds: {}", machine.live());
        if !failed {
            assert!(failures >= 10, "{failures}");
            return;
        }
        failures += 1;
    }
}

#[test]
fn what_is_split_can_be_treated_in_parts() {
    let mut machine = Machine::new(usize::MAX);
    let mut table = PageTable::new(&mut machine).unwrap();
    let attributes = Attributes::memory(Access::WRITE | Access::USER).cached(Cache::WriteCombining);
    let start = virtual_address(0x4000_0000);
    table.map(&mut machine, start, physical(0x8000_0000), PageSize::Size1GiB, attributes).unwrap();
    let part = virtual_address(0x4020_3000);
    let tables = machine.live();
    let refused = table.unmap_span(&mut machine, part, 0x1000, |_| ()).err();
    assert_eq!(refused, Some(MapError::HugePageInTheWay));
    for size in [0x4000_0000, 0x20_0000] {
        let stale = table.split(&mut machine, part).unwrap();
        assert_eq!((stale.start().get(), stale.length()), (part.get() & !(size - 1), size));
        assert!(stale.flush(|_, _| ()).is_empty());
    }
    let (gone, stale) = table.unmap(&mut machine, part).unwrap();
    stale.flush(|_, _| ()).free(&mut machine);
    assert_eq!((gone.physical, gone.size), (physical(0x8020_3000), PageSize::Size4KiB));
    assert_eq!(gone.attributes, attributes);
    for (probe, size) in [
        (0x4000_0000, Some(PageSize::Size2MiB)),
        (0x4020_2fff, Some(PageSize::Size4KiB)),
        (0x4020_3000, None),
        (0x4020_4000, Some(PageSize::Size4KiB)),
        (0x4040_0000, Some(PageSize::Size2MiB)),
    ] {
        let found = table.translate(&machine, virtual_address(probe));
        assert_eq!(found.map(|mapping| mapping.size), size, "{probe:#x}");
    }
    // Everything goes, and with it the tables that splitting made.
    let stale = table.unmap_span(&mut machine, start, 0x4000_0000, |_| ()).unwrap();
    stale.flush(|_, _| ()).free(&mut machine);
    assert_eq!((machine.live(), tables), (1, 2));
}
