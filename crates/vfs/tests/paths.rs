//! Path arithmetic and the mount table.

use vfs::path::{below, normalise};
use vfs::{FsError, MountError, MountTable};

#[test]
fn paths_are_normalised_as_a_person_expects() {
    for (base, path, expected) in [
        ("/", "a", "/a"),
        ("/disk", "a/b", "/disk/a/b"),
        ("/disk", "/a", "/a"),
        ("/disk", "..", "/"),
        ("/disk/a", "../b/./c//d/", "/disk/b/c/d"),
        ("/", "../../..", "/"),
        ("/disk", ".", "/disk"),
        ("/disk", "...", "/disk/..."),
        ("/disk", "ü/日本", "/disk/ü/日本"),
    ] {
        assert_eq!(normalise(base, path).as_deref(), Ok(expected), "{path} in {base}");
    }
}

#[test]
fn impossible_paths_are_refused() {
    let long_name = "x".repeat(256);
    let long_path = "/abcdefg".repeat(600);
    for path in ["", "a\0b", &long_name, &long_path] {
        assert!(matches!(normalise("/", path), Err(FsError::InvalidName(_))), "{path}");
    }
}

#[test]
fn paths_nest() {
    assert_eq!(below("/disk/a", "/disk"), Some("a"));
    assert_eq!(below("/disk", "/disk"), Some(""));
    assert_eq!(below("/diskette", "/disk"), None);
    assert_eq!(below("/a/b", "/"), Some("a/b"));
}

#[test]
fn the_innermost_mount_answers() {
    let mut mounts = MountTable::new();
    assert_eq!(mounts.resolve("/a"), None);
    mounts.mount("/", "root").unwrap();
    mounts.mount("/disk", "disk").unwrap();
    mounts.mount("/disk/stick", "stick").unwrap();
    assert_eq!(mounts.mount("/disk", "again"), Err(MountError::Taken));
    assert_eq!(mounts.resolve("/disk/a/b"), Some((&"disk", "a/b")));
    assert_eq!(mounts.resolve("/disk/stick"), Some((&"stick", "")));
    assert_eq!(mounts.resolve("/diskette"), Some((&"root", "diskette")));
    assert!(mounts.has_mount_within("/disk") && mounts.has_mount_within("/"));
    assert!(!mounts.has_mount_within("/disk/other"));
    assert_eq!(mounts.iter().map(|(point, _)| point).collect::<Vec<_>>(), ["/", "/disk", "/disk/stick"]);
}
