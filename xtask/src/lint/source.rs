//! Rust source with its comments and literals blanked, so that rules see code only.
//!
//! This is no parser. It knows as much of the language as it takes to tell code from what only looks like
//! it: nested comments, strings with escapes, raw strings, and characters as against lifetimes.

/// A file, in two versions of the same shape.
pub struct Source {
    text: String,
    /// The text with every byte of comments and literals replaced by a space; line ends stay.
    code: String,
}

/// A word or a sign of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    pub text: &'a str,
    /// Counted from 1.
    pub line: usize,
}

impl Source {
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), code: blank(text) }
    }

    /// The lines as written.
    pub fn lines(&self) -> Vec<&str> {
        self.text.lines().collect()
    }

    /// The code without white space. Identifiers, `::` and single signs are a token each.
    pub fn tokens(&self) -> Vec<Token<'_>> {
        let mut tokens = Vec::new();
        for (index, line) in self.code.lines().enumerate() {
            let mut rest = line.trim_start();
            while let Some(first) = rest.chars().next() {
                let length = if first.is_alphanumeric() || first == '_' {
                    rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
                } else if rest.starts_with("::") {
                    2
                } else {
                    first.len_utf8()
                };
                tokens.push(Token { text: &rest[..length], line: index + 1 });
                rest = rest[length..].trim_start();
            }
        }
        tokens
    }
}

fn blank(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < characters.len() {
        let length = literal_length(&characters, at);
        for &character in &characters[at..at + length.max(1)] {
            code.push(if length == 0 || character == '\n' { character } else { ' ' });
        }
        at += length.max(1);
    }
    code
}

/// The length of the comment or literal that starts at `at`; 0 when none does.
fn literal_length(text: &[char], at: usize) -> usize {
    let end = match (text[at], text.get(at + 1)) {
        ('/', Some('/')) => find(text, at, |rest| rest[0] == '\n'),
        ('/', Some('*')) => end_of_block_comment(text, at),
        ('"', _) => end_of_string(text, at + 1),
        ('r', Some('"' | '#')) if !continues_word(text, at) => end_of_raw_string(text, at).unwrap_or(at),
        // 'x' and '\n' are characters, 'static is a lifetime.
        ('\'', Some('\\')) => find(text, at + 3, |rest| rest[0] == '\'') + 1,
        ('\'', Some(_)) if text.get(at + 2) == Some(&'\'') => at + 3,
        _ => at,
    };
    end.min(text.len()) - at
}

/// Whether the character before `at` belongs to the same word: `for"` is no raw string. A byte string's `b`
/// does not count.
fn continues_word(text: &[char], at: usize) -> bool {
    let word = |index: usize| text.get(index).is_some_and(|c| c.is_alphanumeric() || *c == '_');
    at > 0 && word(at - 1) && !(text[at - 1] == 'b' && !(at > 1 && word(at - 2)))
}

fn find(text: &[char], from: usize, is_end: impl Fn(&[char]) -> bool) -> usize {
    (from..text.len()).find(|&index| is_end(&text[index..])).unwrap_or(text.len())
}

fn end_of_block_comment(text: &[char], start: usize) -> usize {
    let (mut depth, mut at) = (0, start);
    while at < text.len() {
        match (text[at], text.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

fn end_of_string(text: &[char], mut at: usize) -> usize {
    while at < text.len() && text[at] != '"' {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

fn end_of_raw_string(text: &[char], start: usize) -> Option<usize> {
    let hashes = text[start + 1..].iter().take_while(|&&c| c == '#').count();
    if text.get(start + 1 + hashes) != Some(&'"') {
        return None;
    }
    let closes = |rest: &[char]| {
        rest[0] == '"' && rest[1..].iter().take(hashes).filter(|&&c| c == '#').count() == hashes
    };
    Some(find(text, start + 2 + hashes, closes) + 1 + hashes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<(String, usize)> {
        Source::new(text).tokens().iter().map(|token| (token.text.to_owned(), token.line)).collect()
    }

    fn texts(text: &str) -> String {
        words(text).into_iter().map(|(word, _)| word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_literals_are_not_code() {
        assert_eq!(texts("a // unsafe\nb /* unsafe /* x */ y */ c"), "a b c");
        assert_eq!(texts(r#"f("unsafe \" unsafe") g"#), "f ( ) g");
        assert_eq!(texts(r###"f(r#"un"safe"#) g(r"x") h"###), "f ( ) g ( ) h");
        assert_eq!(texts(r##"f(br#"un"safe"#) g"##), "f ( b ) g");
        assert_eq!(texts("'\"' a '\\'' b 'static c"), "a b ' static c");
    }

    #[test]
    fn raw_identifiers_and_words_that_end_in_r_are_code() {
        assert_eq!(texts("r#type for \"x\" a"), "r # type for a");
        assert_eq!(texts("attr\"x\" b"), "attr b");
    }

    #[test]
    fn lines_are_counted_through_literals() {
        assert_eq!(words("\"a\nb\"\n/*\n*/ x").last(), Some(&("x".to_owned(), 4)));
    }

    #[test]
    fn unfinished_literals_end_with_the_file() {
        for text in ["\"abc", "/* abc", "r#\"abc", "'\\", "\"abc\\"] {
            assert_eq!(texts(text), "", "{text}");
        }
    }
}
