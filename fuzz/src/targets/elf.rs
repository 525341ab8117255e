//! ELF files: a program from the disk, the kernel in the loader. The bytes are the file.

use bootload::plan::LoadPlan;
use elf::{Elf, SegmentKind};

use crate::Target;

pub const TARGET: Target = Target { name: "elf", run, seeds };

/// Images larger than this are planned and not loaded.
const LARGEST_IMAGE: u64 = 1 << 20;

fn run(file: &[u8]) {
    let Ok(elf) = Elf::parse(file) else { return };
    let segments = elf.segments();
    for segment in segments {
        if let Ok(bytes) = segments.bytes(&segment) {
            let start = segment.offset as usize;
            assert_eq!(bytes, &file[start..start + segment.file_size as usize], "{segment:?}");
        }
    }
    if let Ok(sections) = elf.sections() {
        for section in sections {
            let _ = sections.bytes(&section);
            if let Some(name) = sections.name(&section) {
                assert!(sections.by_name(name).is_some_and(|found| sections.name(&found) == Some(name)));
            }
        }
    }
    for symbol in elf.symbols().take(64) {
        let _ = elf.symbols().name(&symbol);
        for address in [symbol.address, symbol.address.wrapping_add(symbol.size)] {
            // The answer's symbol begins where the answer says.
            if let Some((_, offset)) = elf.symbol_for(address) {
                assert!(elf.symbols().any(|other| other.address == address - offset));
            }
        }
    }
    plan(file, &elf);
}

/// Loading as a kernel, against copying each segment to its place.
fn plan(file: &[u8], elf: &Elf) {
    let Ok(plan) = LoadPlan::new(elf) else { return };
    let mut end = 0;
    for segment in plan.segments() {
        let pages = segment.pages();
        assert!(pages.start % 4096 == 0 && pages.end % 4096 == 0 && pages.end <= plan.size());
        end = end.max(pages.end);
    }
    assert_eq!(end, plan.size(), "the image ends with its last segment");
    let _ = plan.entry(None);
    if plan.size() > LARGEST_IMAGE {
        return;
    }
    let mut image = vec![0xee; plan.size() as usize];
    if plan.load(file, &mut image).is_err() {
        return;
    }
    let mut expected = vec![0; image.len()];
    for segment in elf.segments().filter(|segment| segment.kind == SegmentKind::Load) {
        if segment.memory_size > 0 {
            let start = (segment.virtual_address - plan.base()) as usize;
            let bytes = &file[segment.offset as usize..][..segment.file_size as usize];
            expected[start..start + bytes.len()].copy_from_slice(bytes);
        }
    }
    assert!(image == expected, "the image is not what the file says");
}

fn seeds() -> Vec<Vec<u8>> {
    vec![kernel(), with_symbols()]
}

fn header(entry: u64, segments: u16, sections: (u64, u16, u16)) -> Vec<u8> {
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    file.extend(2u16.to_le_bytes());
    file.extend(62u16.to_le_bytes());
    file.extend(1u32.to_le_bytes());
    [entry, 64, sections.0].iter().for_each(|word| file.extend(word.to_le_bytes()));
    file.extend([0; 4]);
    for half in [64, 56, segments, 64, sections.1, sections.2] {
        file.extend(half.to_le_bytes());
    }
    file
}

fn segment(file: &mut Vec<u8>, flags: u32, place: (u64, u64), address: u64, memory_size: u64) {
    file.extend(1u32.to_le_bytes());
    file.extend(flags.to_le_bytes());
    for word in [place.0, address, 0, place.1, memory_size, 4096] {
        file.extend(word.to_le_bytes());
    }
}

/// Three segments in the top 2 GiB, one of them with zeros at its end.
fn kernel() -> Vec<u8> {
    let mut file = header(bootload::KERNEL_FLOOR + 0x1000, 3, (0, 0, 0));
    segment(&mut file, 5, (232, 8), bootload::KERNEL_FLOOR + 0x1000, 8);
    segment(&mut file, 4, (240, 4), bootload::KERNEL_FLOOR + 0x2000, 4);
    segment(&mut file, 6, (244, 4), bootload::KERNEL_FLOOR + 0x3010, 0x2000);
    file.extend(b"machine!roomdata");
    file
}

/// One segment, four sections and two functions.
fn with_symbols() -> Vec<u8> {
    const TEXT: u64 = bootload::KERNEL_FLOOR;
    const STRINGS: &[u8] = b"\0.text\0.symtab\0.strtab\0main\0work\0";
    let mut file = header(TEXT, 1, (120 + 32 + 72 + STRINGS.len() as u64, 4, 3));
    segment(&mut file, 5, (120, 32), TEXT, 32);
    file.extend([0xcc; 32]);
    for (name, info, section, address, size) in
        [(0, 0, 0, 0, 0), (23u32, 0x12u8, 1u16, TEXT, 16u64), (28, 0x12, 1, TEXT + 16, 16)]
    {
        file.extend(name.to_le_bytes());
        file.extend([info, 0]);
        file.extend(section.to_le_bytes());
        file.extend(address.to_le_bytes());
        file.extend(size.to_le_bytes());
    }
    file.extend(STRINGS);
    for (name, kind, address, place, link, entry) in [
        (0u32, 0u32, 0, (0, 0), 0u32, 0u64),
        (1, 1, TEXT, (120u64, 32u64), 0, 0),
        (7, 2, 0, (152, 72), 3, 24),
        (15, 3, 0, (224, STRINGS.len() as u64), 0, 0),
    ] {
        file.extend(name.to_le_bytes());
        file.extend(kind.to_le_bytes());
        [0, address, place.0, place.1].iter().for_each(|word| file.extend(word.to_le_bytes()));
        file.extend(link.to_le_bytes());
        file.extend(0u32.to_le_bytes());
        file.extend(1u64.to_le_bytes());
        file.extend(entry.to_le_bytes());
    }
    file
}
