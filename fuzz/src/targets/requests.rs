//! What a kernel asks the loader for: its image is searched, and answers are written into it. The bytes are the image.

use bootload::acpi::Processor;
use bootload::arena::Arena;
use bootload::framebuffer::Framebuffer;
use bootload::memory_map::{Kind, Region};
use bootload::requests::{Feature, Requests};
use bootload::responses::{self, Facts, File, Firmware};

use crate::Target;

pub const TARGET: Target = Target { name: "requests", run, seeds };

const FEATURES: [Feature; 6] = [
    Feature::Hhdm,
    Feature::StackSize,
    Feature::MemoryMap,
    Feature::EntryPoint,
    Feature::Mp,
    Feature::PagingMode,
];

fn run(image: &[u8]) {
    let Ok(requests) = Requests::find(image) else { return };
    for feature in FEATURES {
        let _ = requests.field(image, feature, 0, 0);
        let _ = requests.field(image, feature, u64::MAX, usize::MAX >> 4);
        let mut answered = image.to_vec();
        requests.answer(&mut answered, feature, 0xa5a5_a5a5_a5a5_a5a5);
        let changed: Vec<usize> = (0..image.len()).filter(|&at| image[at] != answered[at]).collect();
        if let (Some(first), Some(last)) = (changed.first(), changed.last()) {
            assert!(requests.wants(feature) && last - first < 8, "an answer is one word");
        }
    }
    let _ = responses::stack_size(image, &requests);
    fill(image, &requests);
}

fn fill(image: &[u8], requests: &Requests) {
    let file = File { base: 0x30_0000, size: 77, path: b"/boot/kernel", string: b"log=debug" };
    let modules = [File { base: 0x40_0000, size: 10, path: b"/boot/a", string: b"words" }];
    let processors = [Processor { uid: 0, lapic_id: 4 }, Processor { uid: 7, lapic_id: 6 }];
    let facts = Facts {
        memory_map: &[Region { base: 0x1000, length: 0x9_e000, kind: Kind::Usable }],
        framebuffer: Some(Framebuffer::xrgb(0xfd00_0000, 1280, 800, 5120)),
        firmware: Firmware::Bios,
        rsdp: Some(0xe_1000),
        kernel: file,
        modules: &modules,
        boot_time: Some(1_735_689_599),
        physical_base: 0x70_0000,
        virtual_base: bootload::KERNEL_FLOOR,
        bsp_lapic_id: 4,
        x2apic: false,
        processors: &processors,
    };
    let mut answered = image.to_vec();
    let mut arena = vec![0xee; responses::arena_size(&modules, processors.len()) as usize];
    let _ = responses::fill(&mut answered, requests, &facts, &mut Arena::new(&mut arena, 0x1_0000));
    assert_eq!(answered.len(), image.len());
}

fn seeds() -> Vec<Vec<u8>> {
    const COMMON: [u64; 2] = [0xc7b1_dd30_df4c_8b88, 0x0a82_e883_a194_f07b];
    let request = |id: [u64; 2], fields: &[u64]| [&COMMON[..], &id, &[0, 0], fields].concat();
    let revision = vec![0xf956_2b2d_5c95_a6c8, 0x6a7b_3849_4453_6bdc, 3];
    let start =
        vec![0xf6b8_f4b3_9de7_d1ae, 0xfab9_1a69_40fc_b9cf, 0x785c_6ed0_15d3_e316, 0x181e_920a_7852_b9d9];
    let end = vec![0xadc0_e053_1bb1_0d03, 0x9572_709f_3176_4c62];
    let stack = request([0x224e_f046_0a8e_8926, 0xe1cb_0fc2_5f46_ea3d], &[0x4_0000]);
    let others = [
        request([0x48dc_f1cb_8ad2_b852, 0x6398_4e95_9a98_244b], &[]),
        request([0x67cf_3d9d_378a_806f, 0xe304_acdf_c50c_3c62], &[]),
        request([0x95a6_7b81_9a1b_857e, 0xa0b6_1b72_3b6a_73e0], &[0]),
        request([0x95c1_a0ed_ab09_44cb, 0xa4e5_cb38_42f7_488a], &[0, 0, 0]),
        request([0x9d58_27dc_d881_dd75, 0xa314_8604_f6fa_b11b], &[]),
        request([0xad97_e90e_83f1_ed67, 0x31eb_5d1c_5ff2_3b69], &[]),
        request([0x3e7e_2797_02be_32af, 0xca1c_4f3b_d128_0cee], &[0, 0]),
    ]
    .concat();
    let image = |parts: &[&[u64]]| parts.concat().iter().flat_map(|word| word.to_le_bytes()).collect();
    vec![
        image(&[&revision, &stack]),
        image(&[&[1, 2], &start, &revision, &stack, &others, &end, &stack]),
        image(&[&revision, &others]),
    ]
}
