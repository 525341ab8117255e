//! Entries bit by bit, against the numbers of the manual (Intel SDM vol. 3A, tables 4-15 to 4-20) and of
//! Linux's dumps of the same pages, so that encode and decode can't be wrong together.

use paging::entry::Entry;
use paging::{Access, Attributes, Cache, PAT_LAYOUT, PageSize, PhysicalAddress, VirtualAddress};

const NX: u64 = 1 << 63;

fn page(size: PageSize, access: Access, cache: Cache) -> u64 {
    let address = PhysicalAddress::new(0x1_4000_0000).unwrap();
    Entry::Page(address, Attributes { access, cache }).encode(size, false)
}

#[test]
fn bits_are_those_of_the_manual() {
    use Cache::{Uncached, WriteBack, WriteCombining, WriteThrough};
    use PageSize::{Size1GiB, Size2MiB, Size4KiB};
    let all = Access::all() - Access::COPY_ON_WRITE;
    let kernel = Access::WRITE | Access::GLOBAL;
    // Present 1, write 2, user 4, PWT 8, PCD 0x10, accessed 0x20, dirty 0x40, PS or PAT 0x80, global 0x100.
    assert_eq!(page(Size4KiB, Access::EXECUTE, WriteBack), 0x1_4000_0021);
    assert_eq!(page(Size4KiB, all, WriteBack), 0x1_4000_0167);
    assert_eq!(page(Size4KiB, kernel, WriteBack), 0x1_4000_0163 | NX);
    assert_eq!(page(Size4KiB, kernel, WriteThrough), 0x1_4000_016b | NX);
    assert_eq!(page(Size4KiB, kernel, Uncached), 0x1_4000_017b | NX);
    assert_eq!(page(Size4KiB, kernel, WriteCombining), 0x1_4000_01eb | NX);
    assert_eq!(page(Size2MiB, kernel, WriteBack), 0x1_4000_01e3 | NX);
    assert_eq!(page(Size2MiB, kernel, WriteCombining), 0x1_4000_11eb | NX);
    assert_eq!(page(Size1GiB, kernel, Uncached), 0x1_4000_01fb | NX);
    assert_eq!(page(Size4KiB, Access::COPY_ON_WRITE, WriteBack), 0x1_4000_0221 | NX);
    assert_eq!(page(Size2MiB, Access::COPY_ON_WRITE, WriteBack), 0x1_4000_02a1 | NX);
    let table = Entry::Table(PhysicalAddress::new(0x7000).unwrap());
    assert_eq!(table.encode(Size4KiB, false), 0x7023);
    assert_eq!(table.encode(Size4KiB, true), 0x7027);
    assert_eq!(Entry::Empty.encode(Size4KiB, true), 0);
}

#[test]
fn the_pat_agrees_with_the_numbers_of_the_types() {
    // SDM vol. 3A, table 11-10: UC 0, WC 1, WT 4, WB 6.
    let types =
        [(Cache::WriteBack, 6), (Cache::WriteThrough, 4), (Cache::Uncached, 0), (Cache::WriteCombining, 1)];
    for (cache, number) in types {
        assert_eq!(PAT_LAYOUT >> (8 * cache as u32) & 0xff, number, "{cache:?}");
    }
}

#[test]
fn any_bits_decode_to_something() {
    for bit in 0..64 {
        for level in 1..=4 {
            let entry = Entry::decode(1 << bit | 1, level);
            assert_eq!(
                matches!(entry, Entry::Page(..)),
                level == 1 || (level < 4 && bit == 7),
                "{bit} {level}"
            );
            if bit != 0 {
                assert_eq!(Entry::decode(1 << bit, level), Entry::Empty);
            }
        }
    }
}

#[test]
fn only_canonical_and_52_bit_addresses_exist() {
    for address in [0, 0x7fff_ffff_ffff, 0xffff_8000_0000_0000, u64::MAX] {
        assert_eq!(VirtualAddress::new(address).map(VirtualAddress::get), Some(address));
    }
    for address in [0x8000_0000_0000, 0xffff_7fff_ffff_ffff, 1 << 63, 0x1_0000_0000_0000] {
        assert_eq!(VirtualAddress::new(address), None);
    }
    assert_eq!(PhysicalAddress::new(1 << 52), None);
    assert!(PhysicalAddress::new((1 << 52) - 1).is_some());
    let last = VirtualAddress::new(0x7fff_ffff_ffff).unwrap();
    assert_eq!(last.checked_add(1), None);
    assert_eq!(VirtualAddress::new(u64::MAX).unwrap().checked_add(1), None);
}
