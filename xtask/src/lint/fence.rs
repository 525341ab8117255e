//! The fence around `unsafe`: in the kernel it stands in a few modules, which are the audit list; a crate
//! that is tested on the host forbids it.

use super::Finding;
use super::source::Source;

/// The modules of the kernel that may use `unsafe`.
const INSIDE: &[&str] = &["arch", "boot", "memory", "lock", "platform", "task"];
/// Single files inside the fence, in modules outside it.
const INSIDE_FILES: &[&str] = &["bench/twin.rs", "sync/mutex.rs", "sync/pi_mutex.rs", "sync/rw_lock.rs"];

/// Checks a file of the kernel; `inside` is its path from kernel/src.
pub fn check_kernel(inside: &str, source: &Source) -> Vec<Finding> {
    if inside == "main.rs" {
        return missing(source, "deny");
    }
    let module = inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs");
    if INSIDE.contains(&module) || INSIDE_FILES.contains(&inside) {
        return Vec::new();
    }
    let tokens = source.tokens();
    let uses = tokens.iter().filter(|token| token.text == "unsafe");
    uses.map(|token| Finding {
        line: token.line,
        message: format!("`unsafe` outside the fence ({})", INSIDE.join(", ")),
    })
    .collect()
}

/// Checks the root file of a crate.
pub fn check_crate(source: &Source) -> Vec<Finding> {
    missing(source, "forbid")
}

/// A finding unless the file says `#![LEVEL(unsafe_code)]`.
fn missing(source: &Source, level: &str) -> Vec<Finding> {
    let wanted = ["#", "!", "[", level, "(", "unsafe_code", ")", "]"];
    let tokens = source.tokens();
    if tokens.windows(wanted.len()).any(|window| window.iter().map(|token| token.text).eq(wanted)) {
        return Vec::new();
    }
    vec![Finding { line: 1, message: format!("`#![{level}(unsafe_code)]` is missing") }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_is_found_outside_the_fence() {
        let source = Source::new("// unsafe\nfn f() {\n    unsafe { g() }\n}\nunsafe impl Send for X {}");
        let lines = |path| check_kernel(path, &source).iter().map(|f| f.line).collect::<Vec<_>>();
        assert_eq!(lines("drivers/rtc.rs"), [3, 5]);
        assert_eq!(lines("fs/mod.rs"), [3, 5]);
        assert!(lines("memory/heap.rs").is_empty());
        assert!(lines("lock.rs").is_empty());
    }

    #[test]
    fn the_roots_must_say_so() {
        assert_eq!(check_crate(&Source::new("#![no_std]\n#![forbid(unsafe_code)]\n")), []);
        assert_eq!(check_crate(&Source::new("#![no_std]\n// #![forbid(unsafe_code)]\n")).len(), 1);
        assert_eq!(check_kernel("main.rs", &Source::new("#![deny(unsafe_code)]")), []);
        assert_eq!(check_kernel("main.rs", &Source::new("#![allow(unsafe_code)]")).len(), 1);
    }
}
