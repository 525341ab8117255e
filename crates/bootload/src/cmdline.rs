//! The kernel's command line: words separated by spaces, some of them `key=value`.
//!
//! Two lines can exist: the pack's own, and the one given where the machine was started (QEMU's
//! `-append`, the rest of GRUB's `multiboot2` line). The kernel gets both, the second behind the
//! first, and of two words with the same key the later one counts, so that whoever starts the
//! machine has the last word.

/// Longest command line that is passed on, in bytes; the rest is cut off at a space.
pub const MAX_LENGTH: usize = 4096;

/// A command line put together in place.
#[derive(Clone, Debug)]
pub struct CommandLine {
    bytes: [u8; MAX_LENGTH],
    length: usize,
}

impl Default for CommandLine {
    fn default() -> Self {
        Self::new()
    }
}

impl CommandLine {
    /// An empty line.
    pub const fn new() -> Self {
        Self { bytes: [0; MAX_LENGTH], length: 0 }
    }

    /// Adds the words of `line` behind what is there. Words that no longer fit are left out, whole.
    pub fn add(&mut self, line: &[u8]) {
        for word in words(line) {
            let separator = usize::from(self.length > 0);
            let end = self.length + separator + word.len();
            if end > MAX_LENGTH {
                return;
            }
            self.bytes[self.length..self.length + separator].fill(b' ');
            self.bytes[self.length + separator..end].copy_from_slice(word);
            self.length = end;
        }
    }

    /// The line, without a NUL.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    // A NUL would end the line for whoever reads it as a C string.
    line.split(|byte| byte.is_ascii_whitespace() || *byte == 0).filter(|word| !word.is_empty())
}

/// The value of the last word `key=value` on `line`.
pub fn value<'a>(line: &'a [u8], key: &str) -> Option<&'a [u8]> {
    words(line).filter_map(|word| word.strip_prefix(key.as_bytes())?.strip_prefix(b"=")).last()
}

/// The screen size asked for by `resolution=WIDTHxHEIGHT` (more may follow after another `x`, as
/// Limine's own option has the depth there).
pub fn resolution(line: &[u8]) -> Option<(u16, u16)> {
    let mut parts = value(line, "resolution")?.split(|byte| *byte == b'x');
    let mut number = || core::str::from_utf8(parts.next()?).ok()?.parse::<u16>().ok();
    let size = (number()?, number()?);
    (size.0 >= 320 && size.1 >= 200).then_some(size)
}

/// The pixels from one row of the screen to the next, asked for by `row=PIXELS`: displays may round a width
/// up so, and a test wants to see one that does.
pub fn row(line: &[u8]) -> Option<u16> {
    core::str::from_utf8(value(line, "row")?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_and_the_later_value_counts() {
        let mut line = CommandLine::new();
        line.add(b"  quiet  log=info\n");
        line.add(b"log=debug\0hidden=no");
        assert_eq!(line.as_bytes(), b"quiet log=info log=debug hidden=no");
        assert_eq!(value(line.as_bytes(), "log"), Some(&b"debug"[..]));
        assert_eq!(value(line.as_bytes(), "lo"), None);
    }

    #[test]
    fn a_line_too_long_is_cut_at_a_word() {
        let mut line = CommandLine::new();
        line.add(&[b'a'; MAX_LENGTH - 3]);
        line.add(b"bbb cc");
        assert_eq!(line.as_bytes(), [b'a'; MAX_LENGTH - 3]);
        line.add(b"dd");
        assert_eq!(line.as_bytes().len(), MAX_LENGTH);
    }

    #[test]
    fn resolutions_are_read_or_ignored() {
        assert_eq!(resolution(b"resolution=1024x768"), Some((1024, 768)));
        assert_eq!(resolution(b"resolution=1024x768x32"), Some((1024, 768)));
        assert_eq!(resolution(b"resolution=800x600 x resolution=640x480"), Some((640, 480)));
        for wrong in
            ["resolution=", "resolution=99999x1", "resolution=1024", "resolution=10x10", "resolution=axb"]
        {
            assert_eq!(resolution(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
