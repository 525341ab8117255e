//! The reader against a real linker's work: this test's own executable.

use elf::{Elf, SegmentKind};

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn this_test_finds_itself() {
    let path = std::env::current_exe().unwrap();
    let bytes = std::fs::read(path).unwrap();
    let elf = Elf::parse(&bytes).unwrap();
    assert!(elf.segments().any(|segment| segment.kind == SegmentKind::Load));

    // The entry point is `_start` on every libc, whatever the language above it.
    assert_eq!(elf.symbol_for(elf.entry()), Some(("_start", 0)));

    // Each function's last byte belongs to a function that starts where it does.
    let symbols = elf.symbols();
    let functions = symbols
        .filter(|symbol| symbol.kind == elf::SymbolKind::Function && symbol.section != 0 && symbol.size > 0);
    for symbol in functions.take(200) {
        let last = symbol.address + symbol.size - 1;
        let Some((_, offset)) = elf.symbol_for(last) else { panic!("{symbol:?} not found") };
        assert!(offset < symbol.size, "{symbol:?} gave offset {offset}");
    }
}
