//! The kernel's floors: a module names only modules on its own floor or below. What must go up goes through
//! a hook that the lower floor offers.

use super::Finding;
use super::source::{Source, Token};

/// From the ground up. `main` is the roof, and nobody names it.
const FLOORS: &[&[&str]] = &[
    &["arch"],
    &["boot"],
    &["lock"],
    &["memory"],
    &["platform"],
    &["task"],
    &["sync"],
    &["process"],
    &["executor"],
    &["block", "input"],
    &["console", "drivers", "fs"],
    &["diagnosis"],
    &["desktop"],
    &["bench", "provoke", "selftest", "soak", "workload"],
];

/// Checks every path in the file `path` (from kernel/src) that starts at the crate's root.
pub fn check(path: &str, source: &Source) -> Vec<Finding> {
    if path == "main.rs" {
        return Vec::new();
    }
    let module = path.split('/').next().unwrap_or(path).trim_end_matches(".rs");
    let Some(own) = floor_of(module) else {
        return vec![Finding {
            line: 1,
            message: format!("module `{module}` stands on no floor; give it one in xtask/src/lint/floors.rs"),
        }];
    };
    let tokens = source.tokens();
    let mut findings = Vec::new();
    for index in 0..tokens.len() {
        for name in names_from_root(&tokens, index, depth(path)) {
            let message = match floor_of(name.text) {
                Some(floor) if floor <= own => continue,
                Some(_) => format!("`{module}` names `{}`, which stands above it", name.text),
                None => format!("`{module}` names `crate::{}`, which is no floor", name.text),
            };
            findings.push(Finding { line: name.line, message });
        }
    }
    findings
}

fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// How many modules deep a file is: `drivers/mod.rs` one, `drivers/rtc.rs` two.
fn depth(path: &str) -> usize {
    path.matches('/').count() + usize::from(!path.ends_with("/mod.rs"))
}

/// The modules that a path beginning at `index` names right under the crate's root: one, or several in
/// braces. None when no path from the root begins there.
fn names_from_root<'a>(tokens: &[Token<'a>], index: usize, depth: usize) -> Vec<Token<'a>> {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    let continues_path = index > 0 && text(index - 1) == "::";
    let mut at = index;
    match text(index) {
        // `pub(crate)` and `in crate::x` are no uses.
        "crate" if text(index + 1) == "::" => at += 2,
        "super" if !continues_path => {
            let supers = tokens[index..].chunks(2).take_while(|pair| is_super(pair)).count();
            if supers != depth {
                return Vec::new();
            }
            at += 2 * supers;
        }
        _ => return Vec::new(),
    }
    if text(at) != "{" {
        return tokens.get(at).copied().into_iter().collect();
    }
    let mut names = Vec::new();
    let mut braces = 0;
    for (offset, token) in tokens[at..].iter().enumerate() {
        match token.text {
            "{" => braces += 1,
            "}" => braces -= 1,
            _ if braces == 1 && matches!(text(at + offset - 1), "{" | ",") => names.push(*token),
            _ => {}
        }
        if braces == 0 {
            break;
        }
    }
    names
}

fn is_super(pair: &[Token<'_>]) -> bool {
    matches!(pair, [word, colons] if word.text == "super" && colons.text == "::")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(path, &Source::new(text)).iter().map(|finding| finding.line).collect()
    }

    const NONE: [usize; 0] = [];

    #[test]
    fn a_floor_names_itself_and_what_is_below() {
        let text = "use crate::lock::SpinLock;\nuse crate::task;\nfn f() { crate::arch::cpu::id(); }\n";
        assert_eq!(lines("task/spawn.rs", text), NONE);
        assert_eq!(lines("fs/mod.rs", "use crate::drivers::rtc;"), NONE);
        assert_eq!(lines("main.rs", "use crate::desktop;"), NONE);
    }

    #[test]
    fn upwards_is_found_in_uses_and_in_expressions() {
        assert_eq!(lines("lock/spin.rs", "\nuse crate::task::spawn;\n"), [2]);
        assert_eq!(lines("arch/trap.rs", "fn f() {\n    crate::console::print();\n}"), [2]);
        assert_eq!(lines("memory/mod.rs", "pub use\n  crate::sync::Mutex;"), [2]);
    }

    #[test]
    fn groups_are_taken_apart() {
        let text = "use crate::{\n  arch::{cpu, port},\n  fs::{self, task},\n  lock,\n};";
        assert_eq!(lines("task/mod.rs", text), [3]);
        assert_eq!(lines("desktop/mod.rs", text), NONE);
    }

    #[test]
    fn super_out_of_the_floor_counts_too() {
        assert_eq!(lines("lock/mod.rs", "use super::task;"), [1]);
        assert_eq!(lines("lock/spin.rs", "use super::super::task;"), [1]);
        assert_eq!(lines("lock/spin.rs", "use super::rank;"), NONE);
    }

    #[test]
    fn comments_are_no_uses_and_strangers_are_reported() {
        assert_eq!(lines("lock/spin.rs", "// crate::task\n/// [`crate::fs`]\npub(crate) fn f() {}"), NONE);
        assert_eq!(lines("lock/spin.rs", "use crate::helper;"), [1]);
        assert_eq!(lines("attic/mod.rs", ""), [1]);
    }
}
