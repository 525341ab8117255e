//! The kernel's command line as the loader puts it together and looks words up in it.

use bootload::cmdline::{self, CommandLine, MAX_LENGTH};

use crate::Target;

pub const TARGET: Target = Target { name: "cmdline", run, seeds };

/// The lines stand in the input one after another, each ended by this byte.
const END_OF_LINE: u8 = 0xff;

fn run(bytes: &[u8]) {
    let mut line = CommandLine::new();
    bytes.split(|&byte| byte == END_OF_LINE).for_each(|piece| line.add(piece));
    let line = line.as_bytes();
    assert!(line.len() <= MAX_LENGTH && !line.contains(&0));
    // As a person would do it: every word, one space between.
    let words: Vec<&[u8]> = bytes
        .split(|&byte| byte.is_ascii_whitespace() || byte == 0 || byte == END_OF_LINE)
        .filter(|word| !word.is_empty())
        .collect();
    let joined = words.join(&b' ');
    assert!(joined.starts_with(line), "not the words in their order");
    assert!(joined.len() > MAX_LENGTH || line.len() == joined.len(), "words are missing");
    for key in ["log", "resolution", "", "row"] {
        let expected = line.split(|&byte| byte == b' ').rev().find_map(|word| {
            let (before, after) = word.split_at(word.iter().position(|&byte| byte == b'=')?);
            (before == key.as_bytes()).then(|| &after[1..])
        });
        assert_eq!(cmdline::value(line, key), expected, "the value of {key:?}");
    }
    if let Some((width, height)) = cmdline::resolution(line) {
        assert!(width >= 320 && height >= 200);
    }
    let _ = cmdline::row(line);
}

fn seeds() -> Vec<Vec<u8>> {
    vec![
        b"log=debug resolution=1280x800 row=1300 quiet".to_vec(),
        b"  quiet\0log=\xfflog=info\tresolution=320x200x32\xffselftest exit".to_vec(),
    ]
}
