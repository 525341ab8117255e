//! What the processor says of itself (SDM volume 2A, CPUID), for `/proc/cpuinfo`.

use core::arch::x86_64::{__cpuid, __cpuid_count};

/// The processor, of which the other CPUs are taken to be the like.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// The maker's twelve letters.
    pub vendor: [u8; 12],
    /// Extended family and family together.
    pub family: u32,
    /// Extended model and model together.
    pub model: u32,
    /// The stepping.
    pub stepping: u32,
    /// The highest basic leaf of CPUID.
    pub highest_leaf: u32,
    /// What CLFLUSH flushes, in bytes.
    pub cache_line: u32,
    /// The second-level cache in KiB, 0 if it does not say.
    pub cache_kib: u32,
    /// Bits of a physical address.
    pub physical_bits: u32,
    /// Bits of a virtual address.
    pub virtual_bits: u32,
    /// The words that [`Identity::flags`] looks into.
    words: [u32; 5],
}

/// A feature's word, bit and name in Linux (arch/x86/include/asm/cpufeatures.h). Of those that need state which this
/// kernel does not save (AVX and what follows it), and of those for kernels alone, none is listed.
const FLAGS: &[(usize, u32, &str)] = &[
    (0, 0, "fpu"),
    (0, 4, "tsc"),
    (0, 8, "cx8"),
    (0, 15, "cmov"),
    (0, 19, "clflush"),
    (0, 23, "mmx"),
    (0, 24, "fxsr"),
    (0, 25, "sse"),
    (0, 26, "sse2"),
    (3, 11, "syscall"),
    (3, 20, "nx"),
    (3, 26, "pdpe1gb"),
    (3, 27, "rdtscp"),
    (3, 29, "lm"),
    (1, 0, "pni"),
    (1, 1, "pclmulqdq"),
    (1, 9, "ssse3"),
    (1, 13, "cx16"),
    (1, 19, "sse4_1"),
    (1, 20, "sse4_2"),
    (1, 22, "movbe"),
    (1, 23, "popcnt"),
    (1, 25, "aes"),
    (1, 30, "rdrand"),
    (1, 31, "hypervisor"),
    (4, 0, "lahf_lm"),
    (4, 5, "abm"),
    (2, 3, "bmi1"),
    (2, 8, "bmi2"),
    (2, 9, "erms"),
    (2, 18, "rdseed"),
    (2, 19, "adx"),
    (2, 29, "sha_ni"),
];

impl Identity {
    /// The features that programs may use, by Linux's names.
    pub fn flags(&self) -> impl Iterator<Item = &'static str> {
        let has = |word: usize, bit: u32| self.words[word] >> bit & 1 == 1;
        FLAGS.iter().filter(move |(word, bit, _)| has(*word, *bit)).map(|(_, _, name)| *name)
    }
}

/// What the running CPU says.
pub fn read() -> Identity {
    let (zero, one) = (__cpuid(0), __cpuid(1));
    let extended = |leaf: u32| (__cpuid(0x8000_0000).eax >= leaf).then(|| __cpuid(leaf));
    let features = extended(0x8000_0001);
    let structured = if zero.eax >= 7 { __cpuid_count(7, 0).ebx } else { 0 };
    let mut vendor = [0; 12];
    for (register, bytes) in [zero.ebx, zero.edx, zero.ecx].into_iter().zip(vendor.chunks_exact_mut(4)) {
        bytes.copy_from_slice(&register.to_le_bytes());
    }
    let base_family = one.eax >> 8 & 0xf;
    let family = if base_family == 0xf { base_family + (one.eax >> 20 & 0xff) } else { base_family };
    let base_model = one.eax >> 4 & 0xf;
    let has_extended_model = matches!(base_family, 0x6 | 0xf);
    let sizes = extended(0x8000_0008).map_or(36 | 48 << 8, |leaf| leaf.eax);
    Identity {
        vendor,
        family,
        model: if has_extended_model { base_model | (one.eax >> 16 & 0xf) << 4 } else { base_model },
        stepping: one.eax & 0xf,
        highest_leaf: zero.eax,
        cache_line: (one.ebx >> 8 & 0xff) * 8,
        cache_kib: extended(0x8000_0006).map_or(0, |leaf| leaf.ecx >> 16),
        physical_bits: sizes & 0xff,
        virtual_bits: sizes >> 8 & 0xff,
        words: [
            one.edx,
            one.ecx,
            structured,
            features.map_or(0, |leaf| leaf.edx),
            features.map_or(0, |leaf| leaf.ecx),
        ],
    }
}
