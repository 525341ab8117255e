//! `ls`.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use unicode_width::UnicodeWidthStr;

use super::links::shown;
use super::{split_options, usage};
use crate::failure::{self, Outcome};
use crate::format;
use crate::shell::Session;
use crate::system::{FileKind, FileStatus};

pub(super) fn ls(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let (options, paths) = split_options(arguments, "la").ok_or_else(|| usage("ls"))?;
    let long = options.contains('l');
    let hidden = options.contains('a');
    let paths = if paths.is_empty() { vec![String::from(".")] } else { paths };
    for (index, argument) in paths.iter().enumerate() {
        let path = session.resolve(argument)?;
        let mut entries = entries(session, &path)?;
        entries.retain(|entry| hidden || !entry.name.starts_with('.'));
        entries.sort_by_key(|entry| (entry.name.to_lowercase(), entry.name.clone()));
        if paths.len() > 1 {
            let gap = if index > 0 { "\n" } else { "" };
            session.print(&format!("{gap}{argument}:\n"));
        }
        let text = if long { long_list(&entries) } else { columns(&entries, session.console.columns()) };
        session.print(&text);
    }
    Ok(())
}

/// A directory's entries; for a file, the file itself.
fn entries(session: &Session<'_>, path: &str) -> Result<Vec<FileStatus>, failure::Failure> {
    let system = &**session.system;
    let about = |error| failure::about_file(system, path, error);
    let status = match system.status(path) {
        // A link that leads nowhere can be listed all the same.
        Err(_) => system.details(path).map_err(about)?.status,
        Ok(status) => status,
    };
    match status.kind {
        FileKind::Directory => system.list(path).map_err(about),
        _ => Ok(vec![system.details(path).map_err(about)?.status]),
    }
}

/// The name with what marks its kind: directories are blue and end with `/`, links are cyan and end with `@`, devices are
/// yellow, named pipes end with `|`. Control characters, which a damaged file system may hold, become `?`.
fn display_name(entry: &FileStatus) -> (String, usize) {
    let name = entry.name.replace(char::is_control, "?");
    let width = name.width();
    match entry.kind {
        FileKind::File => (name, width),
        FileKind::Directory => (format!("\x1b[1;34m{name}\x1b[m/"), width + 1),
        FileKind::Link => (format!("\x1b[36m{name}\x1b[m@"), width + 1),
        FileKind::CharacterDevice | FileKind::BlockDevice => (format!("\x1b[33m{name}\x1b[m"), width),
        FileKind::Pipe => (format!("{name}|"), width + 1),
    }
}

fn long_list(entries: &[FileStatus]) -> String {
    let sizes: Vec<String> = entries
        .iter()
        .map(|entry| match entry.kind {
            FileKind::File => units::bytes(entry.length),
            FileKind::Directory => String::from("-"),
            FileKind::Link => String::from("link"),
            FileKind::CharacterDevice | FileKind::BlockDevice => String::from("device"),
            FileKind::Pipe => String::from("pipe"),
        })
        .collect();
    let width = sizes.iter().map(String::len).max().unwrap_or(0);
    let mut text = String::new();
    for (entry, size) in entries.iter().zip(&sizes) {
        let date = match &entry.modified {
            Some(date) => format::short_date(date),
            None => format!("{:16}", "-"),
        };
        let name = match (&entry.target, entry.kind) {
            (Some(target), _) => {
                let name = entry.name.replace(char::is_control, "?");
                format!("\x1b[36m{name}\x1b[m -> {}", shown(target))
            }
            _ => display_name(entry).0,
        };
        text.push_str(&format!("{size:>width$}  {date}  {name}\n"));
    }
    text
}

/// Blank cells between columns.
const GAP: usize = 2;

/// Names in as few rows as fit into `width` cells, sorted downwards.
fn columns(entries: &[FileStatus], width: usize) -> String {
    let names: Vec<(String, usize)> = entries.iter().map(display_name).collect();
    layout(&names, width, GAP)
}

/// The same for plain words: the line editor lists what Tab could mean.
pub(crate) fn column_layout(words: &[String], width: usize) -> String {
    let names: Vec<(String, usize)> = words
        .iter()
        .map(|word| {
            let word = word.replace(char::is_control, "?");
            let width = word.width();
            (word, width)
        })
        .collect();
    layout(&names, width, GAP)
}

/// Lays out texts of known widths in columns.
pub(crate) fn layout(names: &[(String, usize)], width: usize, gap: usize) -> String {
    let mut text = String::new();
    if names.is_empty() {
        return text;
    }
    let column_widths = |rows: usize| -> Vec<usize> {
        names.chunks(rows).map(|column| column.iter().map(|(_, width)| *width).max().unwrap_or(0)).collect()
    };
    // One cell is left free, so that no line touches the edge and wraps.
    let fits = |rows: &usize| {
        let widths = column_widths(*rows);
        widths.iter().sum::<usize>() + gap * (widths.len() - 1) < width
    };
    let rows = (1..names.len()).find(fits).unwrap_or(names.len());
    let widths = column_widths(rows);
    for row in 0..rows {
        for (column, column_width) in widths.iter().enumerate() {
            let Some((name, name_width)) = names.get(column * rows + row) else { break };
            text.push_str(name);
            if names.len() > (column + 1) * rows + row {
                let padding = column_width - name_width + gap;
                text.extend(core::iter::repeat_n(' ', padding));
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_columns() {
        let names: Vec<(String, usize)> = ["one", "two", "three", "four", "five"]
            .iter()
            .map(|name| (String::from(*name), name.len()))
            .collect();
        assert_eq!(layout(&names, 80, 2), "one  two  three  four  five\n");
        assert_eq!(layout(&names, 20, 2), "one  three  five\ntwo  four\n");
        assert_eq!(layout(&names, 3, 2), "one\ntwo\nthree\nfour\nfive\n");
        assert_eq!(layout(&[], 3, 2), "");
    }
}
