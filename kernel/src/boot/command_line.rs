//! The kernel command line: words separated by blanks, `name` or `name=value` (docs/boot.md lists them).

/// The command line as the loader passed it. Unknown words are ignored, a word given twice counts the
/// last time, so that what is appended overrides.
#[derive(Clone, Copy, Debug, Default)]
pub struct CommandLine {
    text: &'static str,
}

impl CommandLine {
    /// Wraps the loader's text.
    pub const fn new(text: &'static str) -> Self {
        Self { text }
    }

    /// The text as it was given.
    pub fn as_str(self) -> &'static str {
        self.text
    }

    /// Whether the bare word `name` is there.
    pub fn has(self, name: &str) -> bool {
        self.text.split_ascii_whitespace().any(|word| word == name)
    }

    /// The value of the last `name=value`.
    pub fn value(self, name: &str) -> Option<&'static str> {
        self.text
            .split_ascii_whitespace()
            .rev()
            .filter_map(|word| word.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }
}
