//! What a sound machine's tables say, and what unsound ones are refused for.

mod firmware;

use acpi::{
    AcpiError, AddressSpace, Fadt, GenericAddress, Madt, Mcfg, Polarity, RootPointer, SleepType, Table,
    Tables, Trigger, aml, root,
};
use firmware::{Firmware, fadt_body, madt_body, mcfg_body, pc, table};

fn read(signature: &[u8; 4], revision: u8, body: &[u8]) -> Table {
    let mut memory = Firmware::new(0x1000);
    let address = memory.table(signature, revision, body);
    Table::read(&memory, address, *signature).unwrap()
}

#[test]
fn a_pc_is_found_by_either_root_table() {
    for revision in [0, 2] {
        let (memory, address) = pc(revision);
        let tables = Tables::find(&memory, address).unwrap();
        let signatures: Vec<[u8; 4]> = tables.iter().map(|(signature, _)| signature).collect();
        assert_eq!(signatures, [*b"FACP", *b"APIC", *b"HPET"]);
        assert_eq!(tables.broken, 0);
        let fadt = tables.fadt(&memory).unwrap();
        assert_eq!(tables.soft_off(&memory, &fadt), Ok(SleepType { a: 5, b: 6 }));
        assert_eq!(
            tables.hpet(&memory).map(|hpet| (hpet.address, hpet.number, hpet.minimum_ticks)),
            Ok((0xfed0_0000, 3, 128))
        );
        assert_eq!(tables.madt(&memory).unwrap().processors.len(), 4);
        assert_eq!(tables.table(&memory, *b"MCFG").err(), Some(AcpiError::NotFound(*b"MCFG")));
    }
}

#[test]
fn the_old_root_table_serves_when_the_new_one_is_damaged() {
    let (mut memory, address) = pc(2);
    let xsdt = RootPointer::read(&memory, address).unwrap().xsdt.unwrap();
    memory.bytes[(xsdt - memory.base) as usize + 9] ^= 1;
    assert_eq!(Tables::find(&memory, address).unwrap().iter().count(), 3);
}

#[test]
fn the_madt_says_how_interrupts_are_wired() {
    let madt = Madt::parse(&read(b"APIC", 3, &madt_body())).unwrap();
    let processors: Vec<(u32, u32, bool, bool)> =
        madt.processors.iter().map(|p| (p.uid, p.apic_id, p.enabled, p.online_capable)).collect();
    let expected = [(0, 0, true, false), (1, 2, true, false), (2, 4, false, true), (300, 256, true, false)];
    assert_eq!(processors, expected);
    assert_eq!((madt.local_apic_address, madt.has_8259, madt.broken), (0x1_fee0_0000, true, 0));
    let [io_apic] = madt.io_apics[..] else { panic!("one I/O APIC") };
    assert_eq!((io_apic.id, io_apic.address, io_apic.interrupt_base), (5, 0xfec0_0000, 0));
    let wiring = |source| {
        let found = madt.isa_interrupt(source);
        (found.interrupt, found.polarity, found.trigger)
    };
    assert_eq!(wiring(0), (2, Polarity::Bus, Trigger::Bus));
    assert_eq!(wiring(1), (1, Polarity::Bus, Trigger::Bus));
    assert_eq!(wiring(9), (9, Polarity::Low, Trigger::Level));
    let [nmi] = madt.nmi_sources[..] else { panic!("one NMI source") };
    assert_eq!((nmi.interrupt, nmi.polarity, nmi.trigger), (23, Polarity::High, Trigger::Edge));
    let pins: Vec<(Option<u32>, u8)> = madt.local_nmis.iter().map(|nmi| (nmi.uid, nmi.pin)).collect();
    assert_eq!(pins, [(None, 1), (Some(300), 0)]);
}

#[test]
fn a_madt_cut_anywhere_keeps_what_is_whole() {
    let body = madt_body();
    for length in 8..body.len() {
        let madt = Madt::parse(&read(b"APIC", 3, &body[..length])).unwrap();
        assert!(madt.processors.len() <= 4 && madt.broken <= 1, "{length}: {madt:?}");
    }
    assert_eq!(Madt::parse(&read(b"APIC", 3, &body[..7])), Err(AcpiError::TooShort));
    // An entry of length 0 would never end; one that is too short for its kind is passed over.
    let entries = |entries: &[u8]| Madt::parse(&read(b"APIC", 3, &[&body[..8], entries].concat())).unwrap();
    assert_eq!(entries(&[0, 0, 0, 0]).broken, 1);
    assert_eq!(entries(&[0, 1, 0, 0]).broken, 1);
    let short = entries(&[0, 4, 7, 7, 1, 12, 5, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0]);
    assert_eq!((short.broken, short.processors.len(), short.io_apics.len()), (1, 0, 1));
}

#[test]
fn the_fadt_says_where_power_management_is() {
    let fadt = Fadt::parse(&read(b"FACP", 3, &fadt_body(0x1234))).unwrap();
    assert_eq!((fadt.dsdt, fadt.sci_interrupt, fadt.smi_command, fadt.acpi_enable), (0x1234, 9, 0xb2, 2));
    assert_eq!(fadt.pm1a_control.and_then(GenericAddress::port), Some(0x604));
    assert_eq!((fadt.pm1b_control, fadt.pm1b_event), (None, None));
    assert_eq!(fadt.pm1a_event.map(|block| (block.space, block.width)), Some((AddressSpace::Port, 32)));
    assert_eq!((fadt.pm_timer.and_then(GenericAddress::port), fadt.pm_timer_is_32_bit), (Some(0x608), true));
    let reset = fadt.reset.unwrap();
    assert_eq!((reset.register.port(), reset.value), (Some(0xcf9), 0x0f));
    assert_eq!((fadt.has_8042, fadt.century, fadt.hardware_reduced), (Some(true), Some(0x32), false));
}

#[test]
fn an_fadt_of_acpi_1_lacks_what_came_later() {
    let fadt = Fadt::parse(&read(b"FACP", 1, &fadt_body(0x1234)[..116 - 36])).unwrap();
    assert_eq!((fadt.dsdt, fadt.reset, fadt.has_8042), (0x1234, None, None));
    let control = fadt.pm1a_control.unwrap();
    assert_eq!((control.port(), control.width), (Some(0x604), 16));
    assert_eq!(Fadt::parse(&read(b"FACP", 1, &fadt_body(0x1234)[..115 - 36])), Err(AcpiError::TooShort));
}

#[test]
fn soft_off_may_stand_in_an_ssdt() {
    let mut memory = Firmware::new(0x8000);
    let dsdt = memory.table(b"DSDT", 2, b"nothing here");
    let fadt = memory.table(b"FACP", 3, &fadt_body(dsdt));
    let ssdt = memory.table(b"SSDT", 2, b"\x08_S5_\x12\x04\x01\x0a\x07");
    let list: Vec<u8> = [fadt, ssdt].iter().flat_map(|address| address.to_le_bytes()).collect();
    let xsdt = memory.table(b"XSDT", 1, &list);
    let address = memory.root_pointer(2, 0, xsdt);
    let tables = Tables::find(&memory, address).unwrap();
    let fadt = tables.fadt(&memory).unwrap();
    assert_eq!(tables.soft_off(&memory, &fadt), Ok(SleepType { a: 7, b: 7 }));
    assert_eq!(SleepType::control_bits(7), 0x3c00);
}

#[test]
fn a_sleep_state_is_a_declared_package_of_constants() {
    let s5 = |aml: &[u8]| aml::sleep_type(aml, 5).map(|found| (found.a, found.b));
    assert_eq!(s5(b"\x08_S5_\x12\x06\x04\x00\x01\x00\x00"), Some((0, 1)));
    assert_eq!(s5(b"\x08_S5_\x12\x07\x04\xff\x0a\x02\x00\x00"), Some((7, 2)));
    assert_eq!(s5(b"\x08_S5_\x12\x0a\x02\x0b\x05\x00\x0c\x06\x00\x00\x00"), Some((5, 6)));
    assert_eq!(s5(b"\x08_S5_\x12\x47\x00\x04\x05\x05\x00\x00"), None, "5 is no constant's prefix");
    assert_eq!(s5(b"\x08_S5_\x12\x47\x00\x04\x01\x01\x00\x00"), Some((1, 1)), "a length of two bytes");
    assert_eq!(s5(b"\x08_S5_\x12\x06\x00\x01\x01\x00\x00"), None, "no elements");
    assert_eq!(s5(b"\x08_S5_\x12\x03\x02\x01\x01"), None, "the length ends before the second element");
    assert_eq!(s5(b"\x08_S5_\x11\x06\x04\x01\x01\x00\x00"), None, "a buffer");
    assert_eq!(s5(b"_S5_\x12\x06\x04\x01\x01\x00\x00"), None, "no declaration");
    assert_eq!(s5(b"\x08_S5_\x08_S5_\x12\x04\x02\x01\x00"), Some((1, 0)), "the first one is a decoy");
    assert_eq!(aml::sleep_type(firmware::DSDT_BODY, 3), Some(SleepType { a: 1, b: 1 }));
    assert_eq!(aml::sleep_type(firmware::DSDT_BODY, 4), None);
    assert_eq!(aml::sleep_type(firmware::DSDT_BODY, 255), None);
    for end in 0..firmware::DSDT_BODY.len() - 2 {
        assert_eq!(s5(&firmware::DSDT_BODY[..end]), None, "cut off at {end}");
    }
}

#[test]
fn a_table_must_be_what_it_says() {
    let good = table(b"HPET", 1, &[0; 20]);
    let refused = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        let mut memory = Firmware::new(0);
        let address = memory.place(&bytes);
        Table::read(&memory, address, *b"HPET").err()
    };
    assert_eq!(refused(&|_| ()), None);
    assert_eq!(refused(&|bytes| bytes[40] ^= 0x10), Some(AcpiError::WrongChecksum));
    assert_eq!(refused(&|bytes| bytes[0] = b'h'), Some(AcpiError::WrongSignature));
    assert_eq!(refused(&|bytes| bytes[4] = 35), Some(AcpiError::TooShort));
    assert_eq!(refused(&|bytes| bytes[4] = 57), Some(AcpiError::Unreadable(0)));
    assert_eq!(refused(&|bytes| bytes[7] = 0xff), Some(AcpiError::TooLong));
    let nothing = Firmware::new(0x5000);
    assert_eq!(
        Table::read(&nothing, u64::MAX - 3, *b"HPET").err(),
        Some(AcpiError::Unreadable(u64::MAX - 3))
    );
}

#[test]
fn the_root_pointer_is_found_in_bios_memory() {
    let (memory, address) = pc(2);
    assert_eq!(root::search(&memory.bytes, memory.base), Some(address));
    let mut damaged = memory;
    damaged.bytes[(address - damaged.base) as usize + 8] ^= 1;
    assert_eq!(root::search(&damaged.bytes, damaged.base), None);
    assert_eq!(RootPointer::read(&damaged, address), Err(AcpiError::WrongChecksum));
    assert_eq!(RootPointer::read(&damaged, address + 16), Err(AcpiError::WrongSignature));
}

#[test]
fn the_mcfg_says_where_pci_registers_are() {
    let parse = |base, first, last| Mcfg::parse(&read(b"MCFG", 1, &mcfg_body(base, first, last)));
    let found = parse(0xb000_0000, 0, 255).unwrap();
    assert_eq!(
        (found, found.window()),
        (Mcfg { base: 0xb000_0000, first_bus: 0, last_bus: 255 }, (0xb000_0000, 256 << 20))
    );
    assert_eq!(parse(0xb000_0000, 2, 3).unwrap().window(), (0xb020_0000, 2 << 20));
    // Nowhere, not aligned to a bus, backwards, past the end of all addresses.
    for (base, first, last) in
        [(0, 0, 255), (0xb000_1000, 0, 255), (0xb000_0000, 3, 2), (u64::MAX << 20, 0, 1)]
    {
        assert_eq!(parse(base, first, last), Err(AcpiError::TooShort));
    }
    assert_eq!(Mcfg::parse(&read(b"MCFG", 1, &[])), Err(AcpiError::TooShort));
    assert_eq!(Mcfg::parse(&read(b"APIC", 1, &[])), Err(AcpiError::WrongSignature));
}
