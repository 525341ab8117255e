//! What Tab proposes: commands where one is expected, apps and files after `run`, processes after `kill`, else paths.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::commands::{self, COMMANDS};
use crate::parse::{self, UnfinishedWord};
use crate::path;
use crate::system::{FileKind, System};

/// Knows where names come from.
pub(crate) struct Completer<'a> {
    pub(crate) system: &'a dyn System,
    /// The current directory.
    pub(crate) directory: &'a str,
}

/// What to do about a Tab.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Completion {
    /// No name fits.
    Nothing,
    /// Put `text` in place of what stands between `start` and the cursor. `is_decided` says that
    /// only one name fits.
    Replace { start: usize, text: String, is_decided: bool },
    /// Several names fit and agree on no more than is typed.
    Candidates(Vec<String>),
}

/// A name that fits.
struct Candidate {
    /// What the word becomes, unescaped.
    word: String,
    /// What a list shows.
    shown: String,
    /// What follows a decided word.
    then: &'static str,
}

impl Completer<'_> {
    pub(super) fn complete(&self, line: &[char]) -> Completion {
        let unfinished = parse::unfinished_word(line);
        let mut candidates = self.candidates(&unfinished);
        candidates.retain(|candidate| candidate.word.starts_with(&unfinished.text));
        candidates.sort_by(|left, right| left.shown.cmp(&right.shown));
        let start = unfinished.start;
        match candidates.as_slice() {
            [] => Completion::Nothing,
            [only] => Completion::Replace {
                start,
                text: format!("{}{}", parse::escape(&only.word), only.then),
                is_decided: true,
            },
            [first, others @ ..] => {
                let common = others
                    .iter()
                    .fold(first.word.as_str(), |common, candidate| common_prefix(common, &candidate.word));
                if common.len() > unfinished.text.len() {
                    Completion::Replace { start, text: parse::escape(common), is_decided: false }
                } else {
                    Completion::Candidates(candidates.into_iter().map(|candidate| candidate.shown).collect())
                }
            }
        }
    }

    fn candidates(&self, unfinished: &UnfinishedWord) -> Vec<Candidate> {
        let before: Vec<&str> = unfinished.before.iter().map(String::as_str).collect();
        match before.as_slice() {
            [] | ["parallel" | "help"] => COMMANDS.iter().map(|command| plain(command.name)).collect(),
            ["debug"] => commands::subjects().map(plain).collect(),
            ["run"] if !unfinished.text.contains('/') => {
                let mut candidates: Vec<Candidate> =
                    self.system.applications().iter().map(|application| plain(&application.id)).collect();
                candidates.extend(self.paths(unfinished, false));
                candidates
            }
            ["kill", ..] => self.processes(),
            [command, ..] => self.paths(unfinished, matches!(*command, "cd" | "mkdir")),
        }
    }

    /// Processes that may be ended, by number; the list shows their names too.
    fn processes(&self) -> Vec<Candidate> {
        let processes = self.system.figures().processes.into_iter().filter(|process| !process.is_service);
        processes
            .map(|process| Candidate {
                word: process.id.to_string(),
                shown: format!("{} {}", process.id, process.name),
                then: " ",
            })
            .collect()
    }

    fn paths(&self, unfinished: &UnfinishedWord, only_directories: bool) -> Vec<Candidate> {
        let typed = &unfinished.text;
        let (prefix, name) = match typed.rfind('/') {
            Some(slash) => typed.split_at(slash + 1),
            None => ("", typed.as_str()),
        };
        let directory = path::resolve(self.directory, prefix);
        let entries = self.system.list(&directory).unwrap_or_default();
        entries
            .into_iter()
            .map(|mut entry| {
                // A link is completed as what it leads to.
                if entry.kind == FileKind::Link
                    && let Ok(target) = self.system.status(&path::join(&directory, &entry.name))
                {
                    entry.kind = target.kind;
                }
                entry
            })
            .filter(|entry| !only_directories || entry.kind == FileKind::Directory)
            // Names that begin with a dot are meant only by who types the dot.
            .filter(|entry| name.starts_with('.') || !entry.name.starts_with('.'))
            .map(|entry| {
                let slash = if entry.kind == FileKind::Directory { "/" } else { "" };
                Candidate {
                    word: format!("{prefix}{}{slash}", entry.name),
                    shown: format!("{}{slash}", entry.name),
                    then: if slash.is_empty() { " " } else { "" },
                }
            })
            .collect()
    }
}

fn plain(name: &str) -> Candidate {
    Candidate { word: name.to_string(), shown: name.to_string(), then: " " }
}

fn common_prefix<'a>(left: &'a str, right: &str) -> &'a str {
    let end = left
        .char_indices()
        .zip(right.chars())
        .find(|((_, a), b)| a != b)
        .map_or(left.len().min(right.len()), |((index, _), _)| index);
    &left[..end]
}
