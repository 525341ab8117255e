//! The rules of the source tree that neither rustc nor clippy knows: the kernel's floors, the places of
//! assembly and of `unsafe`, and the argument in front of every `unsafe` block.
//!
//! Each rule looks at one file at a time and returns what it found, so that its tests are a few lines of
//! source.

mod assembly;
mod fence;
mod floors;
mod safety;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Context, Result, fail};
use crate::project::Project;
use source::Source;

/// A breach of a rule: the line, counted from 1, and what is wrong with it.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    line: usize,
    message: String,
}

/// Applies every rule to every file of ours; prints the breaches and fails if there are any.
pub fn check(project: &Project) -> Result {
    let mut count = 0;
    for folder in ["kernel", "loader", "crates", "xtask"] {
        for path in rust_files(&project.root.join(folder))? {
            let text = fs::read_to_string(&path).context(format!("read {}", path.display()))?;
            let relative = path.strip_prefix(&project.root).unwrap_or(&path);
            let name = relative.to_string_lossy();
            for finding in findings(&name, &Source::new(&text)) {
                println!("{name}:{}: {}", finding.line, finding.message);
                count += 1;
            }
        }
    }
    if count > 0 { fail!("the source tree breaks its rules in {count} places") } else { Ok(()) }
}

/// What is wrong with the file `path` (from the checkout, with slashes).
fn findings(path: &str, source: &Source) -> Vec<Finding> {
    let mut all = Vec::new();
    if let Some(inside) = path.strip_prefix("kernel/src/") {
        all.extend(floors::check(inside, source));
        all.extend(assembly::check(inside, source));
        all.extend(fence::check_kernel(inside, source));
    } else if path.starts_with("crates/") || path.starts_with("xtask/") {
        all.extend(assembly::check("", source));
        if path.ends_with("/src/lib.rs") || path.ends_with("/src/main.rs") {
            all.extend(fence::check_crate(source));
        }
    }
    all.extend(safety::check(source));
    all
}

/// Every Rust file under `folder`, sorted; cargo's target folders are not ours.
fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).context(format!("list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            if !path.ends_with("target") {
                files.extend(rust_files(&path)?);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_applies_where_it_should() {
        let count = |path: &str, text: &str| findings(path, &Source::new(text)).len();
        assert_eq!(count("kernel/src/lock/spin.rs", "use crate::task::spawn;"), 1);
        assert_eq!(count("kernel/src/drivers/rtc.rs", "fn f() { asm!(\"cli\") }"), 1);
        assert_eq!(count("kernel/src/drivers/rtc.rs", "unsafe fn f() {}"), 1);
        assert_eq!(count("kernel/src/arch/cpu.rs", "fn f() {\n    unsafe { g() }\n}"), 1);
        assert_eq!(count("loader/src/main.rs", "global_asm!(\"hlt\");"), 0);
        assert_eq!(count("loader/src/main.rs", "fn f() {\n    unsafe { g() }\n}"), 1);
        assert_eq!(count("crates/gfx/src/lib.rs", "//! Pixels."), 1);
        assert_eq!(count("crates/gfx/src/lib.rs", "#![forbid(unsafe_code)]"), 0);
        assert_eq!(count("crates/gfx/src/font.rs", "//! Fonts."), 0);
    }
}
