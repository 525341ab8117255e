//! Every `unsafe` block and every `unsafe impl` has its argument, a comment with `SAFETY:`, right above.
//!
//! clippy's `undocumented_unsafe_blocks` says much the same, but not for macros, and not for code that the
//! configuration of the moment leaves out.

use super::Finding;
use super::source::Source;

/// Checks a file.
pub fn check(source: &Source) -> Vec<Finding> {
    let lines = source.lines();
    let tokens = source.tokens();
    let uses = tokens
        .windows(2)
        .filter(|pair| pair[0].text == "unsafe" && matches!(pair[1].text, "{" | "impl"))
        .filter(|pair| !has_argument(&lines, pair[0].line));
    uses.map(|pair| Finding { line: pair[0].line, message: "`unsafe` without a SAFETY comment above".into() })
        .collect()
}

/// Whether a comment with the argument stands on the line (counted from 1), or above the statement that the
/// line continues.
fn has_argument(lines: &[&str], line: usize) -> bool {
    let mut above = lines[..line].iter().rev().map(|line| line.trim());
    let own = above.next().unwrap_or_default();
    if own.contains("SAFETY:") {
        return true;
    }
    let mut in_comment = false;
    for text in above {
        if text.starts_with("//") {
            in_comment = true;
            if text.contains("SAFETY:") {
                return true;
            }
        } else if in_comment || text.is_empty() || (ends_statement(text) && !text.starts_with("#[")) {
            return false;
        }
    }
    false
}

/// Whether the next line begins something new.
fn ends_statement(text: &str) -> bool {
    let code = text.split("//").next().unwrap_or_default().trim_end();
    code.ends_with([';', '{', '}', ','])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        check(&Source::new(text)).iter().map(|finding| finding.line).collect()
    }

    const NONE: [usize; 0] = [];

    #[test]
    fn an_argument_stands_above_the_statement() {
        assert_eq!(lines("// SAFETY: it is ours.\nunsafe { f() }"), NONE);
        assert_eq!(lines("// SAFETY: it is ours,\n// and stays so.\nlet x =\n    unsafe { f() };"), NONE);
        assert_eq!(lines("// SAFETY: no data.\n#[allow(dead_code)]\nunsafe impl Send for X {}"), NONE);
        assert_eq!(lines("unsafe { f() } // SAFETY: it is ours."), NONE);
    }

    #[test]
    fn without_one_it_is_found() {
        assert_eq!(lines("unsafe { f() }"), [1]);
        assert_eq!(lines("// It is ours.\nunsafe { f() }"), [2]);
        assert_eq!(lines("// SAFETY: a.\nunsafe { f() };\nunsafe { g() };"), [3]);
        assert_eq!(lines("// SAFETY: a.\n\nunsafe { g() };"), [3]);
        assert_eq!(lines("unsafe impl Sync for X {}"), [1]);
    }

    #[test]
    fn declarations_need_none() {
        assert_eq!(
            lines("/// # Safety\n/// Only once.\npub unsafe fn f();\ntype F = unsafe extern \"C\" fn();"),
            NONE
        );
    }
}
