//! The loop: prompt, line, words, command, and again.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::commands::{self, Command};
use crate::console::{Console, Foreground};
use crate::editor::{Completer, Editor, Prompt, ReadLine};
use crate::failure::{Failure, Outcome};
use crate::parse::{self, Token};
use crate::path;
use crate::system::System;

/// Scripts may run scripts, so deep.
const MAX_SCRIPT_DEPTH: usize = 8;

/// One shell at one terminal.
pub struct Shell {
    system: Arc<dyn System>,
    console: Foreground,
    editor: Editor,
    state: State,
}

/// What one command leaves for the next. A parallel job works on a copy.
#[derive(Clone)]
pub(crate) struct State {
    /// The current directory, resolved.
    pub(crate) directory: String,
    /// Lines entered, oldest first.
    pub(crate) history: Vec<String>,
    /// Set by `exit`.
    pub(crate) ended: bool,
    /// How many scripts are running inside each other.
    pub(crate) script_depth: usize,
    /// The line that runs has a command that changes files.
    pub(crate) has_changed_files: bool,
}

impl Shell {
    /// A shell in `directory`, an absolute path, or in `/` when there is none such.
    pub fn new(system: Arc<dyn System>, directory: &str) -> Shell {
        let exists = system.list(directory).is_ok();
        let state = State {
            directory: if exists { directory.to_string() } else { "/".to_string() },
            history: Vec::new(),
            ended: false,
            script_depth: 0,
            has_changed_files: false,
        };
        Shell { console: Foreground::new(system.clone()), editor: Editor::new(), system, state }
    }

    /// Greets, then takes commands until `exit`, Ctrl+D or the end of the window.
    pub fn run(&mut self) {
        let greeting =
            format!("\x1b[1m{}\x1b[m\nType \x1b[1mhelp\x1b[m for the commands.\n", self.system.version());
        self.console.write(&greeting);
        while !self.state.ended {
            self.console.fresh_line();
            let prompt = Prompt::for_directory(&self.state.directory);
            let completer = Completer { system: &*self.system, directory: &self.state.directory };
            match self.editor.read_line(&mut self.console, &prompt, &self.state.history, &completer) {
                ReadLine::Line(line) => {
                    commands::remember(&mut self.state.history, &line);
                    self.execute(&line);
                }
                ReadLine::Abandoned => {}
                ReadLine::End => break,
            }
            if self.console.is_closed() {
                break;
            }
        }
    }

    fn execute(&mut self, line: &str) {
        let mut session =
            Session { system: &self.system, console: &mut self.console, state: &mut self.state };
        session.state.has_changed_files = false;
        // A failure has been shown where it happened; the prompt comes back either way.
        let _ = session.run_line(line);
        if session.state.has_changed_files
            && let Err(error) = session.system.sync()
        {
            session.complain(&format!("not everything could be put on the disk: {error} (see dmesg)"));
        }
    }
}

/// What a command works with.
pub(crate) struct Session<'a> {
    pub(crate) system: &'a Arc<dyn System>,
    pub(crate) console: &'a mut dyn Console,
    pub(crate) state: &'a mut State,
}

impl Session<'_> {
    /// Runs the commands of a line, one after the other; an interrupt skips the rest. The result
    /// is that of the last one; failures have been shown.
    pub(crate) fn run_line(&mut self, line: &str) -> Outcome {
        let tokens = match parse::tokenize(line) {
            Ok(tokens) => tokens,
            Err(error) => {
                self.complain(&error.to_string());
                return Err(Failure::Message(error.to_string()));
            }
        };
        let mut outcome = Ok(());
        for command in tokens.split(|token| *token == Token::Semicolon) {
            outcome = self.run_command(command);
            if matches!(outcome, Err(Failure::Interrupted)) || self.state.ended {
                break;
            }
        }
        outcome
    }

    fn run_command(&mut self, tokens: &[Token]) -> Outcome {
        // Words, in one list for each side of an `&`.
        let mut parts: Vec<Vec<String>> = tokens
            .split(|token| *token == Token::Ampersand)
            .map(|part| {
                part.iter()
                    .filter_map(|token| match token {
                        Token::Word(word) => Some(word.clone()),
                        Token::Ampersand | Token::Semicolon => None,
                    })
                    .collect()
            })
            .collect();
        let is_parallel = parts[0].first().is_some_and(|word| word == "parallel");
        let outcome = if is_parallel && parts[0].get(1).is_none_or(|word| word != "--help") {
            parts[0].remove(0);
            commands::parallel(self, parts)
        } else if parts.len() > 1 {
            Err(Failure::Message("& stands only between the commands of: parallel CMD & CMD".to_string()))
        } else {
            self.run_words(&parts[0])
        };
        let name = if is_parallel {
            "parallel"
        } else {
            tokens
                .iter()
                .find_map(|token| match token {
                    Token::Word(word) => Some(word.as_str()),
                    _ => None,
                })
                .unwrap_or("")
        };
        self.show_failure(name, &outcome);
        outcome
    }

    /// Runs one command given as words. Its failure is returned, not shown.
    pub(crate) fn run_words(&mut self, words: &[String]) -> Outcome {
        let Some((name, arguments)) = words.split_first() else { return Ok(()) };
        let Some(command) = commands::find(name) else {
            return Err(Failure::Message(match commands::similar(name) {
                Some(similar) => format!("no such command (did you mean {similar}?)"),
                None => "no such command (try help)".to_string(),
            }));
        };
        if arguments.iter().any(|argument| argument == "--help") {
            self.print(&usage(command));
            return Ok(());
        }
        self.state.has_changed_files |= commands::changes_files(command);
        (command.run)(self, arguments)
    }

    /// The path that an argument names, as seen from the current directory. An empty argument names nothing: taken for
    /// the current directory, `rm -r ""` would empty that.
    pub(crate) fn resolve(&self, argument: &str) -> Result<String, Failure> {
        if argument.is_empty() {
            return Err(Failure::Message("'' names no file".to_string()));
        }
        Ok(path::resolve(&self.state.directory, argument))
    }

    pub(crate) fn show_failure(&mut self, name: &str, outcome: &Outcome) {
        match outcome {
            Ok(()) => {}
            Err(Failure::Interrupted) => self.print("^C\n"),
            Err(Failure::Usage(command)) => self.print(&usage(command)),
            Err(Failure::Message(message)) if name.is_empty() => self.complain(message),
            Err(Failure::Message(message)) => self.complain(&format!("{name}: {message}")),
        }
    }

    pub(crate) fn print(&mut self, text: &str) {
        self.console.write(text);
    }

    fn complain(&mut self, message: &str) {
        self.print(&format!("\x1b[91m{message}\x1b[m\n"));
    }

    /// Whether another script may start inside the ones that run.
    pub(crate) fn may_nest(&self) -> bool {
        self.state.script_depth < MAX_SCRIPT_DEPTH
    }
}

fn usage(command: &Command) -> String {
    format!("usage: {}\n  {}\n", command.usage, command.summary)
}
