//! Writing to stdout and stderr without the panics of `println!` and `eprintln!`.

use std::io::{self, ErrorKind, Write};

use crate::failure::{Failure, without_number};

/// Writes text to stdout. A reader that has gone away (`| head`) has seen enough: that is no failure.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write to stdout: {}", without_number(&error))))
        }
        _ => Ok(()),
    }
}

/// Writes text to stderr, in one go. When it is closed there is nobody to tell.
pub(crate) fn tell(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
