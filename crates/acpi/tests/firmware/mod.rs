//! A fake machine's firmware: tables laid out in memory as a BIOS would, with right lengths and checksums.

use acpi::PhysicalMemory;

/// Memory from one address on; everything else can't be read.
#[derive(Clone)]
pub struct Firmware {
    pub base: u64,
    pub bytes: Vec<u8>,
}

impl PhysicalMemory for Firmware {
    fn read(&self, address: u64, buffer: &mut [u8]) -> bool {
        let Some(start) = address.checked_sub(self.base).and_then(|start| usize::try_from(start).ok()) else {
            return false;
        };
        match self.bytes.get(start..).and_then(|bytes| bytes.get(..buffer.len())) {
            Some(bytes) => {
                buffer.copy_from_slice(bytes);
                true
            }
            None => false,
        }
    }
}

impl Firmware {
    pub fn new(base: u64) -> Self {
        Self { base, bytes: Vec::new() }
    }

    /// Puts bytes behind what there is, aligned to 16, and says where.
    pub fn place(&mut self, bytes: &[u8]) -> u64 {
        self.bytes.resize(self.bytes.len().next_multiple_of(16), 0);
        let address = self.base + self.bytes.len() as u64;
        self.bytes.extend_from_slice(bytes);
        address
    }

    /// Puts a table with this body behind what there is.
    pub fn table(&mut self, signature: &[u8; 4], revision: u8, body: &[u8]) -> u64 {
        let bytes = table(signature, revision, body);
        self.place(&bytes)
    }

    /// Puts a root pointer behind what there is.
    pub fn root_pointer(&mut self, revision: u8, rsdt: u32, xsdt: u64) -> u64 {
        let mut bytes = Vec::from(*b"RSD PTR \0LIME  ");
        bytes.push(revision);
        bytes.extend(rsdt.to_le_bytes());
        bytes[8] = negated_sum(&bytes);
        if revision >= 2 {
            bytes.extend(36u32.to_le_bytes());
            bytes.extend(xsdt.to_le_bytes());
            bytes.extend([0; 4]);
            bytes[32] = negated_sum(&bytes);
        }
        self.place(&bytes)
    }
}

pub fn table(signature: &[u8; 4], revision: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::from(*signature);
    bytes.extend((36 + body.len() as u32).to_le_bytes());
    bytes.extend([revision, 0]);
    bytes.extend(b"LIME  QUICK   ");
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(b"TEST");
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(body);
    assert_eq!(bytes.len(), 36 + body.len());
    bytes[9] = negated_sum(&bytes);
    bytes
}

fn negated_sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0u8, |sum, &byte| sum.wrapping_sub(byte))
}

/// A PC: two enabled processors and one for hot plug, an I/O APIC, the timer at input 2, SCI level low.
pub fn pc(revision: u8) -> (Firmware, u64) {
    let mut firmware = Firmware::new(0xe_0000);
    let dsdt = firmware.table(b"DSDT", 2, DSDT_BODY);
    let fadt = firmware.table(b"FACP", 3, &fadt_body(dsdt));
    let madt = firmware.table(b"APIC", 3, &madt_body());
    let hpet = firmware.table(b"HPET", 1, &hpet_body(0xfed0_0000));
    let list = [fadt, madt, hpet];
    let rsdt: Vec<u8> = list.iter().flat_map(|&address| (address as u32).to_le_bytes()).collect();
    let xsdt: Vec<u8> = list.iter().flat_map(|&address| address.to_le_bytes()).collect();
    let rsdt = firmware.table(b"RSDT", 1, &rsdt);
    let xsdt = firmware.table(b"XSDT", 1, &xsdt);
    let root = firmware.root_pointer(revision, rsdt as u32, xsdt);
    (firmware, root)
}

/// `Name (_S3_, Package () { One, One, Zero, Zero }) Name (\_S5_, Package () { 0x05, 0x06, Zero, Zero })`,
/// behind a decoy: the characters alone, in a string.
pub const DSDT_BODY: &[u8] =
    b"\x0d\x08_S5_\x00\x08_S3_\x12\x06\x04\x01\x01\x00\x00\x08\\_S5_\x12\x08\x04\x0a\x05\x0a\x06\x00\x00";

pub fn madt_body() -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(0xfee0_0000u32.to_le_bytes());
    body.extend(1u32.to_le_bytes());
    body.extend([0, 8, 0, 0, 1, 0, 0, 0]); // processor 0, APIC 0, enabled
    body.extend([0, 8, 1, 2, 1, 0, 0, 0]); // processor 1, APIC 2, enabled
    body.extend([0, 8, 2, 4, 2, 0, 0, 0]); // processor 2, APIC 4, for hot plug
    body.extend([1, 12, 5, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0]); // I/O APIC 5 at fec00000
    body.extend([2, 10, 0, 0, 2, 0, 0, 0, 0, 0]); // ISA 0 at input 2
    body.extend([2, 10, 0, 9, 9, 0, 0, 0, 0x0f, 0]); // ISA 9: active low, level
    body.extend([0x7f, 5, 1, 2, 3]); // a kind from the future
    body.extend([3, 8, 0x05, 0, 23, 0, 0, 0]); // input 23: NMI, active high, edge
    body.extend([4, 6, 0xff, 0x05, 0, 1]); // LINT1 of all
    body.extend([5, 12, 0, 0, 0, 0, 0xe0, 0xfe, 1, 0, 0, 0]); // local APICs at 1fee00000
    body.extend([9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 44, 1, 0, 0]); // x2APIC 256, processor 300
    body.extend([10, 12, 0, 0, 44, 1, 0, 0, 0, 0, 0, 0]); // LINT0 of processor 300
    body
}

pub fn fadt_body(dsdt: u64) -> Vec<u8> {
    let mut table = vec![0u8; 244];
    let mut put = |offset: usize, bytes: &[u8]| table[offset..offset + bytes.len()].copy_from_slice(bytes);
    put(40, &(dsdt as u32).to_le_bytes());
    put(46, &9u16.to_le_bytes());
    put(48, &0xb2u32.to_le_bytes());
    put(52, &[2, 3]);
    put(56, &0x600u32.to_le_bytes());
    put(64, &0x604u32.to_le_bytes());
    put(76, &0x608u32.to_le_bytes());
    put(88, &[4, 2, 0, 4]);
    put(108, &[0x32, 0b10, 0]);
    put(112, &(1u32 << 10 | 1 << 8).to_le_bytes());
    put(116, &[1, 8, 0, 1]);
    put(120, &0xcf9u64.to_le_bytes());
    put(128, &[0x0f]);
    put(140, &dsdt.to_le_bytes());
    put(172, &[1, 16, 0, 2]);
    put(176, &0x604u64.to_le_bytes());
    table.split_off(36)
}

pub fn hpet_body(address: u64) -> Vec<u8> {
    let mut body = vec![1, 0xa2, 0x86, 0x80, 0, 64, 0, 0];
    body.extend(address.to_le_bytes());
    body.extend([3, 0x80, 0, 0]);
    body
}

/// One entry for another segment, then one for segment 0.
pub fn mcfg_body(base: u64, first_bus: u8, last_bus: u8) -> Vec<u8> {
    let mut body = vec![0; 8];
    for (base, segment, buses) in [(0x7000_0000u64, 1u8, [0, 255]), (base, 0, [first_bus, last_bus])] {
        body.extend(base.to_le_bytes());
        body.extend([segment, 0, buses[0], buses[1], 0, 0, 0, 0]);
    }
    body
}
