//! The sleep states out of AML, without an interpreter.
//!
//! `\_S5` and its like are declared by `Name (_S5_, Package () { a, b, ... })` (ACPI, section 7.4.2), which every
//! firmware writes with constants. So a scan for the name, followed by what such a declaration must look
//! like (ACPI, section 20.2), finds it; whatever else looks like it by chance fails the checks.

use crate::bytes::u8;

/// What to put into SLP_TYP of the PM1 control registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SleepType {
    /// For PM1a, three bits.
    pub a: u8,
    /// For PM1b, three bits.
    pub b: u8,
}

impl SleepType {
    /// The PM1 control bits that enter the state, for a register of `slp_typ` (ACPI, table 4.13): SLP_TYP in bits 12
    /// to 10 and SLP_EN in bit 13. Keep the register's other bits.
    #[must_use]
    pub const fn control_bits(slp_typ: u8) -> u16 {
        ((slp_typ & 7) as u16) << 10 | 1 << 13
    }

    /// The bits that [`SleepType::control_bits`] replaces.
    pub const CONTROL_MASK: u16 = 0b1111 << 10;
}

const NAME_OP: u8 = 0x08;
const PACKAGE_OP: u8 = 0x12;

/// Finds the declaration of `\_S0` to `\_S5` in AML code.
#[must_use]
pub fn sleep_type(aml: &[u8], state: u8) -> Option<SleepType> {
    let name = [b'_', b'S', b'0'.checked_add(state)?, b'_'];
    (0..aml.len()).filter(|&at| aml[at] == NAME_OP).find_map(|at| {
        let declared = aml.get(at + 1..)?;
        // The root's prefix may be written out.
        let declared = declared.strip_prefix(b"\\").unwrap_or(declared);
        package(declared.strip_prefix(&name)?)
    })
}

/// The first two elements of a package of constants.
fn package(bytes: &[u8]) -> Option<SleepType> {
    let bytes = bytes.strip_prefix(&[PACKAGE_OP])?;
    // PkgLength: the lead byte's top bits say how many bytes follow it (ACPI, section 20.2.4). It counts
    // itself, and must cover what is read.
    let lead = u8(bytes, 0)?;
    let following = usize::from(lead >> 6);
    let length = match following {
        0 => usize::from(lead & 0x3f),
        _ => {
            bytes.get(1..=following)?.iter().rev().fold(0, |length, &byte| length << 8 | usize::from(byte))
                << 4
                | usize::from(lead & 0x0f)
        }
    };
    let bytes = bytes.get(1 + following..length)?;
    let (&count, elements) = bytes.split_first()?;
    if count == 0 {
        return None;
    }
    let (a, rest) = integer(elements)?;
    // A package of one element serves both registers.
    let b = if count == 1 { a } else { integer(rest)?.0 };
    Some(SleepType { a: a as u8 & 7, b: b as u8 & 7 })
}

/// A constant, and the bytes behind it (ACPI, section 20.2.3).
fn integer(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (&prefix, rest) = bytes.split_first()?;
    let length = match prefix {
        0x00 => return Some((0, rest)),
        0x01 => return Some((1, rest)),
        0xff => return Some((u64::MAX, rest)),
        0x0a => 1,
        0x0b => 2,
        0x0c => 4,
        0x0e => 8,
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((value.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)), rest))
}
