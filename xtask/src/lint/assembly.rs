//! Assembly stands under kernel/src/arch and in the loader, nowhere else: porting the kernel, or auditing
//! what it does behind the compiler's back, is then a matter of one folder.

use super::Finding;
use super::source::Source;

const WORDS: &[&str] = &["asm", "global_asm", "naked_asm", "naked"];

/// Checks a file; `inside` is its path from kernel/src, or empty for a crate.
pub fn check(inside: &str, source: &Source) -> Vec<Finding> {
    if inside.starts_with("arch/") {
        return Vec::new();
    }
    let tokens = source.tokens();
    let uses = tokens.windows(2).filter(|pair| {
        let word = pair[0].text;
        WORDS.contains(&word) && (pair[1].text == "!" || word == "naked")
    });
    uses.map(|pair| Finding {
        line: pair[0].line,
        message: format!("`{}`: assembly stands under kernel/src/arch", pair[0].text),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assembly_is_found_outside_arch_only() {
        let text = "fn f() {\n    core::arch::asm!(\"cli\");\n}\n#[unsafe(naked)]\nglobal_asm!(\"\");";
        let lines = |path| check(path, &Source::new(text)).iter().map(|f| f.line).collect::<Vec<_>>();
        assert!(lines("arch/x86_64/cpu.rs").is_empty());
        assert_eq!(lines("drivers/serial.rs"), [2, 4, 5]);
        assert_eq!(lines(""), [2, 4, 5]);
    }

    #[test]
    fn words_about_assembly_are_fine() {
        assert_eq!(check("lock/mod.rs", &Source::new("// asm!\nlet asm = \"asm!\"; // naked\n")), []);
    }
}
