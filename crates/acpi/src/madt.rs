//! The MADT: processors, interrupt controllers, and how legacy interrupts are wired (ACPI, section 5.2.12).

use alloc::vec::Vec;

use crate::bytes::{u8, u16, u32, u64};
use crate::{AcpiError, Table};

/// A processor's local APIC or x2APIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processor {
    /// The number by which AML and NMI entries name it.
    pub uid: u32,
    /// Its APIC id.
    pub apic_id: u32,
    /// It is ready to be started.
    pub enabled: bool,
    /// It is not ready but may become so later (hot plug).
    pub online_capable: bool,
}

/// An I/O APIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IoApic {
    /// Its APIC id.
    pub id: u8,
    /// Physical address of its registers.
    pub address: u32,
    /// The global system interrupt of its first input.
    pub interrupt_base: u32,
}

/// When an interrupt line is active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    /// As its bus has it: for ISA, active high.
    Bus,
    /// At high level.
    High,
    /// At low level.
    Low,
}

/// What of an interrupt line is an interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// As its bus has it: for ISA, the edge.
    Bus,
    /// The change to active.
    Edge,
    /// Being active.
    Level,
}

/// An ISA interrupt that does not arrive at the input of the same number, or not in ISA's manner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterruptOverride {
    /// The ISA interrupt, 0 to 15.
    pub source: u8,
    /// The global system interrupt at which it arrives.
    pub interrupt: u32,
    /// Its polarity.
    pub polarity: Polarity,
    /// Its trigger mode.
    pub trigger: Trigger,
}

/// An I/O APIC input that is a non-maskable interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NmiSource {
    /// The global system interrupt.
    pub interrupt: u32,
    /// Its polarity.
    pub polarity: Polarity,
    /// Its trigger mode.
    pub trigger: Trigger,
}

/// A local APIC pin that is a non-maskable interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalNmi {
    /// The processor's [`Processor::uid`]; `None` for all.
    pub uid: Option<u32>,
    /// LINT 0 or 1.
    pub pin: u8,
    /// Its polarity.
    pub polarity: Polarity,
    /// Its trigger mode.
    pub trigger: Trigger,
}

/// What the MADT says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Madt {
    /// Physical address of the local APICs' registers.
    pub local_apic_address: u64,
    /// There is a pair of 8259 controllers too, to be masked before APICs are used.
    pub has_8259: bool,
    /// Processors in the order of the table, which is the order in which to start them.
    pub processors: Vec<Processor>,
    /// I/O APICs.
    pub io_apics: Vec<IoApic>,
    /// ISA interrupts that are not where they seem to be.
    pub overrides: Vec<InterruptOverride>,
    /// Non-maskable inputs of I/O APICs.
    pub nmi_sources: Vec<NmiSource>,
    /// Non-maskable pins of local APICs.
    pub local_nmis: Vec<LocalNmi>,
    /// Entries that are shorter than their kind, or that the table cuts off.
    pub broken: usize,
}

/// Where entries begin.
const ENTRIES: usize = 44;

impl Madt {
    /// Reads the table. Entries of unknown kinds are passed over, as the specification asks.
    ///
    /// # Errors
    /// [`AcpiError::WrongSignature`], [`AcpiError::TooShort`], [`AcpiError::OutOfMemory`].
    pub fn parse(table: &Table) -> Result<Self, AcpiError> {
        if table.header().signature != *b"APIC" {
            return Err(AcpiError::WrongSignature);
        }
        let bytes = table.bytes();
        let mut madt = Self {
            local_apic_address: u64::from(u32(bytes, 36).ok_or(AcpiError::TooShort)?),
            has_8259: u32(bytes, 40).ok_or(AcpiError::TooShort)? & 1 != 0,
            ..Self::default()
        };
        let mut rest = bytes.get(ENTRIES..).unwrap_or(&[]);
        while let [kind, length, ..] = *rest {
            let Some((entry, behind)) = rest.split_at_checked(usize::from(length)).filter(|_| length >= 2)
            else {
                // Without a length there is no next entry.
                madt.broken += 1;
                return Ok(madt);
            };
            rest = behind;
            if madt.entry(kind, entry)?.is_none() {
                madt.broken += 1;
            }
        }
        madt.broken += usize::from(!rest.is_empty());
        Ok(madt)
    }

    /// Takes one entry in; `None` inside when it is too short for its kind.
    fn entry(&mut self, kind: u8, entry: &[u8]) -> Result<Option<()>, AcpiError> {
        Ok(match kind {
            0 => push(&mut self.processors, local_apic(entry))?,
            1 => push(&mut self.io_apics, io_apic(entry))?,
            2 => push(&mut self.overrides, interrupt_override(entry))?,
            3 => push(&mut self.nmi_sources, nmi_source(entry))?,
            4 => push(&mut self.local_nmis, local_nmi(entry))?,
            5 => u64(entry, 4).map(|address| self.local_apic_address = address),
            9 => push(&mut self.processors, local_x2apic(entry))?,
            10 => push(&mut self.local_nmis, local_x2apic_nmi(entry))?,
            _ => Some(()),
        })
    }

    /// Where the ISA interrupt `source` arrives: by its override, or at the input of the same number,
    /// edge-triggered and active high.
    #[must_use]
    pub fn isa_interrupt(&self, source: u8) -> InterruptOverride {
        let same = InterruptOverride {
            source,
            interrupt: u32::from(source),
            polarity: Polarity::Bus,
            trigger: Trigger::Bus,
        };
        self.overrides.iter().find(|entry| entry.source == source).copied().unwrap_or(same)
    }
}

fn push<T>(list: &mut Vec<T>, entry: Option<T>) -> Result<Option<()>, AcpiError> {
    let Some(entry) = entry else { return Ok(None) };
    list.try_reserve(1).map_err(|_| AcpiError::OutOfMemory)?;
    list.push(entry);
    Ok(Some(()))
}

fn local_apic(entry: &[u8]) -> Option<Processor> {
    let flags = u32(entry, 4)?;
    Some(processor(u32::from(u8(entry, 2)?), u32::from(u8(entry, 3)?), flags))
}

fn local_x2apic(entry: &[u8]) -> Option<Processor> {
    Some(processor(u32(entry, 12)?, u32(entry, 4)?, u32(entry, 8)?))
}

fn processor(uid: u32, apic_id: u32, flags: u32) -> Processor {
    let enabled = flags & 1 != 0;
    Processor { uid, apic_id, enabled, online_capable: !enabled && flags & 2 != 0 }
}

fn io_apic(entry: &[u8]) -> Option<IoApic> {
    Some(IoApic { id: u8(entry, 2)?, address: u32(entry, 4)?, interrupt_base: u32(entry, 8)? })
}

fn interrupt_override(entry: &[u8]) -> Option<InterruptOverride> {
    let (polarity, trigger) = wiring(u16(entry, 8)?);
    Some(InterruptOverride { source: u8(entry, 3)?, interrupt: u32(entry, 4)?, polarity, trigger })
}

fn nmi_source(entry: &[u8]) -> Option<NmiSource> {
    let (polarity, trigger) = wiring(u16(entry, 2)?);
    Some(NmiSource { interrupt: u32(entry, 4)?, polarity, trigger })
}

fn local_nmi(entry: &[u8]) -> Option<LocalNmi> {
    let (polarity, trigger) = wiring(u16(entry, 3)?);
    let uid = Some(u8(entry, 2)?).filter(|&uid| uid != u8::MAX).map(u32::from);
    Some(LocalNmi { uid, pin: u8(entry, 5)?, polarity, trigger })
}

fn local_x2apic_nmi(entry: &[u8]) -> Option<LocalNmi> {
    let (polarity, trigger) = wiring(u16(entry, 2)?);
    let uid = Some(u32(entry, 4)?).filter(|&uid| uid != u32::MAX);
    Some(LocalNmi { uid, pin: u8(entry, 8)?, polarity, trigger })
}

/// The MPS INTI flags (ACPI, table 5.26). The reserved values count as the bus's own.
fn wiring(flags: u16) -> (Polarity, Trigger) {
    let polarity = match flags & 0b11 {
        0b01 => Polarity::High,
        0b11 => Polarity::Low,
        _ => Polarity::Bus,
    };
    let trigger = match flags >> 2 & 0b11 {
        0b01 => Trigger::Edge,
        0b11 => Trigger::Level,
        _ => Trigger::Bus,
    };
    (polarity, trigger)
}
