//! A machine full of devices that tell the truth, and one full of devices that don't.

use fastrand::Rng;
use std::cell::RefCell;
use std::collections::BTreeMap;

use pci::bar::{self, Window};
use pci::message::{self, Message, Sender};
use pci::{Address, Command, ConfigurationSpace, Function, capability, enumerate, register};

/// Registers by function; of each register, which bits can be written.
#[derive(Default)]
struct Machine {
    functions: RefCell<BTreeMap<(u8, u8, u8), Registers>>,
}

#[derive(Clone)]
struct Registers {
    values: [u32; 64],
    writable: [u32; 64],
}

impl ConfigurationSpace for Machine {
    fn read(&self, address: Address, offset: u8) -> u32 {
        assert_eq!(offset % 4, 0);
        let functions = self.functions.borrow();
        functions
            .get(&(address.bus, address.device, address.function))
            .map_or(u32::MAX, |registers| registers.values[usize::from(offset / 4)])
    }

    fn write(&self, address: Address, offset: u8, value: u32) {
        assert_eq!(offset % 4, 0);
        let mut functions = self.functions.borrow_mut();
        if let Some(registers) = functions.get_mut(&(address.bus, address.device, address.function)) {
            let at = usize::from(offset / 4);
            let writable = registers.writable[at];
            registers.values[at] = registers.values[at] & !writable | value & writable;
        }
    }
}

impl Machine {
    fn add(&self, at: (u8, u8, u8), class: [u8; 3], header: u8) -> Device<'_> {
        let mut registers = Registers { values: [0; 64], writable: [0; 64] };
        registers.values[0] = 0x5678_1234;
        registers.values[1] = 0x0003;
        registers.writable[1] = 0x0407;
        registers.values[2] = u32::from_le_bytes([7, class[2], class[1], class[0]]);
        registers.values[3] = u32::from(header) << 16;
        self.functions.borrow_mut().insert(at, registers);
        Device { machine: self, at }
    }

    fn function(&self, at: (u8, u8, u8)) -> Function {
        let address = Address::new(at.0, at.1, at.2).unwrap();
        enumerate(self).into_iter().find(|function| function.address == address).unwrap()
    }
}

/// Builds up a function's registers.
struct Device<'a> {
    machine: &'a Machine,
    at: (u8, u8, u8),
}

impl Device<'_> {
    fn set(self, offset: u8, value: u32, writable: u32) -> Self {
        let mut functions = self.machine.functions.borrow_mut();
        let registers = functions.get_mut(&self.at).unwrap();
        registers.values[usize::from(offset / 4)] = value;
        registers.writable[usize::from(offset / 4)] = writable;
        drop(functions);
        self
    }

    /// Entries `(offset, kind)`, each leading to the next.
    fn capabilities(self, entries: &[(u8, u8)]) -> Self {
        let mut device = self.set(register::COMMAND, 1 << 20 | 3, 0x0407);
        device = device.set(register::CAPABILITIES, entries[0].0.into(), 0);
        for (index, (offset, kind)) in entries.iter().enumerate() {
            let next = entries.get(index + 1).map_or(0, |entry| entry.0);
            device = device.set(*offset, u32::from_le_bytes([*kind, next, 0, 0]), 0xffff_0000);
        }
        device
    }
}

fn addresses(machine: &Machine) -> Vec<String> {
    enumerate(machine).iter().map(|function| function.address.to_string()).collect()
}

#[test]
fn functions_are_found_also_behind_bridges() {
    let machine = Machine::default();
    machine.add((0, 0, 0), [6, 0, 0], 0);
    machine.add((0, 3, 0), [6, 4, 0], 1).set(register::BUSES, 0x0002_0200, 0);
    machine.add((2, 0, 0), [6, 4, 0], 1).set(register::BUSES, 0x0005_0502, 0);
    machine.add((5, 31, 0), [1, 8, 2], 0);
    // Several functions, with a gap.
    machine.add((0, 31, 0), [6, 1, 0], 0x80);
    machine.add((0, 31, 2), [1, 6, 1], 0);
    // Not there, for the first function does not say that there are more.
    machine.add((0, 3, 1), [2, 0, 0], 0);
    // On a bus that nobody leads to.
    machine.add((9, 0, 0), [2, 0, 0], 0);
    assert_eq!(addresses(&machine), ["00:00.0", "00:03.0", "00:1f.0", "00:1f.2", "02:00.0", "05:1f.0"]);
}

#[test]
fn a_host_bridge_of_several_functions_has_several_buses() {
    let machine = Machine::default();
    machine.add((0, 0, 0), [6, 0, 0], 0x80);
    machine.add((0, 0, 1), [6, 0, 0], 0);
    machine.add((1, 4, 0), [2, 0, 0], 0);
    assert_eq!(addresses(&machine), ["00:00.0", "00:00.1", "01:04.0"]);
}

#[test]
fn bridges_that_lead_back_are_no_trap() {
    let machine = Machine::default();
    machine.add((0, 1, 0), [6, 4, 0], 1).set(register::BUSES, 0x0000_0100, 0);
    machine.add((1, 0, 0), [6, 4, 0], 1).set(register::BUSES, 0x0000_0000, 0);
    machine.add((1, 1, 0), [6, 4, 0], 1).set(register::BUSES, 0x0000_0100, 0);
    assert_eq!(addresses(&machine), ["00:01.0", "01:00.0", "01:01.0"]);
}

#[test]
fn the_header_is_understood() {
    let machine = Machine::default();
    machine.add((0, 4, 0), [1, 8, 2], 0).set(register::INTERRUPT, 0x0000_010b, 0);
    let function = machine.function((0, 4, 0));
    assert_eq!((function.vendor, function.device, function.revision), (0x1234, 0x5678, 7));
    assert_eq!((function.class, function.line), (pci::class::NVME, Some(11)));
    assert_eq!(pci::class::name(function.class), "NVMe disk");
    // No pin: the line means nothing.
    machine.add((0, 4, 0), [1, 8, 2], 0).set(register::INTERRUPT, 0x0000_000b, 0);
    assert_eq!(machine.function((0, 4, 0)).line, None);
}

#[test]
fn windows_are_measured_and_left_as_they_were() {
    let machine = Machine::default();
    machine
        .add((0, 4, 0), [1, 8, 2], 0)
        .set(0x10, 0xfebf_0004, 0xffff_c000)
        .set(0x14, 0x0000_0001, 0xffff_ffff)
        .set(0x18, 0xc001, 0x0000_fff0)
        .set(0x1c, 0xfeb0_0000, 0xffff_f000)
        .set(0x20, 0, 0);
    let function = machine.function((0, 4, 0));
    let before = machine.functions.borrow()[&(0, 4, 0)].values;
    let found: Vec<_> = (0..7).map(|index| bar::measure(&machine, &function, index)).collect();
    assert_eq!(
        found,
        [
            Some(Window::Memory { base: 0x1_febf_0000, length: 0x4000 }),
            None,
            Some(Window::Ports { base: 0xc000, count: 16 }),
            Some(Window::Memory { base: 0xfeb0_0000, length: 0x1000 }),
            None,
            None,
            None,
        ]
    );
    assert_eq!(machine.functions.borrow()[&(0, 4, 0)].values, before);
    assert_eq!(bar::base(&machine, &function, 0), Some((0x1_febf_0000, false)));
    assert_eq!(bar::base(&machine, &function, 2), Some((0xc000, true)));
    assert_eq!(bar::base(&machine, &function, 1), None);
}

#[test]
fn windows_that_cannot_be_true_are_none() {
    // A mask with a hole, one that is not aligned to its length, ports beyond the last, all bits fixed.
    for (value, writable) in [
        (0xfebf_0000, 0xff0f_f000_u32),
        (0xfebf_1000, 0xffff_0000),
        (0x0001_f001, 0xffff_fff0),
        (0xfebf_0000, 0),
    ] {
        let machine = Machine::default();
        machine.add((0, 4, 0), [1, 8, 2], 0).set(0x10, value, writable);
        let function = machine.function((0, 4, 0));
        assert_eq!(bar::measure(&machine, &function, 0), None, "{value:#x} {writable:#x}");
    }
}

#[test]
fn capabilities_are_listed_and_endless_lists_are_cut() {
    let machine = Machine::default();
    machine.add((0, 4, 0), [1, 8, 2], 0).capabilities(&[(0x40, 0x11), (0x80, 0x10), (0x60, 0x01)]);
    let kinds = |machine: &Machine| -> Vec<(u8, u8)> {
        machine.function((0, 4, 0)).capabilities.iter().map(|found| (found.offset, found.kind)).collect()
    };
    assert_eq!(kinds(&machine), [(0x40, 0x11), (0x80, 0x10), (0x60, 0x01)]);
    // Back to the first, into the header, to where nothing is.
    for (next, expected) in [(0x40, 2), (0x10, 2), (0xfc, 2)] {
        machine
            .add((0, 4, 0), [1, 8, 2], 0)
            .capabilities(&[(0x40, 0x11), (0x80, 0x10)])
            .set(0x80, u32::from_le_bytes([0x10, next, 0, 0]), 0)
            .set(0xfc, u32::MAX, 0);
        assert_eq!(kinds(&machine).len(), expected, "{next:#x}");
    }
}

const MESSAGE: Message = Message { address: 0xfee0_1000, data: 0x51 };

#[test]
fn msi_is_programmed() {
    for (control, address_at, data_at) in [(0x0086_u32, 0x44_u8, 0x4c_u8), (0x0006, 0x44, 0x48)] {
        let machine = Machine::default();
        let mut device = machine.add((0, 4, 0), [1, 6, 1], 0).capabilities(&[(0x40, capability::MSI)]);
        device = device.set(0x40, control << 16 | 0x0005, 0x0071_0000);
        for offset in [0x44, 0x48, 0x4c] {
            device = device.set(offset, 0, u32::MAX);
        }
        let _ = device;
        let function = machine.function((0, 4, 0));
        let sender = Sender::of(&machine, &function).unwrap();
        sender.enable(&machine, function.address, MESSAGE);
        let read = |offset| machine.read(function.address, offset);
        assert_eq!((read(address_at), read(data_at)), (MESSAGE.address, 0x51));
        // Enabled, one message.
        assert_eq!(read(0x40) >> 16 & 0x71, 1);
    }
}

#[test]
fn msi_x_is_preferred_and_its_table_found() {
    let machine = Machine::default();
    machine
        .add((0, 4, 0), [1, 8, 2], 0)
        .capabilities(&[(0x40, capability::MSI), (0x60, capability::MSI_X)])
        .set(0x60, 0x4040_0011, 0xc000_0000)
        .set(0x64, 0x2004, 0);
    let function = machine.function((0, 4, 0));
    let sender = Sender::of(&machine, &function).unwrap();
    assert!(matches!(sender, Sender::MsiX { bar: 4, offset: 0x2000, entries: 0x41, .. }));
    sender.enable(&machine, function.address, MESSAGE);
    assert_eq!(machine.read(function.address, 0x60) >> 30, 0b10);
    assert_eq!(message::table_entry(MESSAGE), [0xfee0_1000, 0, 0x51, 0]);
}

#[test]
fn a_driver_switches_bus_mastering_on_and_clears_no_status() {
    let machine = Machine::default();
    // Status bits that writing ones would clear are modelled as writable here: they must stay.
    machine.add((0, 4, 0), [1, 8, 2], 0).set(register::COMMAND, 0x0000_0003, 0xf900_0407);
    let address = Address::new(0, 4, 0).unwrap();
    Command::BUS_MASTER.with(Command::NO_LINE).apply(&machine, address, Command::PORTS);
    assert_eq!(machine.read(address, register::COMMAND), 0x0406);
}

/// Noise in every register: every walk ends, and nothing panics.
#[test]
fn noise_is_survived() {
    let mut random = Rng::with_seed(0x9e37_79b9_7f4a_7c15);
    for _ in 0..300 {
        let machine = Machine::default();
        for _ in 0..40 {
            let at = (random.u8(..6), random.u8(..32), random.u8(..8));
            let values = core::array::from_fn(|_| random.u32(..));
            let writable = core::array::from_fn(|_| random.u32(..));
            machine.functions.borrow_mut().insert(at, Registers { values, writable });
        }
        let found = enumerate(&machine);
        assert!(found.len() <= 40);
        for function in &found {
            assert!(function.capabilities.len() <= 48);
            for index in 0..8 {
                let _ = (bar::base(&machine, function, index), bar::measure(&machine, function, index));
            }
            if let Some(sender) = Sender::of(&machine, function) {
                sender.enable(&machine, function.address, MESSAGE);
            }
        }
    }
}

/// What QEMU's disk says: common registers, doorbells, a disk's own, each in window 4.
#[test]
fn the_registers_of_a_virtio_device_are_found() {
    use pci::virtio::{Kind, Structure, structures};
    let machine = Machine::default();
    let word = |bytes: u32, kind: u32| bytes << 16 | kind << 24;
    let entries = [(0x40, 0x09), (0x50, 0x11), (0x60, 0x09), (0x80, 0x09), (0xa0, 0x09), (0xf4, 0x09)];
    let mut device = machine.add((0, 4, 0), [1, 0, 0], 0).capabilities(&entries);
    for (offset, next, bytes, kind, bar, at, length) in [
        (0x40, 0x50, 16, 1, 4, 0, 0x1000),
        (0x60, 0x80, 20, 2, 4, 0x3000, 0x1000),
        (0x80, 0xa0, 16, 4, 4, 0x2000, 0x1000),
        // A window that no function has; then one whose registers lie behind the end.
        (0xa0, 0xf4, 16, 4, 7, 0, 0x1000),
        (0xf4, 0, 16, 1, 4, 0, 0x1000),
    ] {
        device = device.set(offset, 0x09 | next << 8 | word(bytes, kind), 0);
        device = device.set(offset + 4, bar, 0);
        if offset < 0xf4 {
            device = device.set(offset + 8, at, 0).set(offset + 12, length, 0);
        }
    }
    device.set(0x70, 4, 0);
    let function = machine.function((0, 4, 0));
    let structure = |kind, offset| Structure { kind, bar: 4, offset, length: 0x1000 };
    assert_eq!(
        structures(&machine, &function).collect::<Vec<_>>(),
        [
            structure(Kind::Common, 0),
            structure(Kind::Notify { stride: 4 }, 0x3000),
            structure(Kind::Device, 0x2000)
        ]
    );
}
