//! Processors out of tables laid into a small memory.

use bootload::acpi::{self, Madt, Processor};
use fastrand::Rng;

const ROOT: usize = 0x100;
const XSDT: usize = 0x200;
const FADT: usize = 0x300;
const MADT: usize = 0x400;

fn seal(bytes: &mut [u8], checksum_at: usize) {
    let sum = bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    bytes[checksum_at] = bytes[checksum_at].wrapping_sub(sum);
}

fn table(signature: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut table = vec![0; 36];
    table[..4].copy_from_slice(signature);
    table[4..8].copy_from_slice(&(36 + body.len() as u32).to_le_bytes());
    table.extend_from_slice(body);
    seal(&mut table, 9);
    table
}

fn root(revision: u8) -> Vec<u8> {
    let mut root = b"RSD PTR \0QLTEST".to_vec();
    root.push(revision);
    root.extend((XSDT as u32).to_le_bytes());
    seal(&mut root, 8);
    if revision >= 2 {
        root.extend(36u32.to_le_bytes());
        root.extend((XSDT as u64).to_le_bytes());
        root.extend([0; 4]);
        seal(&mut root, 32);
    }
    root
}

fn machine(revision: u8) -> Vec<u8> {
    let mut memory = vec![0; 0x800];
    let mut put = |at: usize, bytes: Vec<u8>| memory[at..at + bytes.len()].copy_from_slice(&bytes);
    put(ROOT, root(revision));
    let tables = [FADT, MADT];
    put(
        XSDT,
        match revision {
            0 => table(b"RSDT", &tables.map(|at| (at as u32).to_le_bytes()).concat()),
            _ => table(b"XSDT", &tables.map(|at| (at as u64).to_le_bytes()).concat()),
        },
    );
    put(FADT, table(b"FACP", &[0; 80]));
    let mut body = vec![0, 0, 0xe0, 0xfe, 1, 0, 0, 0];
    body.extend([0, 8, 0, 0, 1, 0, 0, 0]);
    body.extend([0, 8, 1, 2, 1, 0, 0, 0]);
    body.extend([0, 8, 2, 4, 0, 0, 0, 0]); // disabled
    body.extend([0, 8, 3, 255, 1, 0, 0, 0]); // not there
    body.extend([1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0]);
    body.extend([9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0]);
    put(MADT, table(b"APIC", &body));
    memory
}

fn find(memory: &'static [u8]) -> Option<Madt<'static>> {
    let read = |address: u64, length: usize| {
        let start = usize::try_from(address).ok()?;
        memory.get(start..start.checked_add(length)?)
    };
    Madt::find(&memory[ROOT..], read)
}

#[test]
fn enabled_processors_and_io_apics_are_found_through_either_root_table() {
    for revision in [0, 2] {
        let madt = find(machine(revision).leak()).unwrap();
        let processors: Vec<_> = madt.processors().collect();
        let expected = [(0, 0), (1, 2), (9, 256)].map(|(uid, lapic_id)| Processor { uid, lapic_id });
        assert_eq!(processors, expected);
        assert_eq!(madt.io_apics().collect::<Vec<_>>(), [0xfec0_0000]);
    }
}

#[test]
fn a_wrong_checksum_anywhere_means_no_table() {
    for at in [ROOT + 3, ROOT + 12, XSDT + 20, MADT + 50] {
        let mut memory = machine(2);
        memory[at] ^= 0x40;
        assert!(find(memory.leak()).is_none(), "{at:#x}");
    }
}

#[test]
fn the_root_pointer_is_found_on_a_16_byte_boundary_only() {
    let mut area = vec![0; 0x1000];
    assert_eq!(acpi::scan_for_rsdp(&area), None);
    let root = root(0);
    area[0x208..0x208 + root.len()].copy_from_slice(&root);
    assert_eq!(acpi::scan_for_rsdp(&area), None);
    area[0x550..0x550 + root.len()].copy_from_slice(&root);
    assert_eq!(acpi::scan_for_rsdp(&area), Some(0x550));
    assert_eq!(acpi::scan_for_rsdp(&area[..0x558]), None);
}

#[test]
fn damaged_tables_with_right_checksums_are_survived() {
    let mut random = Rng::with_seed(8);
    for _ in 0..5_000 {
        let mut memory = machine(2);
        for _ in 0..1 + random.usize(..4) {
            memory[MADT + 36 + random.usize(..70)] = random.u8(..);
        }
        let length = u32::from_le_bytes(memory[MADT + 4..MADT + 8].try_into().unwrap()) as usize;
        seal(&mut memory[MADT..MADT + length], 9);
        if let Some(madt) = find(memory.leak()) {
            assert!(madt.processors().count() + madt.io_apics().count() < 100);
        }
    }
}
