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

use hostel_engine::Escaped;

use crate::output;

/// A failure of the command.
#[derive(Debug)]
pub(crate) struct Failure {
    status: u8,
    /// Without the leading `hostel: `. Guests' text in it is escaped where it is put in.
    message: String,
    /// What follows the message: a line for each frame.
    backtrace: Vec<String>,
}

impl Failure {
    /// Something is not usable.
    pub(crate) fn new(message: impl Into<String>) -> Failure {
        Failure::with_status(1, message)
    }

    fn with_status(status: u8, message: impl Into<String>) -> Failure {
        Failure { status, message: message.into(), backtrace: Vec::new() }
    }

    /// A file is not usable.
    pub(crate) fn file(file: &Path, problem: impl Display) -> Failure {
        Failure::new(format!("{}: {problem}", path(file)))
    }

    /// The command line is wrong; `command` is what to ask for help.
    pub(crate) fn usage(message: impl Display, command: &str) -> Failure {
        Failure::with_status(2, format!("{message} (see `{command} --help`)"))
    }

    /// The guest was stopped because a budget is spent.
    pub(crate) fn spent(file: &Path, what: impl Display) -> Failure {
        Failure::with_status(124, format!("{}: {what}", path(file)))
    }

    /// The guest trapped; `backtrace` has a line for each frame.
    pub(crate) fn trap(file: &Path, what: impl Display, backtrace: Vec<String>) -> Failure {
        Failure { backtrace, ..Failure::with_status(134, format!("{}: {what}", path(file))) }
    }

    /// The exit status.
    pub(crate) fn status(&self) -> u8 {
        self.status
    }

    /// Writes the message to stderr and returns the status.
    pub(crate) fn report(&self) -> ExitCode {
        let mut text = format!("hostel: {}\n", one_line(&self.message));
        for frame in &self.backtrace {
            text += &format!("{}\n", one_line(frame));
        }
        output::tell(&text);
        ExitCode::from(self.status)
    }
}

/// A path in a message. Whoever made the file has chosen its name, which may be a guest.
pub(crate) fn path(path: &Path) -> String {
    Escaped(&path.to_string_lossy()).to_string()
}

/// The last look at a line before it is printed: what the command's user has typed, and what a place that puts text in has
/// forgotten. What is escaped already stays as it is.
fn one_line(text: &str) -> String {
    let parts: Vec<String> = text.split('\\').map(|part| Escaped(part).to_string()).collect();
    parts.join("\\")
}

/// An error's text without the system's number for it, which tells a reader nothing.
pub(crate) fn without_number(error: &impl Display) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_and_what_is_escaped_stays() {
        assert_eq!(one_line("a\nhostel: b\u{1b}[2J\u{202e}"), r"a\nhostel: b\u{1b}[2J\u{202e}");
        assert_eq!(one_line(&one_line("a\nb\\c\"'é")), r#"a\nb\c"'é"#);
        assert_eq!(path(Path::new("a\nhostel: b")), r"a\nhostel: b");
    }
}
