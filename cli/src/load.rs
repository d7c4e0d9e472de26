//! From a file to the bytes of a module: binary as it is, text translated.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use wast::Wat;
use wast::parser::{self, ParseBuffer};

use crate::failure::{Failure, path, without_number};
use crate::wast::SyntaxError;

/// Reads a module of at most `limit` bytes. Text is known by its content: it begins with `(` or a comment.
pub(crate) fn module(file: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let bytes = read(file, limit)?;
    if !looks_like_text(file, &bytes) {
        return Ok(bytes);
    }
    let text = text(file, bytes)?;
    translate(&text).map_err(|error| Failure::new(format!("{}:{error}", path(file))))
}

/// Reads a file of UTF-8 text.
pub(crate) fn script(file: &Path, limit: usize) -> Result<String, Failure> {
    text(file, read(file, limit)?)
}

fn text(file: &Path, bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::file(file, format_args!("the text is not UTF-8 at byte {at}"))
    })
}

/// Reads no more than the limit: the file may be a device without an end.
fn read(file: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let result = File::open(file).and_then(|opened| opened.take(limit as u64 + 1).read_to_end(&mut bytes));
    match result {
        Ok(_) if bytes.len() > limit => Err(Failure::file(file, format_args!("larger than {limit} bytes"))),
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == ErrorKind::IsADirectory => {
            Err(Failure::file(file, "is a directory, expected a WebAssembly file"))
        }
        Err(error) => Err(Failure::file(file, without_number(&error))),
    }
}

fn looks_like_text(file: &Path, bytes: &[u8]) -> bool {
    let named_text = || file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("wat"));
    let start = bytes.trim_ascii_start();
    start.starts_with(b"(")
        || start.starts_with(b";;")
        || (named_text() && !start.is_empty() && !start.starts_with(b"\0asm"))
}

fn translate(text: &str) -> Result<Vec<u8>, SyntaxError> {
    let syntax = |error: wast::Error| SyntaxError::new(&error, text);
    let buffer = ParseBuffer::new(text).map_err(syntax)?;
    let mut wat: Wat<'_> = parser::parse(&buffer).map_err(|error| {
        let mut error = syntax(error);
        // The parser's words for `(component` when it was built without components.
        if error.message.contains("component") && error.message.contains("disabled at compile time") {
            error.message = "this is a WebAssembly component; hostel runs core modules (WASI preview1)".into();
        }
        error
    })?;
    wat.encode().map_err(syntax)
}
