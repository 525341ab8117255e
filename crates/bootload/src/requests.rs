//! Finding what a kernel asks for.
//!
//! A request is a structure somewhere in the kernel's image, on an 8-byte boundary: four words of
//! id, of which the first two are the same for all, a revision, a place for the address of the
//! response, and possibly more. Markers can fence off where they are looked for; a kernel has
//! them because the same numbers could stand elsewhere by accident, and it saves the loader the
//! walk through everything else.

use crate::BootError;
use crate::bytes::u64_at;

/// First two words of every request's id.
const COMMON_ID: [u64; 2] = [0xc7b1_dd30_df4c_8b88, 0x0a82_e883_a194_f07b];
/// First two words of the base revision tag; the third is the revision.
const BASE_REVISION: [u64; 2] = [0xf956_2b2d_5c95_a6c8, 0x6a7b_3849_4453_6bdc];
const START_MARKER: [u64; 4] =
    [0xf6b8_f4b3_9de7_d1ae, 0xfab9_1a69_40fc_b9cf, 0x785c_6ed0_15d3_e316, 0x181e_920a_7852_b9d9];
const END_MARKER: [u64; 2] = [0xadc0_e053_1bb1_0d03, 0x9572_709f_3176_4c62];

/// The base revision this loader implements.
pub const REVISION: u64 = 3;

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident = $id:expr,)*) => {
        /// The features this loader knows. Requests for others stay unanswered, as the protocol
        /// wants it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Feature { $($(#[$doc])* $name,)* }

        /// Last two words of the ids, in the order of [`Feature`].
        const IDS: [[u64; 2]; [$(Feature::$name),*].len()] = [$($id),*];
    };
}

features! {
    /// The loader's name and version.
    BootloaderInfo = [0xf550_38d8_e2a1_202f, 0x2794_26fc_f5f5_9740],
    /// BIOS or UEFI.
    FirmwareType = [0x8c2f_75d9_0bef_28a8, 0x7045_a468_8eac_00c3],
    /// A stack of another size.
    StackSize = [0x224e_f046_0a8e_8926, 0xe1cb_0fc2_5f46_ea3d],
    /// The offset of the higher half direct map.
    Hhdm = [0x48dc_f1cb_8ad2_b852, 0x6398_4e95_9a98_244b],
    /// The screen.
    Framebuffer = [0x9d58_27dc_d881_dd75, 0xa314_8604_f6fa_b11b],
    /// The paging mode.
    PagingMode = [0x95c1_a0ed_ab09_44cb, 0xa4e5_cb38_42f7_488a],
    /// The other processors.
    Mp = [0x95a6_7b81_9a1b_857e, 0xa0b6_1b72_3b6a_73e0],
    /// The memory map.
    MemoryMap = [0x67cf_3d9d_378a_806f, 0xe304_acdf_c50c_3c62],
    /// Another entry point.
    EntryPoint = [0x13d8_6c03_5a1c_d3e1, 0x2b0c_aa89_d8f3_026a],
    /// The kernel's own file.
    ExecutableFile = [0xad97_e90e_83f1_ed67, 0x31eb_5d1c_5ff2_3b69],
    /// Files loaded beside the kernel.
    Module = [0x3e7e_2797_02be_32af, 0xca1c_4f3b_d128_0cee],
    /// The ACPI root pointer.
    Rsdp = [0xc5e7_7b6b_397e_7b43, 0x2763_7845_accd_cf3c],
    /// The date when the machine started.
    DateAtBoot = [0x5027_46e1_84c0_88aa, 0xfbc5_ec83_e632_7893],
    /// Where the kernel lies.
    ExecutableAddress = [0x71ba_7686_3cc5_5f63, 0xb264_4a48_c516_a487],
    /// The kernel's command line.
    ExecutableCommandLine = [0x4b16_1536_e598_651e, 0xb390_ad4a_2f1f_303a],
}

/// Bytes from the start of a request to its response pointer.
const RESPONSE_OFFSET: usize = 40;
/// Bytes from the start of a request to the fields of its own.
const FIELDS_OFFSET: usize = 48;

/// Where in the image each request stands.
#[derive(Clone, Debug)]
pub struct Requests {
    offsets: [Option<usize>; IDS.len()],
    base_revision: usize,
    wanted_revision: u64,
}

impl Requests {
    /// Searches `image`, the loaded kernel.
    ///
    /// # Errors
    /// [`BootError::DuplicateRequest`]; [`BootError::OldRevision`] for a kernel that asks for a
    /// base revision below 3 or, by having no tag, for revision 0. A revision above 3 is no
    /// error: the kernel gets 3 and is told so.
    pub fn find(image: &[u8]) -> Result<Self, BootError> {
        let (start, end) = window(image);
        let mut offsets = [None; IDS.len()];
        let mut revision_tag = None;
        for offset in word_offsets(start, end) {
            let Some(word) = u64_at(image, offset) else { break };
            if word == COMMON_ID[0] && u64_at(image, offset + 8) == Some(COMMON_ID[1]) {
                let id = [u64_at(image, offset + 16), u64_at(image, offset + 24)];
                let Some(index) = IDS.iter().position(|known| known.map(Some) == id) else { continue };
                // The response must have a place; a request cut off by the end is none.
                if offset + FIELDS_OFFSET > image.len() {
                    continue;
                }
                if offsets[index].replace(offset).is_some() {
                    return Err(BootError::DuplicateRequest(IDS[index][0]));
                }
            } else if word == BASE_REVISION[0] && u64_at(image, offset + 8) == Some(BASE_REVISION[1]) {
                revision_tag = u64_at(image, offset + 16).map(|revision| (offset, revision));
            }
        }
        match revision_tag {
            Some((base_revision, wanted_revision)) if wanted_revision >= REVISION => {
                Ok(Self { offsets, base_revision, wanted_revision })
            }
            other => Err(BootError::OldRevision(other.map_or(0, |(_, revision)| revision))),
        }
    }

    /// Whether the kernel asks for `feature`.
    pub fn wants(&self, feature: Feature) -> bool {
        self.offsets[feature as usize].is_some()
    }

    /// Word `index` of the request's own fields; `None` if there is no such request, or if its
    /// revision is below `revision`, in which the field appeared.
    pub fn field(&self, image: &[u8], feature: Feature, revision: u64, index: usize) -> Option<u64> {
        let offset = self.offsets[feature as usize]?;
        let is_there = u64_at(image, offset + 32)? >= revision;
        is_there.then(|| u64_at(image, offset + FIELDS_OFFSET + index * 8))?
    }

    /// Writes the virtual address of the response into the request, if the kernel made it.
    pub fn answer(&self, image: &mut [u8], feature: Feature, response: u64) {
        if let Some(offset) = self.offsets[feature as usize] {
            put(image, offset + RESPONSE_OFFSET, response);
        }
    }

    /// Tells the kernel which base revision it got: the second word of the tag becomes that
    /// revision, the third becomes 0 if it is the one asked for.
    pub fn answer_revision(&self, image: &mut [u8]) {
        put(image, self.base_revision + 8, REVISION);
        if self.wanted_revision == REVISION {
            put(image, self.base_revision + 16, 0);
        }
    }
}

/// Between which offsets requests count: from the last start marker to the first end marker after
/// it, or to the ends of the image where there is none.
fn window(image: &[u8]) -> (usize, usize) {
    let is_marker = |offset: usize, marker: &[u64]| {
        marker.iter().enumerate().all(|(index, word)| u64_at(image, offset + index * 8) == Some(*word))
    };
    let (mut start, mut end) = (0, image.len());
    let (words, _) = image.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        // One comparison for nearly every word of a kernel of megabytes.
        let word = u64::from_le_bytes(*word);
        if word == START_MARKER[0] && is_marker(index * 8, &START_MARKER) {
            (start, end) = (index * 8, image.len());
        } else if word == END_MARKER[0] && end == image.len() && is_marker(index * 8, &END_MARKER) {
            end = index * 8;
        }
    }
    match start <= end {
        true => (start, end),
        false => (start, image.len()),
    }
}

fn word_offsets(start: usize, end: usize) -> impl Iterator<Item = usize> {
    (start..end).step_by(8)
}

fn put(image: &mut [u8], offset: usize, word: u64) {
    if let Some(place) = image.get_mut(offset..offset + 8) {
        place.copy_from_slice(&word.to_le_bytes());
    }
}
