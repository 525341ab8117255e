//! Whatever firmware's memory holds, reading it ends, in a value or an error: random damage, with checksums
//! repaired so that it reaches the readers behind them.

mod firmware;

use acpi::{Fadt, Hpet, Madt, Mcfg, SleepType, Table, Tables, aml};
use fastrand::Rng;
use firmware::{Firmware, fadt_body, hpet_body, madt_body, mcfg_body, pc, table};

fn damage(random: &mut Rng, bytes: &mut [u8]) {
    if bytes.is_empty() {
        return;
    }
    for _ in 0..=random.usize(..6) {
        let at = random.usize(..bytes.len());
        bytes[at] = [0, 1, 0xff, 0x7f, random.u8(..), bytes[at] ^ 1 << random.usize(..8)][random.usize(..6)];
    }
}

#[test]
fn damaged_memory_is_survived() {
    let mut random = Rng::with_seed(1);
    for round in 0..20_000 {
        let (mut memory, address) = pc(if round % 2 == 0 { 0 } else { 2 });
        damage(&mut random, &mut memory.bytes);
        let Ok(tables) = Tables::find(&memory, address) else { continue };
        assert!(tables.iter().count() + tables.broken <= acpi::root::MAX_TABLES);
        let _ = (tables.madt(&memory), tables.hpet(&memory));
        if let Ok(fadt) = tables.fadt(&memory) {
            let _ = tables.soft_off(&memory, &fadt);
        }
    }
}

#[test]
fn damaged_tables_with_right_checksums_are_survived() {
    let mut random = Rng::with_seed(2);
    for _ in 0..20_000 {
        for (signature, body) in [
            (b"APIC", madt_body()),
            (b"FACP", fadt_body(0x1000)),
            (b"HPET", hpet_body(0xfed0_0000)),
            (b"MCFG", mcfg_body(0xb000_0000, 0, 255)),
        ] {
            let mut body = body;
            body.truncate(body.len() - random.usize(..body.len()) / (1 + random.usize(..20)));
            damage(&mut random, &mut body);
            let mut memory = Firmware::new(0);
            let address = memory.place(&table(signature, random.u8(..7), &body));
            let table = Table::read(&memory, address, *signature).expect("the checksum was repaired");
            let _ = Fadt::parse(&table);
            let _ = (Hpet::parse(&table), Mcfg::parse(&table));
            if let Ok(madt) = Madt::parse(&table) {
                // No entry is shorter than two bytes, so the counts are bounded by the table.
                let count = madt.processors.len() + madt.io_apics.len() + madt.overrides.len();
                assert!(count + madt.nmi_sources.len() + madt.local_nmis.len() <= body.len() / 2);
            }
        }
    }
}

#[test]
fn a_root_table_that_points_anywhere_is_survived() {
    let mut random = Rng::with_seed(3);
    for _ in 0..2000 {
        let mut memory = Firmware::new(0x10_0000);
        memory.place(&[0xaa; 64]);
        let entries: Vec<u8> = (0..random.usize(..3000))
            .flat_map(|_| [0, u64::MAX, 0x10_0000, 0x10_0010, 1 << 40][random.usize(..5)].to_le_bytes())
            .collect();
        let xsdt = memory.table(b"XSDT", 1, &entries);
        let address = memory.root_pointer(2, u32::MAX, xsdt);
        let tables = Tables::find(&memory, address).unwrap();
        assert!(tables.iter().count() + tables.broken <= acpi::root::MAX_TABLES);
    }
}

#[test]
fn any_bytes_are_aml_or_not() {
    let mut random = Rng::with_seed(4);
    for _ in 0..50_000 {
        let mut aml: Vec<u8> = firmware::DSDT_BODY.to_vec();
        damage(&mut random, &mut aml);
        aml.truncate(random.usize(..aml.len() + 1));
        if let Some(SleepType { a, b }) = aml::sleep_type(&aml, 5) {
            assert!(a < 8 && b < 8);
        }
    }
}
