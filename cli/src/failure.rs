//! Why the command ends otherwise than the guest did: a line for stderr and an exit status.
//!
//! | status | meaning |
//! |---|---|
//! | 1 | a file, directory, address or module is not usable |
//! | 2 | the command line is wrong |
//! | 124 | the time or the fuel is spent |
//! | 134 | the guest trapped |

use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;

use crate::output;

/// A failure of the command.
#[derive(Debug)]
pub(crate) struct Failure {
    status: u8,
    /// Without the leading `hostel: `; lines after the first are a backtrace's.
    message: String,
}

impl Failure {
    /// Something is not usable.
    pub(crate) fn new(message: impl Into<String>) -> Failure {
        Failure { status: 1, message: message.into() }
    }

    /// A file is not usable.
    pub(crate) fn file(file: &Path, problem: impl Display) -> Failure {
        Failure::new(format!("{}: {problem}", file.display()))
    }

    /// The command line is wrong; `command` is what to ask for help.
    pub(crate) fn usage(message: impl Display, command: &str) -> Failure {
        Failure { status: 2, message: format!("{message} (see `{command} --help`)") }
    }

    /// The guest was stopped because a budget is spent.
    pub(crate) fn spent(file: &Path, what: impl Display) -> Failure {
        Failure { status: 124, message: format!("{}: {what}", file.display()) }
    }

    /// The guest trapped; `backtrace` has a line for each frame.
    pub(crate) fn trap(file: &Path, what: impl Display, backtrace: &str) -> Failure {
        Failure { status: 134, message: format!("{}: {what}\n{backtrace}", file.display()) }
    }

    /// The exit status.
    pub(crate) fn status(&self) -> u8 {
        self.status
    }

    /// Writes the message to stderr and returns the status.
    pub(crate) fn report(&self) -> ExitCode {
        output::tell(&format!("hostel: {}\n", printable(&self.message)));
        ExitCode::from(self.status)
    }
}

/// Names come from guests: what would steer a terminal is shown escaped.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.trim_end().chars() {
        if c.is_control() && c != '\n' { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// An error's text without the system's number for it, which tells a reader nothing.
pub(crate) fn without_number(error: &impl Display) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}
