//! The reader against a small file made here, and against every way of damaging it.

use elf::{Elf, ElfError, ElfKind, SegmentKind};
use fastrand::Rng;

const STRINGS: &[u8] = b"\0main\0helper\0label\0counter\0inner\0";
const NAMES: &[u8] = b"\0.text\0.symtab\0.strtab\0.shstrtab\0";
const TEXT: u64 = 0xffff_ffff_8000_1000;

struct Writer(Vec<u8>);

impl Writer {
    fn half(&mut self, value: u16) -> &mut Self {
        self.0.extend(value.to_le_bytes());
        self
    }
    fn word(&mut self, value: u32) -> &mut Self {
        self.0.extend(value.to_le_bytes());
        self
    }
    fn wide(&mut self, value: u64) -> &mut Self {
        self.0.extend(value.to_le_bytes());
        self
    }
    fn section(&mut self, name: u32, kind: u32, address: u64, place: (u64, usize), link: u32, entry: u64) {
        self.word(name).word(kind).wide(0).wide(address).wide(place.0).wide(place.1 as u64);
        self.word(link).word(0).wide(1).wide(entry);
    }
    fn symbol(&mut self, name: u32, info: u8, section: u16, address: u64, size: u64) {
        self.word(name);
        self.0.extend([info, 0]);
        self.half(section).wide(address).wide(size);
    }
}

/// An executable of one segment, with five sections and six symbols.
fn sample() -> Vec<u8> {
    let text = vec![0xcc; 0x40];
    let mut symbols = Writer(Vec::new());
    symbols.symbol(0, 0, 0, 0, 0);
    symbols.symbol(1, 0x12, 1, TEXT, 0x10); // main
    symbols.symbol(6, 0x12, 1, TEXT + 0x10, 0x8); // helper
    symbols.symbol(13, 0x10, 1, TEXT + 0x20, 0); // label
    symbols.symbol(19, 0x11, 1, TEXT + 0x11, 4); // counter: data
    symbols.symbol(27, 0x12, 1, TEXT + 0x2, 0x4); // inner: in the middle of main
    let symbols = symbols.0;

    let text_at = 64 + 56;
    let symbols_at = text_at + text.len();
    let strings_at = symbols_at + symbols.len();
    let names_at = strings_at + STRINGS.len();
    let sections_at = names_at + NAMES.len();

    let mut file = Writer(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec());
    file.half(2).half(62).word(1).wide(TEXT).wide(64).wide(sections_at as u64).word(0);
    file.half(64).half(56).half(1).half(64).half(5).half(4);
    file.word(1).word(5).wide(text_at as u64).wide(TEXT).wide(0).wide(0x40).wide(0x80).wide(0x1000);
    file.0.extend(&text);
    file.0.extend(&symbols);
    file.0.extend(STRINGS);
    file.0.extend(NAMES);
    file.section(0, 0, 0, (0, 0), 0, 0);
    file.section(1, 1, TEXT, (text_at as u64, text.len()), 0, 0);
    file.section(7, 2, 0, (symbols_at as u64, symbols.len()), 3, 24);
    file.section(15, 3, 0, (strings_at as u64, STRINGS.len()), 0, 0);
    file.section(23, 3, 0, (names_at as u64, NAMES.len()), 0, 0);
    file.0
}

/// Everything a caller can ask of a file.
fn use_all(bytes: &[u8]) {
    let Ok(elf) = Elf::parse(bytes) else { return };
    let segments = elf.segments();
    for segment in segments {
        let _ = segments.bytes(&segment);
    }
    if let Ok(sections) = elf.sections() {
        for section in sections {
            let _ = (sections.name(&section), sections.bytes(&section));
        }
        let _ = sections.by_name(".symtab");
    }
    for address in [0, 1, TEXT, TEXT + 5, TEXT + 0x30, u64::MAX] {
        let _ = elf.symbol_for(address);
    }
}

#[test]
fn header_and_segments_are_read() {
    let file = sample();
    let elf = Elf::parse(&file).unwrap();
    assert_eq!(elf.kind(), ElfKind::Executable);
    assert_eq!(elf.entry(), TEXT);
    let segments: Vec<_> = elf.segments().collect();
    assert_eq!(segments.len(), 1);
    assert_eq!(segments[0].kind, SegmentKind::Load);
    assert!(segments[0].permissions.execute && !segments[0].permissions.write);
    assert_eq!(elf.segments().bytes(&segments[0]).unwrap(), [0xcc; 0x40]);
    assert_eq!(segments[0].memory_size, 0x80);
}

#[test]
fn sections_are_found_by_name() {
    let file = sample();
    let sections = Elf::parse(&file).unwrap().sections().unwrap();
    assert_eq!(sections.by_name(".text").unwrap().address, TEXT);
    assert_eq!(sections.by_name(".nothing"), None);
    assert_eq!(sections.count(), 5);
}

#[test]
fn an_address_names_the_function_around_it() {
    let file = sample();
    let elf = Elf::parse(&file).unwrap();
    assert_eq!(elf.symbol_for(TEXT), Some(("main", 0)));
    assert_eq!(elf.symbol_for(TEXT + 0xf), Some(("main", 0xf)));
    // Data inside a function's range is no function.
    assert_eq!(elf.symbol_for(TEXT + 0x12), Some(("helper", 2)));
    // Past the end of `helper`, and before the label.
    assert_eq!(elf.symbol_for(TEXT + 0x18), None);
    // A label has no size: it stands for what follows.
    assert_eq!(elf.symbol_for(TEXT + 0x33), Some(("label", 0x13)));
    assert_eq!(elf.symbol_for(TEXT - 1), None);
    // But not beyond its section.
    assert_eq!(elf.symbol_for(TEXT + 0x3f), Some(("label", 0x1f)));
    assert_eq!(elf.symbol_for(TEXT + 0x40), None);
    // A function within another, and what comes after it.
    assert_eq!(elf.symbol_for(TEXT + 3), Some(("inner", 1)));
    assert_eq!(elf.symbol_for(TEXT + 6), Some(("main", 6)));
}

#[test]
fn a_stripped_file_has_no_names_but_loads() {
    let mut file = sample();
    file[40..48].fill(0);
    let elf = Elf::parse(&file).unwrap();
    assert_eq!(elf.symbol_for(TEXT), None);
    assert_eq!(elf.segments().count(), 1);
}

#[test]
fn other_files_are_refused_with_the_reason() {
    let file = sample();
    assert_eq!(Elf::parse(&file[..63]).unwrap_err(), ElfError::TooShort);
    assert_eq!(Elf::parse(&[0; 100]).unwrap_err(), ElfError::NotElf);
    let with = |offset: usize, value: u8| {
        let mut copy = file.clone();
        copy[offset] = value;
        Elf::parse(&copy).map(|_| ())
    };
    assert_eq!(with(4, 1), Err(ElfError::WrongClass));
    assert_eq!(with(18, 40), Err(ElfError::WrongMachine(40)));
    assert_eq!(with(54, 32), Err(ElfError::BadTable));
    assert_eq!(with(39, 0xff), Err(ElfError::Truncated));
    assert_eq!(with(39, 0x80), Err(ElfError::Truncated));
}

#[test]
fn every_truncation_is_survived() {
    let file = sample();
    for length in 0..file.len() {
        use_all(&file[..length]);
    }
}

#[test]
fn every_single_byte_may_lie() {
    let file = sample();
    for offset in 0..file.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut copy = file.clone();
            copy[offset] = value;
            use_all(&copy);
        }
    }
}

#[test]
fn random_damage_is_survived() {
    let file = sample();
    let mut random = Rng::with_seed(0x5eed);
    for _ in 0..20_000 {
        let mut copy = file.clone();
        for _ in 0..1 + random.usize(..8) {
            let offset = random.usize(..copy.len());
            copy[offset] = random.u8(..);
        }
        copy.truncate(1 + random.usize(..copy.len()));
        use_all(&copy);
    }
}
