//! Which names FAT takes, when two are the same, and how what is on the disk is shown.

use alloc::string::String;
use vfs::FsError;

/// The longest name in UTF-16 units.
pub const MAX_UNITS: usize = 255;
/// The most bytes that so many units take.
pub const MAX_BYTES: usize = 3 * MAX_UNITS;

/// The upper half of code page 437, in which short names of other systems are taken to be.
const CODE_PAGE: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// Checks a name for a new file.
///
/// # Errors
/// [`FsError::InvalidName`] with the reason in words; [`FsError::NameTooLong`].
pub fn validate(name: &str) -> Result<(), FsError> {
    let refuse = |why| Err(FsError::InvalidName(why));
    if name.is_empty() {
        return refuse("it is empty");
    }
    if name.encode_utf16().count() > MAX_UNITS {
        return Err(FsError::NameTooLong);
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
            _ => {}
        }
    }
    Ok(())
}

/// What stands for a character when names are compared: its upper case, if that is one character.
fn fold(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_uppercase();
    }
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => upper,
        _ => character,
    }
}

/// Whether two names mean the same: FAT keeps upper and lower case but does not tell them apart.
pub fn same(left: &str, right: &str) -> bool {
    left.chars().map(fold).eq(right.chars().map(fold))
}

/// A number that is the same for names that are the same (FNV-1a).
pub fn hash(name: &str) -> u32 {
    name.chars()
        .fold(0x811c_9dc5, |hash, character| (hash ^ fold(character) as u32).wrapping_mul(0x0100_0193))
}

/// A character from the disk, fit to be shown and put into a path: a hostile disk's slashes and control characters
/// become replacement characters.
pub fn presentable(character: char) -> char {
    if character == '/' || character.is_control() { char::REPLACEMENT_CHARACTER } else { character }
}

/// A byte of a short name.
pub fn from_code_page(byte: u8) -> char {
    if byte.is_ascii() {
        presentable(char::from(byte))
    } else {
        CODE_PAGE.chars().nth(usize::from(byte - 0x80)).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

/// Room for one name, so that reading names need not ask for memory.
///
/// # Errors
/// [`FsError::OutOfMemory`].
pub fn buffer() -> Result<String, FsError> {
    let mut buffer = String::new();
    buffer.try_reserve_exact(MAX_BYTES).map_err(|_| FsError::OutOfMemory)?;
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_no_difference() {
        assert!(same("ärger.TXT", "Ärger.txt") && hash("ärger.TXT") == hash("Ärger.txt"));
        assert!(!same("straße", "STRASSE"), "one character stays one");
        assert!(!same("a", "ab"));
        assert_eq!(CODE_PAGE.chars().count(), 128);
    }
}
