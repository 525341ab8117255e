//! Addresses as types. A constructor that can fail returns `None`; none of them panics.

/// Bits of a physical address that an entry can hold (SDM vol. 3A, section 4.1.4: MAXPHYADDR is at most 52).
const PHYSICAL_BITS: u32 = 52;

/// What both kinds of address can do.
macro_rules! address_methods {
    ($type:ty) => {
        impl $type {
            /// The address as a number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The address `bytes` further up; `None` when [`Self::new`] would refuse that, or it would wrap.
            #[must_use]
            pub const fn checked_add(self, bytes: u64) -> Option<Self> {
                match self.0.checked_add(bytes) {
                    Some(sum) => Self::new(sum),
                    None => None,
                }
            }

            /// Whether the address is a multiple of the page's size.
            #[must_use]
            pub const fn is_aligned(self, size: PageSize) -> bool {
                self.0 & (size.bytes() - 1) == 0
            }
        }
    };
}

address_methods!(VirtualAddress);
address_methods!(PhysicalAddress);

/// A linear address in canonical form: bits 63 to 47 are all equal (SDM vol. 1, section 3.3.7.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VirtualAddress(u64);

impl VirtualAddress {
    /// The first address of the upper half, which the kernel keeps to itself.
    pub const UPPER_HALF: Self = Self(0xffff_8000_0000_0000);

    /// `address`, when it is canonical.
    #[must_use]
    pub const fn new(address: u64) -> Option<Self> {
        let canonical = ((address << 16) as i64 >> 16) as u64;
        if canonical == address { Some(Self(address)) } else { None }
    }

    /// Whether the address lies in the upper half.
    #[must_use]
    pub const fn is_upper_half(self) -> bool {
        self.0 >= Self::UPPER_HALF.0
    }

    /// Index into the table of `level` (4 is the root, 1 the last; SDM vol. 3A, figure 4-8).
    pub(crate) const fn index(self, level: u8) -> usize {
        (self.0 >> (12 + 9 * (level as u32 - 1))) as usize & 0x1ff
    }
}

impl core::fmt::Debug for VirtualAddress {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "{:#018x}", self.0)
    }
}

/// A physical address that fits into an entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhysicalAddress(u64);

impl PhysicalAddress {
    /// `address`, when it has at most 52 bits.
    #[must_use]
    pub const fn new(address: u64) -> Option<Self> {
        if address >> PHYSICAL_BITS == 0 { Some(Self(address)) } else { None }
    }

    /// The low 52 bits of `bits`: for values that come out of an entry or a control register.
    #[must_use]
    pub const fn new_truncate(bits: u64) -> Self {
        Self(bits & ((1 << PHYSICAL_BITS) - 1))
    }
}

impl core::fmt::Debug for PhysicalAddress {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "{:#x}", self.0)
    }
}

/// The three sizes of page, smallest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PageSize {
    /// 4 KiB, mapped by an entry of the last level.
    Size4KiB,
    /// 2 MiB, mapped by an entry of level 2.
    Size2MiB,
    /// 1 GiB, mapped by an entry of level 3; needs CPUID.80000001H:EDX.Page1GB (SDM vol. 3A, section 4.1.4).
    Size1GiB,
}

impl PageSize {
    /// Bytes in the page.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        match self {
            Self::Size4KiB => 1 << 12,
            Self::Size2MiB => 1 << 21,
            Self::Size1GiB => 1 << 30,
        }
    }

    /// The level of table whose entry maps the page.
    pub(crate) const fn level(self) -> u8 {
        match self {
            Self::Size4KiB => 1,
            Self::Size2MiB => 2,
            Self::Size1GiB => 3,
        }
    }

    /// The size that an entry of `level` maps.
    pub(crate) const fn of_level(level: u8) -> Self {
        match level {
            1 => Self::Size4KiB,
            2 => Self::Size2MiB,
            _ => Self::Size1GiB,
        }
    }
}
