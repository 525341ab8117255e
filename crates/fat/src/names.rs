//! Which names FAT takes, and when two are the same.

use alloc::string::String;
use vfs::FsError;

/// Checks a name for a new file.
///
/// # Errors
/// [`FsError::InvalidName`] with the reason in words.
pub fn validate(name: &str) -> Result<(), FsError> {
    let refuse = |why| Err(FsError::InvalidName(why));
    if name.is_empty() {
        return refuse("it is empty");
    }
    if name.len() > vfs::path::MAX_NAME {
        return refuse("it is longer than 255 bytes");
    }
    if name.ends_with(['.', ' ']) {
        return refuse("a name on this disk can't end with a dot or a space");
    }
    for character in name.chars() {
        match character {
            '"' | '*' | '/' | ':' | '<' | '>' | '?' | '\\' | '|' => {
                return refuse("a name on this disk can't contain any of \" * / : < > ? \\ |");
            }
            '\0'..' ' | '\x7f' => return refuse("a name on this disk can't contain control characters"),
            '\u{10000}'.. => return refuse("a name on this disk can't contain characters beyond U+FFFF"),
            _ => {}
        }
    }
    Ok(())
}

/// Whether two names or paths mean the same: FAT keeps upper and lower case but does not tell them apart.
pub fn same(left: &str, right: &str) -> bool {
    left.chars().flat_map(char::to_uppercase).eq(right.chars().flat_map(char::to_uppercase))
}

/// A name from the disk, fit to be shown and put into a path: a hostile disk's slashes and control characters become
/// replacement characters.
pub fn presentable(name: String) -> String {
    if name.contains(|character: char| character == '/' || character.is_control()) {
        name.replace(|character: char| character == '/' || character.is_control(), "\u{fffd}")
    } else {
        name
    }
}
