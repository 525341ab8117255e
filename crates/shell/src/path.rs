//! Paths: text only, nothing is looked up.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// `path` as seen from `directory`: absolute, without `.`, `..` and doubled `/`.
pub(crate) fn resolve(directory: &str, path: &str) -> String {
    let mut components: Vec<&str> = Vec::new();
    let from_root = path.starts_with('/');
    let base = if from_root { "" } else { directory };
    for component in base.split('/').chain(path.split('/')) {
        match component {
            "" | "." => {}
            ".." => {
                components.pop();
            }
            _ => components.push(component),
        }
    }
    format!("/{}", components.join("/"))
}

/// The directory that a resolved path lies in; the root lies in itself.
pub(crate) fn parent(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(slash) => &path[..slash],
    }
}

/// The last component of a resolved path; empty for the root.
pub(crate) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or("")
}

/// A name inside a resolved directory.
pub(crate) fn join(directory: &str, name: &str) -> String {
    format!("{}/{name}", directory.trim_end_matches('/'))
}

/// Whether `path` is `directory` or lies below it.
pub(crate) fn is_within(path: &str, directory: &str) -> bool {
    let directory = directory.trim_end_matches('/');
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_resolve() {
        assert_eq!(resolve("/disk", "a"), "/disk/a");
        assert_eq!(resolve("/disk", "../a/./b//c/"), "/a/b/c");
        assert_eq!(resolve("/disk", "/"), "/");
        assert_eq!(resolve("/", "../../x"), "/x");
        assert_eq!(resolve("/a/b", ".."), "/a");
        assert_eq!((parent("/a/b"), parent("/a"), parent("/")), ("/a", "/", "/"));
        assert_eq!((name("/a/b"), name("/")), ("b", ""));
        assert_eq!((join("/", "a"), join("/a", "b")), ("/a".into(), "/a/b".into()));
        assert!(is_within("/disk/a", "/disk") && is_within("/disk", "/disk") && is_within("/x", "/"));
        assert!(!is_within("/diskette", "/disk"));
    }
}
