//! The FADT: where power management is (ACPI, section 5.2.9).

use crate::bytes::{u8, u16, u32, u64};
use crate::{AcpiError, Table};

/// Where an address counts (ACPI, table 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressSpace {
    /// Physical memory.
    Memory,
    /// I/O ports.
    Port,
    /// PCI configuration space, bus 0.
    PciConfiguration,
    /// Another space, by its number.
    Other(u8),
}

/// A register, somewhere (ACPI, section 5.2.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GenericAddress {
    /// Where the address counts.
    pub space: AddressSpace,
    /// Bits of the register.
    pub width: u8,
    /// Bits before it at the address.
    pub offset: u8,
    /// The address.
    pub address: u64,
}

impl GenericAddress {
    /// Bytes that the structure takes.
    const LENGTH: usize = 12;

    /// The structure at `offset`; `None` when the bytes end before, or the address is 0: there is none.
    pub(crate) fn parse(bytes: &[u8], offset: usize) -> Option<Self> {
        let bytes = bytes.get(offset..)?.get(..Self::LENGTH)?;
        let space = match u8(bytes, 0)? {
            0 => AddressSpace::Memory,
            1 => AddressSpace::Port,
            2 => AddressSpace::PciConfiguration,
            other => AddressSpace::Other(other),
        };
        let address = u64(bytes, 4).filter(|&address| address != 0)?;
        Some(Self { space, width: u8(bytes, 1)?, offset: u8(bytes, 2)?, address })
    }

    /// The I/O port, when that is what it is.
    #[must_use]
    pub fn port(self) -> Option<u16> {
        (self.space == AddressSpace::Port).then(|| u16::try_from(self.address).ok())?
    }
}

/// Writing `value` to `register` resets the machine (ACPI, section 4.8.3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResetRegister {
    /// The register, 8 bits wide.
    pub register: GenericAddress,
    /// What to write.
    pub value: u8,
}

/// What the FADT says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fadt {
    /// Physical address of the DSDT.
    pub dsdt: u64,
    /// The interrupt by which ACPI events arrive.
    pub sci_interrupt: u16,
    /// The port by which firmware hands over power management; 0 when it is ours already.
    pub smi_command: u32,
    /// What to write there to have ACPI.
    pub acpi_enable: u8,
    /// The PM1a event block: status, then enable register.
    pub pm1a_event: Option<GenericAddress>,
    /// The PM1b event block.
    pub pm1b_event: Option<GenericAddress>,
    /// The PM1a control register.
    pub pm1a_control: Option<GenericAddress>,
    /// The PM1b control register: the same bits for chips that have them in two places.
    pub pm1b_control: Option<GenericAddress>,
    /// The power-management timer, 3.579545 MHz.
    pub pm_timer: Option<GenericAddress>,
    /// The timer counts 32 bits instead of 24.
    pub pm_timer_is_32_bit: bool,
    /// How to reset, where the machine has such a register.
    pub reset: Option<ResetRegister>,
    /// Whether there is a keyboard controller at ports 60H and 64H; `None` when the table is too old to say.
    pub has_8042: Option<bool>,
    /// CMOS byte of the century, where there is one.
    pub century: Option<u8>,
    /// The PM1 registers do not exist: a machine of the hardware-reduced kind.
    pub hardware_reduced: bool,
}

impl Fadt {
    /// Reads the table; one of ACPI 1.0 ends after 116 bytes, and what it lacks is absent.
    ///
    /// # Errors
    /// [`AcpiError::WrongSignature`], [`AcpiError::TooShort`].
    pub fn parse(table: &Table) -> Result<Self, AcpiError> {
        if table.header().signature != *b"FACP" {
            return Err(AcpiError::WrongSignature);
        }
        Self::fields(table.bytes(), table.header().revision).ok_or(AcpiError::TooShort)
    }

    fn fields(bytes: &[u8], revision: u8) -> Option<Self> {
        const RESET_SUPPORTED: u32 = 1 << 10;
        const TIMER_32_BIT: u32 = 1 << 8;
        const HARDWARE_REDUCED: u32 = 1 << 20;
        const BOOT_HAS_8042: u16 = 1 << 1;
        let flags = u32(bytes, 112)?;
        // The boot flags exist from revision 2 on, and say something about the 8042 from revision 3 on.
        let boot = if revision >= 3 { u16(bytes, 109) } else { None };
        let register = GenericAddress::parse(bytes, 116).filter(|_| flags & RESET_SUPPORTED != 0);
        Some(Self {
            dsdt: u64(bytes, 140).filter(|&dsdt| dsdt != 0).or_else(|| u32(bytes, 40).map(u64::from))?,
            sci_interrupt: u16(bytes, 46)?,
            smi_command: u32(bytes, 48)?,
            acpi_enable: u8(bytes, 52)?,
            pm1a_event: block(bytes, 148, 56, 88),
            pm1b_event: block(bytes, 160, 60, 88),
            pm1a_control: block(bytes, 172, 64, 89),
            pm1b_control: block(bytes, 184, 68, 89),
            pm_timer: block(bytes, 208, 76, 91),
            pm_timer_is_32_bit: flags & TIMER_32_BIT != 0,
            reset: register.and_then(|register| Some(ResetRegister { register, value: u8(bytes, 128)? })),
            has_8042: boot.map(|boot| boot & BOOT_HAS_8042 != 0),
            century: u8(bytes, 108).filter(|&index| index != 0),
            hardware_reduced: flags & HARDWARE_REDUCED != 0,
        })
    }
}

/// A register block: by its generic address at `extended` where the table has one, else by the port at
/// `port`, of the length in bytes at `length`.
fn block(bytes: &[u8], extended: usize, port: usize, length: usize) -> Option<GenericAddress> {
    let old = || {
        let address = u64::from(u32(bytes, port)?);
        let width = u8(bytes, length)?.checked_mul(8)?;
        (address != 0).then_some(GenericAddress { space: AddressSpace::Port, width, offset: 0, address })
    };
    GenericAddress::parse(bytes, extended).or_else(old)
}
