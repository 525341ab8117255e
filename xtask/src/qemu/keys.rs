//! What a person presses to write a text, on a US keyboard, in QEMU's names of keys (`QKeyCode`).

/// One key and the shift it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stroke {
    /// QEMU's name of the key.
    pub key: &'static str,
    /// Whether shift is held.
    pub shift: bool,
}

/// The name of each key with what it writes alone and with shift.
const KEYS: &[(&str, char, char)] = &[
    ("grave_accent", '`', '~'),
    ("1", '1', '!'),
    ("2", '2', '@'),
    ("3", '3', '#'),
    ("4", '4', '$'),
    ("5", '5', '%'),
    ("6", '6', '^'),
    ("7", '7', '&'),
    ("8", '8', '*'),
    ("9", '9', '('),
    ("0", '0', ')'),
    ("minus", '-', '_'),
    ("equal", '=', '+'),
    ("bracket_left", '[', '{'),
    ("bracket_right", ']', '}'),
    ("backslash", '\\', '|'),
    ("semicolon", ';', ':'),
    ("apostrophe", '\'', '"'),
    ("comma", ',', '<'),
    ("dot", '.', '>'),
    ("slash", '/', '?'),
    ("spc", ' ', ' '),
    ("ret", '\n', '\n'),
    ("tab", '\t', '\t'),
];

const LETTERS: [&str; 26] = [
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u",
    "v", "w", "x", "y", "z",
];

/// The stroke that writes `character`, if the US layout has one.
pub fn stroke(character: char) -> Option<Stroke> {
    if character.is_ascii_alphabetic() {
        let index = usize::from(character.to_ascii_lowercase() as u8 - b'a');
        return Some(Stroke { key: LETTERS[index], shift: character.is_ascii_uppercase() });
    }
    let (key, plain, _) = KEYS.iter().find(|(_, plain, shifted)| [*plain, *shifted].contains(&character))?;
    Some(Stroke { key, shift: character != *plain })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ascii_character_has_a_stroke_of_its_own() {
        let mut seen = Vec::new();
        for character in (' '..='~').chain(['\n', '\t']) {
            let stroke = stroke(character).unwrap_or_else(|| panic!("{character:?}"));
            assert!(!seen.contains(&stroke), "{character:?}");
            seen.push(stroke);
        }
        assert_eq!(stroke('é'), None);
    }

    #[test]
    fn shift_is_held_for_the_upper_half() {
        assert_eq!(stroke('a'), Some(Stroke { key: "a", shift: false }));
        assert_eq!(stroke('Z'), Some(Stroke { key: "z", shift: true }));
        assert_eq!(stroke('&'), Some(Stroke { key: "7", shift: true }));
        assert_eq!(stroke('/'), Some(Stroke { key: "slash", shift: false }));
        assert_eq!(stroke('|'), Some(Stroke { key: "backslash", shift: true }));
    }
}
