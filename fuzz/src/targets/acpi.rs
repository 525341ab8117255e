//! Firmware's tables. The first byte chooses: a whole machine's tables with patches, the body of one table, or AML. After
//! the patches the checksums are made right again, or nothing behind them would ever be reached.

use acpi::{Fadt, Hpet, Madt, SleepType, Table, Tables, aml};

use crate::Target;
use crate::choices::{Choices, patches};

#[path = "../../../crates/acpi/tests/firmware/mod.rs"]
#[allow(dead_code, reason = "made for the crate's own tests, which use all of it")]
mod firmware;
use firmware::Firmware;

pub const TARGET: Target = Target { name: "acpi", run, seeds };

fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    match choices.byte() % 4 {
        0 => damaged_machine(choices.byte(), choices.rest()),
        1 => loader(choices.byte(), choices.rest()),
        2 => one_table(&mut choices),
        _ => {
            if let Some(SleepType { a, b }) = aml::sleep_type(choices.rest(), 5) {
                assert!(a < 8 && b < 8);
            }
        }
    }
}

fn patched(revision: u8, damage: &[u8]) -> (Firmware, u64) {
    let (mut memory, address) = firmware::pc(if revision.is_multiple_of(2) { 0 } else { 2 });
    let size = memory.bytes.len();
    for (place, byte) in patches(damage, size) {
        memory.bytes[place] = byte;
    }
    if revision & 0x80 == 0 {
        seal(&mut memory.bytes);
    }
    (memory, address)
}

fn damaged_machine(revision: u8, damage: &[u8]) {
    let (memory, address) = patched(revision, damage);
    let Ok(tables) = Tables::find(&memory, address) else { return };
    assert!(tables.iter().count() + tables.broken <= acpi::root::MAX_TABLES);
    let _ = (tables.madt(&memory), tables.hpet(&memory));
    if let Ok(fadt) = tables.fadt(&memory) {
        let _ = tables.soft_off(&memory, &fadt);
    }
}

/// The loader's reader, which may not allocate, on the same tables.
fn loader(revision: u8, damage: &[u8]) {
    let (memory, address) = patched(revision, damage);
    let read = |address: u64, length: usize| {
        let start = usize::try_from(address.checked_sub(memory.base)?).ok()?;
        memory.bytes.get(start..start.checked_add(length)?)
    };
    let _ = bootload::acpi::scan_for_rsdp(&memory.bytes);
    let root = &memory.bytes[(address - memory.base) as usize..];
    if let Some(madt) = bootload::acpi::Madt::find(root, read) {
        // No entry is shorter than two bytes.
        assert!(madt.processors().count() + madt.io_apics().count() <= memory.bytes.len() / 2);
    }
}

fn one_table(choices: &mut Choices) {
    let signature = choices.one_of(&[b"APIC", b"FACP", b"HPET"]);
    let revision = choices.byte();
    let body = choices.rest();
    let mut memory = Firmware::new(0);
    let address = memory.place(&firmware::table(signature, revision, body));
    let Ok(table) = Table::read(&memory, address, *signature) else { panic!("a sound table is refused") };
    let _ = (Fadt::parse(&table), Hpet::parse(&table));
    if let Ok(madt) = Madt::parse(&table) {
        let count = madt.processors.len() + madt.io_apics.len() + madt.overrides.len();
        assert!(count + madt.nmi_sources.len() + madt.local_nmis.len() <= body.len() / 2);
    }
}

/// Makes the sums of whatever still looks like a table or a root pointer zero.
fn seal(memory: &mut [u8]) {
    let negated_sum = |bytes: &[u8]| bytes.iter().fold(0u8, |sum, &byte| sum.wrapping_sub(byte));
    for start in (0..memory.len()).step_by(16) {
        let rest = &mut memory[start..];
        if rest.starts_with(b"RSD PTR ") {
            for (length, place) in [(20, 8), (36, 32)] {
                if let Some(bytes) = rest.get_mut(..length) {
                    bytes[place] = 0;
                    bytes[place] = negated_sum(bytes);
                }
            }
        } else if [&b"DSDT"[..], b"FACP", b"APIC", b"HPET", b"RSDT", b"XSDT"]
            .iter()
            .any(|s| rest.starts_with(s))
        {
            let length = rest.get(4..8).map_or(0, |l| u32::from_le_bytes([l[0], l[1], l[2], l[3]]) as usize);
            if let Some(bytes) = rest.get_mut(..length).filter(|bytes| bytes.len() >= 36) {
                bytes[9] = 0;
                bytes[9] = negated_sum(bytes);
            }
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let with = |head: &[u8], body: &[u8]| [head, body].concat();
    vec![
        with(&[0, 0], &[4, 0, 0xff]),
        with(&[0, 1], &[0x40, 1, 2]),
        with(&[1, 1], &[0x90, 0, 3]),
        with(&[2, 0, 3], &firmware::madt_body()),
        with(&[2, 1, 3], &firmware::fadt_body(0x1000)),
        with(&[2, 2, 1], &firmware::hpet_body(0xfed0_0000)),
        with(&[3], firmware::DSDT_BODY),
    ]
}
