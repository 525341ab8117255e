//! The bits of a page table's entry, in words (SDM vol. 3A, section 4.5, tables 4-15 to 4-20).

use alloc::vec::Vec;

const PRESENT: u64 = 1 << 0;
const HUGE: u64 = 1 << 7;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// What the flags of an entry of a table of `level` (4 is the root) say. Whether a page is cached how depends on the
/// PAT: the entry only has the index.
#[must_use]
pub fn words(level: u8, bits: u64) -> Vec<&'static str> {
    let mut words = Vec::new();
    if bits & PRESENT == 0 {
        words.push("not present");
        return words;
    }
    let page = is_page(level, bits);
    words.push(match (page, level) {
        (false, _) => "table",
        (true, 1) => "4 KiB page",
        (true, 2) => "2 MiB page",
        (true, _) => "1 GiB page",
    });
    let pat = if level == 1 { 1 << 7 } else { 1 << 12 };
    for (mask, set, clear) in [
        (1 << 1, "writable", "read-only"),
        (1 << 2, "user", "kernel"),
        (1 << 63, "no execute", "executable"),
        (1 << 3, "write-through", ""),
        (1 << 4, "cache disabled", ""),
        (1 << 5, "accessed", ""),
        (if page { 1 << 6 } else { 0 }, "dirty", ""),
        (if page { 1 << 8 } else { 0 }, "global", ""),
        (if page { pat } else { 0 }, "PAT", ""),
    ] {
        let word = if bits & mask != 0 { set } else { clear };
        if !word.is_empty() {
            words.push(word);
        }
    }
    words
}

/// Whether a present entry maps a page rather than leading to a table.
#[must_use]
pub fn is_page(level: u8, bits: u64) -> bool {
    level == 1 || (level < 4 && bits & HUGE != 0)
}

/// The physical address in a present entry: of the next table, or of the page's first byte.
#[must_use]
pub fn address(level: u8, bits: u64) -> u64 {
    let size_bits = if is_page(level, bits) { 12 + 9 * (u32::from(level) - 1) } else { 12 };
    bits & ADDRESS & !((1 << size_bits) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_s_examples_read_as_they_should() {
        assert_eq!(words(4, 0), ["not present"]);
        assert_eq!(words(4, 0x1023), ["table", "writable", "kernel", "executable", "accessed"]);
        let data = 1 << 63 | 0x1234_5000 | 0x163;
        let expected = ["4 KiB page", "writable", "kernel", "no execute", "accessed", "dirty", "global"];
        assert_eq!(words(1, data), expected);
        assert_eq!(address(1, data), 0x1234_5000);
        // Write-combining by this kernel's PAT: 2 MiB, index 4.
        let screen = 1 << 63 | 0xfd00_0000 | 1 << 12 | 0x83;
        assert_eq!(words(2, screen), ["2 MiB page", "writable", "kernel", "no execute", "PAT"]);
        assert_eq!(address(2, screen), 0xfd00_0000, "the PAT bit is no address");
        assert_eq!(words(3, 0x8000_0081), ["1 GiB page", "read-only", "kernel", "executable"]);
        assert_eq!(
            words(1, 0x1005 | 0x18)[1..],
            ["read-only", "user", "executable", "write-through", "cache disabled"]
        );
    }
}
