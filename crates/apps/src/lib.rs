//! The programs of the desktop: [`Terminal`], [`FileManager`], [`Editor`], [`Monitor`], [`Snake`] and [`About`].
//!
//! Each is pure code over `ui`'s [`App`] and `Host`: events in, pixels and requests out. The list
//! that the launcher shows is [`all`], and [`open`] makes a program from its name there.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod about;
mod chooser;
pub mod editor;
pub mod files;
mod monitor;
mod path;
mod snake;
mod terminal;
mod trouble;

use alloc::boxed::Box;
use alloc::string::String;

use gfx::Icon;
use ui::{App, AppInfo};

pub use about::About;
pub use editor::Editor;
pub use files::FileManager;
pub use monitor::Monitor;
pub use snake::Snake;
pub use terminal::Terminal;

/// What a program may say of the machine that never changes while it runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachineFacts {
    /// The system's version, such as `0.1.0`.
    pub version: String,
    /// Who loaded the kernel, such as `Limine 8.2.0`.
    pub loader: String,
    /// The processor as it calls itself (CPUID's brand string).
    pub processor: String,
    /// The screen's mode, such as `1280 × 800`.
    pub display: String,
}

/// Every program, in the order in which the dock and the launcher show them.
pub fn all() -> &'static [AppInfo] {
    static ALL: [AppInfo; 6] = [
        AppInfo {
            id: "terminal",
            name: "Terminal",
            summary: "A command line.",
            icon: Icon::Terminal,
            in_launcher: true,
        },
        AppInfo {
            id: "files",
            name: "Files",
            summary: "Folders and what is in them.",
            icon: Icon::Files,
            in_launcher: true,
        },
        AppInfo {
            id: "editor",
            name: "Text Editor",
            summary: "Write and change text files.",
            icon: Icon::Editor,
            in_launcher: true,
        },
        AppInfo {
            id: "monitor",
            name: "System Monitor",
            summary: "Load, memory and threads.",
            icon: Icon::Monitor,
            in_launcher: true,
        },
        AppInfo {
            id: "snake",
            name: "Snake",
            summary: "Eat, grow, don't bite yourself.",
            icon: Icon::Snake,
            in_launcher: true,
        },
        AppInfo {
            id: "about",
            name: "About",
            summary: "This system and its keyboard shortcuts.",
            icon: Icon::About,
            in_launcher: true,
        },
    ];
    &ALL
}

/// A new instance of the program called `id`, on the file or directory at `path` if it opens such; `None` when there is
/// no such program.
pub fn open(id: &str, path: Option<&str>, facts: &MachineFacts) -> Option<Box<dyn App>> {
    Some(match id {
        "terminal" => Box::new(Terminal::new()),
        "files" => Box::new(FileManager::new(path)),
        "editor" => Box::new(Editor::new(path)),
        "monitor" => Box::new(Monitor::new()),
        "snake" => Box::new(Snake::new()),
        "about" => Box::new(About::new(facts.clone())),
        _ => return None,
    })
}
