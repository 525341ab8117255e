//! From a line to words: quotes, backslashes, `;` between commands, `&` between parallel ones.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A piece of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A word, quotes removed.
    Word(String),
    /// `&`
    Ampersand,
    /// `;`
    Semicolon,
}

/// Why a line can't be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParseError {
    UnclosedQuote(char),
    TrailingBackslash,
    Redirection,
    Pipe,
}

impl fmt::Display for ParseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseError::UnclosedQuote(quote) => write!(formatter, "the quote {quote} is never closed"),
            ParseError::TrailingBackslash => formatter.write_str("nothing follows the last \\"),
            ParseError::Redirection => formatter
                .write_str("> and < are not supported (use write FILE TEXT; quote '>' to mean the sign)"),
            ParseError::Pipe => formatter.write_str("| is not supported (quote '|' to mean the sign)"),
        }
    }
}

/// Takes a line apart. `#` at the start of a word begins a comment.
pub(crate) fn tokenize(line: &str) -> Result<Vec<Token>, ParseError> {
    let mut tokens = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '#' if word.is_none() => break,
            '>' | '<' => return Err(ParseError::Redirection),
            '|' => return Err(ParseError::Pipe),
            '&' | ';' => {
                tokens.extend(word.take().map(Token::Word));
                tokens.push(if character == '&' { Token::Ampersand } else { Token::Semicolon });
            }
            '\\' => {
                let escaped = characters.next().ok_or(ParseError::TrailingBackslash)?;
                word.get_or_insert_default().push(escaped);
            }
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                quoted(character, &mut characters, word)?;
            }
            _ if character.is_whitespace() => tokens.extend(word.take().map(Token::Word)),
            _ => word.get_or_insert_default().push(character),
        }
    }
    tokens.extend(word.map(Token::Word));
    Ok(tokens)
}

/// Everything up to the closing quote; inside `"`, a backslash makes `"` and `\` ordinary.
fn quoted(quote: char, characters: &mut core::str::Chars<'_>, word: &mut String) -> Result<(), ParseError> {
    while let Some(character) = characters.next() {
        match character {
            _ if character == quote => return Ok(()),
            '\\' if quote == '"' => {
                let escaped = characters.next().ok_or(ParseError::UnclosedQuote(quote))?;
                if !matches!(escaped, '"' | '\\') {
                    word.push('\\');
                }
                word.push(escaped);
            }
            _ => word.push(character),
        }
    }
    Err(ParseError::UnclosedQuote(quote))
}

/// The last word of an unfinished line: where it starts (in characters), what it says so far, and
/// whether it is the name of a command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnfinishedWord {
    pub(crate) start: usize,
    pub(crate) text: String,
    /// The words before it in the same command.
    pub(crate) before: Vec<String>,
}

/// What Tab completes: the word that ends at the end of `line`.
pub(crate) fn unfinished_word(line: &[char]) -> UnfinishedWord {
    let mut start = None;
    let mut text = String::new();
    let mut before = Vec::new();
    let mut quote = None;
    let mut characters = line.iter().copied().enumerate();
    while let Some((index, character)) = characters.next() {
        match (quote, character) {
            (None, '&' | ';') => {
                before.clear();
                text.clear();
                start = None;
            }
            (None, _) if character.is_whitespace() => {
                if start.take().is_some() {
                    before.push(core::mem::take(&mut text));
                }
            }
            (None, '\'' | '"') => {
                start.get_or_insert(index);
                quote = Some(character);
            }
            (Some(open), _) if open == character => quote = None,
            (None | Some('"'), '\\') => {
                start.get_or_insert(index);
                text.extend(characters.next().map(|(_, escaped)| escaped));
            }
            _ => {
                start.get_or_insert(index);
                text.push(character);
            }
        }
    }
    UnfinishedWord { start: start.unwrap_or(line.len()), text, before }
}

/// `word` with a backslash before everything that [`tokenize`] treats specially.
pub(crate) fn escape(word: &str) -> String {
    let mut escaped = String::with_capacity(word.len());
    for (index, character) in word.chars().enumerate() {
        let special = character.is_whitespace()
            || matches!(character, '\\' | '\'' | '"' | '&' | ';' | '>' | '<' | '|')
            || (character == '#' && index == 0);
        if special {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn words(line: &str) -> Vec<String> {
        tokenize(line)
            .unwrap()
            .into_iter()
            .map(|token| match token {
                Token::Word(word) => word,
                Token::Ampersand => "<and>".to_string(),
                Token::Semicolon => "<then>".to_string(),
            })
            .collect()
    }

    #[test]
    fn quoting() {
        assert_eq!(words("  cat  a\tb "), ["cat", "a", "b"]);
        assert_eq!(words(r#"write 'a b' "c \"d\" \n" e\ f ''"#), ["write", "a b", r#"c "d" \n"#, "e f", ""]);
        assert_eq!(words("a'b'c\"d\""), ["abcd"]);
        assert_eq!(words("a&b;c # d"), ["a", "<and>", "b", "<then>", "c"]);
        assert_eq!(words("a#b '#'"), ["a#b", "#"]);
        assert_eq!(tokenize("echo 'a"), Err(ParseError::UnclosedQuote('\'')));
        assert_eq!(tokenize("echo \\"), Err(ParseError::TrailingBackslash));
        assert_eq!(tokenize("echo a > b"), Err(ParseError::Redirection));
    }

    #[test]
    fn escaping_is_undone_by_parsing() {
        for name in ["plain", "two words", "it's", "#hash", "a;b&c", "back\\slash", "\"q\"", "a>b|c"] {
            assert_eq!(words(&escape(name)), [name]);
            let typed: Vec<char> = escape(name).chars().collect();
            assert_eq!(unfinished_word(&typed).text, name);
        }
    }

    #[test]
    fn the_word_under_completion() {
        let word = |line: &str| unfinished_word(&line.chars().collect::<Vec<_>>());
        assert_eq!(word("cat /di").start, 4);
        assert_eq!(word("cat /di").before, ["cat"]);
        assert_eq!(word("cat ").start, 4);
        assert_eq!(word("cat ").text, "");
        assert_eq!(word("cat 'my fi").text, "my fi");
        assert_eq!(word("parallel ls & sl").before, [""; 0]);
    }
}
