//! The walker of page tables against a map from page to mapping, over table memory that notices every misuse.

use std::collections::BTreeMap;

use paging::{Access, Attributes, Cache, MapError, Mapping, PageSize, PageTable, VirtualAddress};

use crate::Target;
use crate::choices::Choices;

#[path = "../../../crates/paging/tests/machine/mod.rs"]
#[allow(dead_code, reason = "random numbers are for the tests that have no fuzzer")]
mod machine;
use machine::{Machine, physical, virtual_address};

pub const TARGET: Target = Target { name: "paging", run, seeds };

const SIZES: [PageSize; 3] = [PageSize::Size4KiB, PageSize::Size2MiB, PageSize::Size1GiB];

/// All mappings by their first address.
#[derive(Default)]
struct Model(BTreeMap<u64, Mapping>);

impl Model {
    fn at(&self, address: u64) -> Option<Mapping> {
        let (_, mapping) = self.0.range(..=address).next_back()?;
        (address - mapping.page.get() < mapping.size.bytes()).then_some(*mapping)
    }

    fn map(&mut self, mapping: Mapping) -> Result<(), MapError> {
        let start = mapping.page.get();
        if !mapping.page.is_aligned(mapping.size) || !mapping.physical.is_aligned(mapping.size) {
            return Err(MapError::Misaligned);
        }
        match self.at(start) {
            Some(there) if there.size > mapping.size => return Err(MapError::HugePageInTheWay),
            Some(_) => return Err(MapError::AlreadyMapped),
            None => {}
        }
        if self.0.range(start..=start + (mapping.size.bytes() - 1)).next().is_some() {
            return Err(MapError::AlreadyMapped);
        }
        self.0.insert(start, mapping);
        Ok(())
    }

    fn beginning(&self, page: u64) -> Result<Mapping, MapError> {
        let there = self.at(page).ok_or(MapError::NotMapped)?;
        if there.page.get() == page { Ok(there) } else { Err(MapError::HugePageInTheWay) }
    }

    /// The pages that begin within, if none sticks out.
    fn within(&self, start: u64, length: u64) -> Result<Vec<Mapping>, MapError> {
        let last = start + (length - 1);
        let sticks_out = self.at(start).is_some_and(|there| there.page.get() < start)
            || self.at(last).is_some_and(|there| there.page.get() + (there.size.bytes() - 1) > last);
        if sticks_out {
            Err(MapError::HugePageInTheWay)
        } else {
            Ok(self.0.range(start..=last).map(|(_, m)| *m).collect())
        }
    }
}

/// From few places, so that operations meet.
fn page(choices: &mut Choices) -> VirtualAddress {
    const PLACES: [u64; 4] = [0, 0x7fff_8000_0000, 0xffff_8000_0000_0000, 0xffff_ffff_8000_0000];
    let byte = usize::from(choices.byte());
    let offset = (byte >> 2 & 1) << 30 | (byte >> 3 & 3) << 21 | (byte >> 5) << 12;
    virtual_address(PLACES[byte & 3] + offset as u64)
}

fn attributes(choices: &mut Choices) -> Attributes {
    const CACHES: [Cache; 4] =
        [Cache::WriteBack, Cache::WriteThrough, Cache::Uncached, Cache::WriteCombining];
    let byte = choices.byte();
    Attributes { access: Access::from_bits_truncate(byte >> 2), cache: CACHES[usize::from(byte & 3)] }
}

fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    // Sometimes there is memory for a few tables only.
    let limit = match choices.byte() {
        few @ 0..=20 => usize::from(few) + 2,
        _ => usize::MAX,
    };
    let mut machine = Machine::new(limit);
    let mut table = PageTable::new(&mut machine).expect("room for the root");
    let mut model = Model::default();
    while !choices.is_empty() {
        let operation = choices.byte();
        let page = page(&mut choices);
        match operation % 8 {
            0..=2 => {
                let size = choices.one_of(&SIZES);
                let frame = (choices.below(1 << 16) as u64) << 21;
                let frame = if operation & 0x80 == 0 { frame & !(size.bytes() - 1) } else { frame | 0x1000 };
                let mapping =
                    Mapping { page, physical: physical(frame), size, attributes: attributes(&mut choices) };
                let got = table.map(&mut machine, page, mapping.physical, size, mapping.attributes);
                if got != Err(MapError::OutOfMemory) {
                    assert_eq!(got, model.map(mapping), "{mapping:?}");
                }
            }
            3 | 4 => {
                let got = table.unmap(&mut machine, page);
                assert_eq!(
                    got.as_ref().map(|(mapping, _)| *mapping),
                    model.beginning(page.get()).as_ref().copied()
                );
                if let Ok((mapping, stale)) = got {
                    model.0.remove(&page.get());
                    assert_eq!((stale.start(), stale.length()), (page, mapping.size.bytes()));
                    stale.flush(|_, _| ()).free(&mut machine);
                }
            }
            5 => {
                let attributes = attributes(&mut choices);
                let got = table.protect(&mut machine, page, attributes);
                assert_eq!(got.as_ref().err(), model.beginning(page.get()).as_ref().err());
                if let Ok(stale) = got {
                    stale.flush(|_, _| ()).free(&mut machine);
                    model.0.entry(page.get()).and_modify(|mapping| mapping.attributes = attributes);
                }
            }
            _ => spans(operation, page, &mut table, &mut machine, &mut model, &mut choices),
        }
        let probe = page.get() | 0x123;
        let expected = model.at(probe);
        assert_eq!(table.translate(&machine, virtual_address(probe)), expected, "{probe:#x}");
    }
    for mapping in model.0.values() {
        let Ok((gone, stale)) = table.unmap(&mut machine, mapping.page) else {
            panic!("{mapping:?} is gone")
        };
        assert_eq!(gone, *mapping);
        stale.flush(|_, _| ()).free(&mut machine);
    }
    assert!(machine.live() <= 3, "only the root and two shared tables of the upper half stay");
}

/// Unmapping or protecting all that begins in a range.
fn spans(
    operation: u8,
    page: VirtualAddress,
    table: &mut PageTable,
    machine: &mut Machine,
    model: &mut Model,
    choices: &mut Choices,
) {
    let length = choices.one_of(&[0x1000, 0x3000, 0x20_0000, 0x4000_0000, 0x4020_0000]);
    let crosses =
        page.checked_add(length - 1).is_none_or(|last| last.is_upper_half() != page.is_upper_half());
    let expected = if crosses { Err(MapError::NonCanonical) } else { model.within(page.get(), length) };
    if operation % 8 == 6 {
        let mut taken = Vec::new();
        match table.unmap_span(machine, page, length, |mapping| taken.push(mapping)) {
            Ok(stale) => {
                assert_eq!(Ok(&taken), expected.as_ref());
                model.0.retain(|page, _| taken.iter().all(|mapping| mapping.page.get() != *page));
                stale.flush(|_, _| ()).free(machine);
            }
            Err(error) => {
                assert_eq!(Some(error), expected.err());
                assert!(taken.is_empty(), "pages are gone though it failed");
            }
        }
        return;
    }
    let attributes = attributes(choices);
    match table.protect_some(machine, page, length, u64::MAX, |_| attributes) {
        Ok((stale, done)) => {
            assert_eq!(done, length);
            stale.flush(|_, _| ()).free(machine);
            for mapping in expected.expect("the model refuses it") {
                model.0.insert(mapping.page.get(), Mapping { attributes, ..mapping });
            }
        }
        Err(error) => assert_eq!(Some(error), expected.err()),
    }
}

fn seeds() -> Vec<Vec<u8>> {
    vec![
        vec![255, 0, 0, 0, 0, 1, 8, 0, 0x20, 1, 0, 2, 4, 0, 0x40, 2, 4, 0, 0, 8, 5, 0, 4, 6, 0, 3, 3, 0x40],
        vec![3, 0, 2, 0, 0, 9, 8, 1, 8, 1, 0, 0, 4, 7, 8, 2, 12, 6, 0xff, 1],
    ]
}
