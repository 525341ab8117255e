//! Short names, eight characters and three: for names that are nothing else, and as the second name of all others.

use super::slot::{LOWER_BASE, LOWER_EXTENSION};
use crate::names;
use vfs::FsError;

/// A short name as an entry has it.
pub type Short = [u8; 11];

/// Whether a byte may stand in a short name as it is.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_uppercase()
        || byte.is_ascii_digit()
        || matches!(
            byte,
            b'$' | b'%'
                | b'\''
                | b'-'
                | b'_'
                | b'@'
                | b'~'
                | b'`'
                | b'!'
                | b'('
                | b')'
                | b'{'
                | b'}'
                | b'^'
                | b'#'
                | b'&'
        )
}

/// One of the two parts, with whether it is in lower case. None if it can't be said so.
fn part(text: &str, target: &mut [u8]) -> Option<bool> {
    if text.len() > target.len() {
        return None;
    }
    let (mut lower, mut upper) = (false, false);
    for (target, byte) in target.iter_mut().zip(text.bytes()) {
        lower |= byte.is_ascii_lowercase();
        upper |= byte.is_ascii_uppercase();
        *target = byte.to_ascii_uppercase();
        if !is_plain(*target) {
            return None;
        }
    }
    (!(lower && upper)).then_some(lower)
}

/// The short name that says all of `name`, with the flags of its letters' case.
pub fn exact(name: &str) -> Option<(Short, u8)> {
    let (base, extension) = match name.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (name, ""),
    };
    if base.is_empty() {
        return None;
    }
    let mut short = *b"           ";
    let lower_base = part(base, &mut short[..8])?;
    let lower_extension = part(extension, &mut short[8..])?;
    let flags = if lower_base { LOWER_BASE } else { 0 } | if lower_extension { LOWER_EXTENSION } else { 0 };
    Some((short, flags))
}

/// Writes what can be of `text` into `target`. Gives how many bytes that were, and whether they say all of it.
fn squeeze(text: &str, target: &mut [u8]) -> (usize, bool) {
    let (mut length, mut complete) = (0, true);
    for character in text.chars() {
        if matches!(character, ' ' | '.') {
            complete = false;
            continue;
        }
        let Some(target) = target.get_mut(length) else { return (length, false) };
        let byte = u8::try_from(character).map_or(0, |byte| byte.to_ascii_uppercase());
        *target = if is_plain(byte) { byte } else { b'_' };
        complete &= is_plain(byte);
        length += 1;
    }
    (length, complete)
}

/// A second name for `name`, in the manner of other systems: its beginning, and a number where that alone does not do;
/// from the fifth on with a number made of all of the name, so that the search stays short in a directory of thousands.
///
/// # Errors
/// What `is_taken` says; [`FsError::NoSpace`] if all are taken.
pub fn alias(name: &str, mut is_taken: impl FnMut(&Short) -> bool) -> Result<Short, FsError> {
    let trimmed = name.trim_start_matches(['.', ' ']);
    let (base, extension) = trimmed.rsplit_once('.').unwrap_or((trimmed, ""));
    let mut short = *b"           ";
    let (length, base_complete) = squeeze(base, &mut short[..8]);
    let (_, extension_complete) = squeeze(extension, &mut short[8..]);
    let length = if length == 0 {
        short[0] = b'_';
        1
    } else {
        length
    };
    let complete = base_complete && extension_complete && trimmed.len() == name.len();
    if complete && !is_taken(&short) {
        return Ok(short);
    }
    for number in b'1'..=b'4' {
        let mut candidate = short;
        let tail = length.min(6);
        candidate[tail..8].fill(b' ');
        candidate[tail..tail + 2].copy_from_slice(&[b'~', number]);
        if !is_taken(&candidate) {
            return Ok(candidate);
        }
    }
    let hash = names::hash(name);
    for attempt in 0..=u32::from(u16::MAX) {
        let mut candidate = short;
        let start = length.min(2);
        candidate[start..8].fill(b' ');
        let number = (hash ^ hash >> 16).wrapping_add(attempt) as u16;
        for (index, digit) in candidate[start..start + 4].iter_mut().enumerate() {
            *digit = b"0123456789ABCDEF"[usize::from(number >> (12 - 4 * index) & 0x0f)];
        }
        candidate[start + 4..start + 6].copy_from_slice(b"~1");
        if !is_taken(&candidate) {
            return Ok(candidate);
        }
    }
    Err(FsError::NoSpace)
}

/// The short name as text, for comparing.
pub fn text<'a>(short: &Short, buffer: &'a mut [u8; 12]) -> &'a str {
    let mut length = 0;
    for (index, &byte) in short.iter().enumerate() {
        if index == 8 && short[8] != b' ' {
            buffer[length] = b'.';
            length += 1;
        }
        if byte != b' ' {
            buffer[length] = byte;
            length += 1;
        }
    }
    // Only for names made here, which are ASCII.
    core::str::from_utf8(&buffer[..length]).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;

    #[test]
    fn short_names_need_nothing_else() {
        assert_eq!(exact("README.TXT"), Some((*b"README  TXT", 0)));
        assert_eq!(exact("notes.TXT"), Some((*b"NOTES   TXT", LOWER_BASE)));
        assert_eq!(exact("a"), Some((*b"A          ", LOWER_BASE)));
        for name in ["ReadMe", ".profile", "a.b.c", "a b", "123456789", "a.text", "ä", "a+b", "a."] {
            assert_eq!(exact(name), None, "{name}");
        }
    }

    #[test]
    fn second_names_are_distinct() {
        let mut taken: Vec<Short> = Vec::new();
        for index in 0..3000 {
            let short = alias(&format!("a long name {index}.text"), |short| taken.contains(short)).unwrap();
            assert!(!taken.contains(&short));
            taken.push(short);
        }
        assert_eq!((&taken[0], &taken[3]), (b"ALONGN~1TEX", b"ALONGN~4TEX"));
        assert_eq!(alias("ReadMe.txt", |_| false), Ok(*b"README  TXT"));
        assert_eq!(alias(".profile", |_| false), Ok(*b"PROFIL~1   "));
        assert_eq!(alias("日本", |_| false), Ok(*b"__~1       "));
        assert_eq!(alias("...", |_| false), Ok(*b"_~1        "));
        assert_eq!(text(b"README  TXT", &mut [0; 12]), "README.TXT");
        assert_eq!(text(b"A          ", &mut [0; 12]), "A");
    }
}
