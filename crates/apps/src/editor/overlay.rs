//! What lies over the text and takes everything: questions, the list of files, the menu; and what their answers do.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use ui::kit::{Dialog, DialogOutcome, Menu, MenuOutcome};
use ui::{App, Host, KeyEvent, PointerEvent};

use super::Editor;
use super::commands::Command;
use crate::chooser::{Choice, Chooser, Purpose};
use crate::path;

/// Where a new file is offered to be saved.
const HOME: &str = "/disk";

/// What goes on once nothing unsaved is in the way any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Close,
    New,
    Open(String),
}

/// What a dialog's answer is for.
#[derive(Clone, Debug)]
pub(super) enum Question {
    /// Save, discard or cancel, before this.
    Unsaved(Next),
    /// Write over a file that was changed by somebody else, or is another one.
    Overwrite(String),
    /// The number of the line to go to.
    Line,
    /// Something to read.
    Message,
}

/// What lies over the window and takes everything.
pub(super) enum Overlay {
    None,
    Dialog(Box<Dialog>, Question),
    Chooser(Box<Chooser>),
    Menu(Menu<Command>),
}

impl Editor {
    pub(super) fn show_dialog(&mut self, mut dialog: Dialog, question: Question) {
        dialog.lay_out(self.size);
        self.overlay = Overlay::Dialog(Box::new(dialog), question);
    }

    /// Shows a message that has to be read.
    pub(super) fn show_message(&mut self, heading: &str, text: &str) {
        self.show_dialog(Dialog::new(heading, text, &["OK"], 0), Question::Message);
    }

    /// Does something after which this text is gone; asks first if it is not saved.
    pub(super) fn leave_for(&mut self, next: Next, host: &mut dyn Host) {
        if !self.has_unsaved_changes() {
            self.go_on(next, host);
            return;
        }
        let text = format!("The changes to \"{}\" are lost if you discard them.", self.name());
        let dialog = Dialog::new("Save the changes?", &text, &["Discard", "Cancel", "Save"], 2);
        self.show_dialog(dialog, Question::Unsaved(next));
    }

    pub(super) fn go_on(&mut self, next: Next, host: &mut dyn Host) {
        match next {
            Next::Close => self.is_closing = true,
            Next::New => self.start_anew(None),
            Next::Open(path) => self.load(&path, host),
        }
    }

    pub(super) fn choose(&mut self, purpose: Purpose, host: &mut dyn Host) {
        let start = match (&self.path, purpose) {
            (Some(path), Purpose::Save) => path.clone(),
            (Some(path), Purpose::Open) => path::join(path::parent(path), ""),
            (None, Purpose::Open) => path::join(HOME, ""),
            (None, Purpose::Save) => path::join(HOME, "untitled.txt"),
        };
        self.overlay = Overlay::Chooser(Box::new(Chooser::new(purpose, &start, self.size, host)));
    }

    /// Does what a dialog was answered with; None is Escape. `text` is what its field held.
    pub(super) fn answer(
        &mut self,
        question: Question,
        answer: Option<usize>,
        text: &str,
        host: &mut dyn Host,
    ) {
        match (question, answer) {
            (Question::Unsaved(next), Some(0)) => self.go_on(next, host),
            (Question::Unsaved(next), Some(2)) => {
                self.next = Some(next);
                self.save(host);
            }
            (Question::Overwrite(path), Some(1)) => self.save_to(&path, host),
            (Question::Line, Some(1)) => {
                if let Ok(line) = text.trim().parse::<usize>() {
                    self.go_to_line(line);
                }
            }
            (Question::Message, _) => {}
            _ => self.next = None,
        }
    }

    pub(super) fn overlay_key(&mut self, event: &KeyEvent, host: &mut dyn Host) -> bool {
        match &mut self.overlay {
            Overlay::None => false,
            Overlay::Dialog(dialog, _) => {
                let outcome = dialog.key(event, host);
                self.take_dialog(outcome, host)
            }
            Overlay::Chooser(chooser) => {
                let choice = chooser.key(event, host);
                self.take_choice(choice, host)
            }
            Overlay::Menu(menu) => {
                let outcome = menu.key(event);
                self.take_menu(outcome, host)
            }
        }
    }

    pub(super) fn overlay_pointer(&mut self, event: &PointerEvent, host: &mut dyn Host) -> bool {
        match &mut self.overlay {
            Overlay::None => false,
            Overlay::Dialog(dialog, _) => {
                let outcome = dialog.pointer(event, host);
                self.take_dialog(outcome, host)
            }
            Overlay::Chooser(chooser) => {
                let choice = chooser.pointer(event, host);
                self.take_choice(choice, host)
            }
            Overlay::Menu(menu) => {
                let outcome = menu.pointer(event);
                self.take_menu(outcome, host)
            }
        }
    }

    pub(super) fn close_overlay(&mut self) -> Overlay {
        self.painted.forget();
        core::mem::replace(&mut self.overlay, Overlay::None)
    }

    pub(super) fn take_dialog(&mut self, outcome: DialogOutcome, host: &mut dyn Host) -> bool {
        let answer = match outcome {
            DialogOutcome::Nothing => return false,
            DialogOutcome::Changed => return true,
            DialogOutcome::Answered(index) => Some(index),
            DialogOutcome::Dismissed => None,
        };
        if let Overlay::Dialog(dialog, question) = self.close_overlay() {
            self.answer(question, answer, dialog.field_text(), host);
        }
        true
    }

    pub(super) fn take_choice(&mut self, choice: Choice, host: &mut dyn Host) -> bool {
        match choice {
            Choice::Nothing => return false,
            Choice::Changed => {}
            Choice::Dismissed => {
                self.next = None;
                self.close_overlay();
            }
            Choice::Path(path) => {
                if let Overlay::Chooser(chooser) = self.close_overlay() {
                    match chooser.purpose {
                        Purpose::Open => self.leave_for(Next::Open(path), host),
                        Purpose::Save => self.save_as(path, host),
                    }
                }
            }
        }
        true
    }

    pub(super) fn take_menu(&mut self, outcome: MenuOutcome<Command>, host: &mut dyn Host) -> bool {
        match outcome {
            MenuOutcome::Nothing => return false,
            MenuOutcome::Changed => {}
            MenuOutcome::Dismissed => drop(self.close_overlay()),
            MenuOutcome::Chosen(command) => {
                self.close_overlay();
                self.perform(command, host);
            }
        }
        true
    }
}
