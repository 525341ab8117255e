//! The line editor: keys in, a line out, with the screen kept true by VT100 sequences.
//!
//! `keys.rs` turns bytes into keys, `line.rs` is the text with its cursor, `render.rs` puts it on
//! the screen, `complete.rs` proposes words. This file is the loop that joins them.

mod complete;
mod keys;
mod line;
mod render;
mod search;

use alloc::string::String;
use alloc::vec::Vec;

use crate::console::{Console, Foreground, Typed};
use complete::Completion;
use keys::{Decoder, Key};
use line::Line;
use render::Renderer;
use search::Search;

pub(crate) use complete::Completer;
pub(crate) use render::Prompt;

/// How reading a line ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReadLine {
    /// Enter.
    Line(String),
    /// Ctrl+C.
    Abandoned,
    /// Ctrl+D on an empty line, or the window is gone.
    End,
}

/// What lives from one line to the next.
pub(crate) struct Editor {
    decoder: Decoder,
    /// What Ctrl+K, Ctrl+U and Ctrl+W cut, for Ctrl+Y.
    cut: Vec<char>,
}

/// One line being edited.
struct Editing<'a> {
    line: Line,
    renderer: Renderer<'a>,
    history: &'a [String],
    /// Which entry of the history is shown; its length means the line being written.
    position: usize,
    /// The line being written, while an entry of the history is shown.
    draft: Line,
    completer: &'a Completer<'a>,
    /// The last key was a Tab that could not decide.
    tab_pending: bool,
    search: Option<Search>,
    pasting: bool,
}

impl Editor {
    pub(crate) fn new() -> Editor {
        Editor { decoder: Decoder::default(), cut: Vec::new() }
    }

    /// Shows `prompt` and lets the user edit a line.
    pub(crate) fn read_line(
        &mut self,
        console: &mut Foreground,
        prompt: &Prompt,
        history: &[String],
        completer: &Completer<'_>,
    ) -> ReadLine {
        let mut editing = Editing {
            line: Line::default(),
            renderer: Renderer::new(prompt, console.columns()),
            history,
            position: history.len(),
            draft: Line::default(),
            completer,
            tab_pending: false,
            search: None,
            pasting: false,
        };
        // From here to Enter pasted text comes in brackets, so that its line ends run nothing.
        console.write_raw("\x1b[?2004h");
        editing.renderer.draw(console, &editing.line);
        let result = self.edit(console, &mut editing);
        editing.search = None;
        console.write_raw("\x1b[?2004l");
        let mark = if result == ReadLine::Abandoned { "^C" } else { "" };
        editing.renderer.finish(console, &editing.line, mark);
        result
    }

    fn edit(&mut self, console: &mut Foreground, editing: &mut Editing<'_>) -> ReadLine {
        loop {
            let byte = match console.next_byte() {
                Typed::Byte(byte) => byte,
                Typed::Woken => {
                    editing.renderer.resized(console, &editing.line);
                    continue;
                }
                Typed::Closed => return ReadLine::End,
            };
            let Some(key) = self.decoder.push(byte) else { continue };
            if let Some(end) = editing.key(console, key, &mut self.cut) {
                return end;
            }
            // Typed faster than drawn: one drawing for all.
            if !console.has_typed() {
                editing.show(console);
            }
        }
    }
}

impl Editing<'_> {
    fn show(&mut self, console: &mut Foreground) {
        match &self.search {
            Some(search) => {
                let (prompt, line) = search.view(self.history);
                self.renderer.draw_with_prompt(console, &prompt, &line);
            }
            None => self.renderer.draw(console, &self.line),
        }
    }

    /// Takes one key; an end of the line, if it is one.
    fn key(&mut self, console: &mut Foreground, key: Key, cut: &mut Vec<char>) -> Option<ReadLine> {
        if let Some(search) = &mut self.search {
            match search.key(key, self.history) {
                search::Step::Continue => return None,
                search::Step::Abandon => {
                    self.search = None;
                    return None;
                }
                // The match becomes the line, and the key does with it what it always does.
                search::Step::Accept(text) => {
                    self.search = None;
                    if let Some(text) = text {
                        self.line = Line::from_text(&text);
                    }
                }
            }
        }
        let tab_pending = core::mem::take(&mut self.tab_pending);
        match key {
            Key::Enter if self.pasting => self.line.insert_separator(),
            Key::Enter => return Some(ReadLine::Line(self.line.text())),
            Key::Character(character) => self.line.insert(character),
            Key::Tab if self.pasting => self.line.insert(' '),
            Key::Tab => self.complete(console, tab_pending),
            Key::Backspace => self.line.delete_backward(),
            Key::Delete => self.line.delete_forward(),
            Key::Left | Key::Control('b') => self.line.left(),
            Key::Right | Key::Control('f') => self.line.right(),
            Key::WordLeft | Key::Alt('b') => self.line.word_left(),
            Key::WordRight | Key::Alt('f') => self.line.word_right(),
            Key::Home | Key::Control('a') => self.line.home(),
            Key::End | Key::Control('e') => self.line.end(),
            Key::Up | Key::Control('p') => self.recall(self.position.checked_sub(1)),
            Key::Down | Key::Control('n') => self.recall(Some(self.position + 1)),
            Key::Control('c') => {
                self.line.end();
                return Some(ReadLine::Abandoned);
            }
            Key::Control('d') if self.line.is_empty() => return Some(ReadLine::End),
            Key::Control('d') => self.line.delete_forward(),
            Key::Control('k') => keep(cut, self.line.cut_to_end()),
            Key::Control('u') => keep(cut, self.line.cut_to_start()),
            Key::Control('w') | Key::AltBackspace => keep(cut, self.line.cut_word()),
            Key::Alt('d') => keep(cut, self.line.cut_word_forward()),
            Key::Control('y') => cut.iter().for_each(|character| self.line.insert(*character)),
            Key::Control('l') => self.renderer.clear_screen(console),
            Key::Control('r') => self.search = Some(Search::new(self.history.len())),
            Key::PasteStart => self.pasting = true,
            Key::PasteEnd => self.pasting = false,
            Key::Control(_) | Key::Alt(_) | Key::Escape => {}
        }
        None
    }

    /// Shows another entry of the history, or the line that was being written.
    fn recall(&mut self, position: Option<usize>) {
        let Some(position) = position.filter(|position| *position <= self.history.len()) else { return };
        if self.position == self.history.len() {
            self.draft = core::mem::take(&mut self.line);
        }
        self.position = position;
        self.line = match self.history.get(position) {
            Some(entry) => Line::from_text(entry),
            None => core::mem::take(&mut self.draft),
        };
    }

    /// Completes as far as the candidates agree; the second Tab lists them.
    fn complete(&mut self, console: &mut Foreground, list: bool) {
        match self.completer.complete(self.line.before_cursor()) {
            Completion::Nothing => {}
            Completion::Replace { start, text, is_decided } => {
                self.line.replace_before_cursor(start, &text);
                self.tab_pending = !is_decided;
            }
            Completion::Candidates(candidates) => {
                if list {
                    let text = crate::commands::column_layout(&candidates, console.columns());
                    self.renderer.print_below(console, &self.line, &text);
                }
                self.tab_pending = true;
            }
        }
    }
}

/// Keeps what was cut, unless it was nothing.
fn keep(cut: &mut Vec<char>, text: Vec<char>) {
    if !text.is_empty() {
        *cut = text;
    }
}
