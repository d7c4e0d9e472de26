//! wc: counts lines, words and bytes of files, or of stdin.
//!
//! usage: wc [FILE | -]...
//! One row per input, `lines words bytes name`, and a total when there are several. Words are separated by ASCII
//! white space. Exit code 1 when a file cannot be read.

use std::fs::File;
use std::io::{self, Read, Write};
use std::process::ExitCode;

#[derive(Default, Clone, Copy)]
struct Counts {
    lines: u64,
    words: u64,
    bytes: u64,
}

impl Counts {
    fn of(input: &mut dyn Read) -> io::Result<Counts> {
        let mut counts = Counts::default();
        let mut in_word = false;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let got = match input.read(&mut buffer) {
                Ok(0) => return Ok(counts),
                Ok(got) => got,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            counts.bytes += got as u64;
            for &byte in &buffer[..got] {
                let space = matches!(byte, b' ' | b'\t'..=b'\r');
                counts.lines += u64::from(byte == b'\n');
                counts.words += u64::from(!space && !in_word);
                in_word = !space;
            }
        }
    }

    fn add(&mut self, other: Counts) {
        self.lines += other.lines;
        self.words += other.words;
        self.bytes += other.bytes;
    }

    fn print(&self, name: &str) -> io::Result<()> {
        let Counts { lines, words, bytes } = self;
        writeln!(io::stdout(), "{lines:>7} {words:>7} {bytes:>7} {name}")
    }
}

fn count(name: &str) -> io::Result<Counts> {
    match name {
        "-" => Counts::of(&mut io::stdin().lock()),
        path => Counts::of(&mut File::open(path)?),
    }
}

fn main() -> ExitCode {
    let mut names: Vec<String> = std::env::args_os().skip(1).map(|name| name.to_string_lossy().into_owned()).collect();
    if names.is_empty() {
        names.push("-".to_owned());
    }
    let mut total = Counts::default();
    let mut failed = false;
    for name in &names {
        match count(name).and_then(|counts| counts.print(name).map(|()| counts)) {
            Ok(counts) => total.add(counts),
            Err(error) => {
                eprintln!("wc: {name}: {error}");
                failed = true;
            }
        }
    }
    if names.len() > 1 {
        failed |= total.print("total").is_err();
    }
    ExitCode::from(u8::from(failed))
}
