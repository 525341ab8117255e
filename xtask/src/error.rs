//! The one error of the tool: a sentence for the person at the keyboard.
//!
//! Nothing here is handled by kind: every failure ends the task and is printed. So an error is its
//! message, with what was being done in front of what went wrong.

use std::fmt;

/// What went wrong, in words.
#[derive(Debug)]
pub struct Error(String);

/// The result of everything that can fail here.
pub type Result<T = ()> = std::result::Result<T, Error>;

impl Error {
    /// An error that says `message`.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

/// Puts what was being done in front of an error.
pub trait Context<T> {
    /// `what` completes "could not": "read the log", "start QEMU".
    fn context(self, what: impl fmt::Display) -> Result<T>;
}

impl<T, E: fmt::Display> Context<T> for std::result::Result<T, E> {
    fn context(self, what: impl fmt::Display) -> Result<T> {
        self.map_err(|error| Error(format!("could not {what}: {error}")))
    }
}

/// Ends the function with an [`Error`] built like `format!`.
macro_rules! fail {
    ($($argument:tt)*) => { return Err($crate::error::Error::new(format!($($argument)*))) };
}
pub(crate) use fail;
