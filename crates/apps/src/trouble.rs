//! What went wrong with a file, in words that say what to do next.

use alloc::format;
use alloc::string::String;

use ui::FileError;

/// A sentence or two about `error`, which came of something done to the file or directory called `name`.
pub(crate) fn explain(name: &str, error: FileError) -> String {
    match error {
        FileError::NotFound => {
            format!("\"{name}\" is no longer there. Refresh the list (F5), or look for its new place.")
        }
        FileError::AlreadyExists => {
            format!("There is something called \"{name}\" already. Choose another name.")
        }
        FileError::NotADirectory => {
            format!("\"{name}\" is a file, not a folder. Go back and look at its folder.")
        }
        FileError::IsADirectory => format!("\"{name}\" is a folder. Choose the name of a file."),
        FileError::DirectoryNotEmpty => {
            format!("The folder \"{name}\" has got something in it again. Try once more.")
        }
        FileError::InvalidName => {
            format!("\"{name}\" can't be a name here. Use up to 255 characters, none of / \\ : * ? \" < > |.")
        }
        FileError::NoSpace => {
            String::from("There is no room left. Empty the trash or remove something, then try again.")
        }
        FileError::OutOfMemory => String::from("There is not enough memory. Close a window, then try again."),
        FileError::TooLarge => {
            format!("\"{name}\" is too large for this. Choose another place or a smaller file.")
        }
        FileError::ReadOnly => {
            String::from("The disk can only be read. Save to /tmp, and see dmesg for the reason.")
        }
        FileError::Busy => format!("\"{name}\" is in use. Close what has it open, then try again."),
        FileError::Device => {
            String::from("The disk failed or is damaged. Copy what matters elsewhere, and see dmesg.")
        }
        FileError::OtherFileSystem => format!("\"{name}\" lies on another disk. Copy it instead."),
        FileError::TooManyLinks => format!("\"{name}\" is a link that leads in a circle."),
        FileError::NoDevice | FileError::BrokenPipe | FileError::Interrupted | FileError::Unsupported => {
            format!("That can't be done with \"{name}\".")
        }
    }
}
