//! Absolute paths as the programs handle them: `/`, or names with a slash before each.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The directory that holds `path`; the root holds itself.
pub(crate) fn parent(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(at) => &path[..at],
    }
}

/// The last name of `path`; empty for the root.
pub(crate) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or("")
}

/// The path of `name` in `directory`.
pub(crate) fn join(directory: &str, name: &str) -> String {
    format!("{}/{name}", directory.trim_end_matches('/'))
}

/// `path` without empty names, `.` and `..`, relative ones starting at `base`.
pub(crate) fn normalise(base: &str, path: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    let start = if path.starts_with('/') { "" } else { base };
    for name in start.split('/').chain(path.split('/')) {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    format!("/{}", names.join("/"))
}

/// Whether `path` is `directory` or lies in it.
pub(crate) fn is_within(path: &str, directory: &str) -> bool {
    let rest = path.strip_prefix(directory.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A name's stem and its extension, the dot included: `("notes", ".txt")`. A leading dot begins no extension.
pub(crate) fn split_extension(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 => name.split_at(at),
        _ => (name, ""),
    }
}

/// The name to try as the `number`th when `name` is taken: `notes (2).txt`.
pub(crate) fn numbered(name: &str, number: u32) -> String {
    if number < 2 {
        return name.to_string();
    }
    let (stem, extension) = split_extension(name);
    format!("{stem} ({number}){extension}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_paths() {
        assert_eq!((parent("/disk/a"), parent("/disk"), parent("/")), ("/disk", "/", "/"));
        assert_eq!((name("/disk/a"), name("/")), ("a", ""));
        assert_eq!((join("/", "a").as_str(), join("/disk", "a").as_str()), ("/a", "/disk/a"));
        assert_eq!(normalise("/disk", "../tmp//./x"), "/tmp/x");
        assert_eq!(normalise("/disk", "/a/../../b/"), "/b");
        assert!(is_within("/disk/a", "/disk") && is_within("/a", "/") && !is_within("/diskette", "/disk"));
    }

    #[test]
    fn numbers_go_before_the_extension() {
        assert_eq!(numbered("a.txt", 1), "a.txt");
        assert_eq!(numbered("a.tar.gz", 2), "a.tar (2).gz");
        assert_eq!(numbered(".profile", 3), ".profile (3)");
    }
}
