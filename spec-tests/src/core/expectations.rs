//! What is known not to pass.
//!
//! A line of `expectations.txt` is `suite/script.wast reason` when the script as a whole needs something that is not
//! there (at least one of its directives fails), or `suite/script.wast:LINE reason` for one directive. `#` begins a comment.

use std::collections::BTreeMap;

use hostel_cli::wast::Report;

use super::Script;

/// The contents of `expectations.txt`.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    scripts: BTreeMap<String, Expected>,
}

#[derive(Clone, Debug)]
enum Expected {
    /// Something in the script fails.
    Script,
    /// Exactly the directives on these lines fail.
    Lines(Vec<usize>),
}

impl Expectations {
    /// The expectations of this crate.
    ///
    /// # Errors
    ///
    /// A line that is not of the form above.
    pub fn load() -> Result<Expectations, String> {
        Expectations::parse(include_str!("../../expectations.txt"))
    }

    fn parse(text: &str) -> Result<Expectations, String> {
        let mut scripts = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |what: &str| format!("expectations.txt:{}: {what}", number + 1);
            let (place, _reason) = line.split_once(char::is_whitespace).ok_or_else(|| wrong("a reason is missing"))?;
            let (path, line) = match place.split_once(':') {
                Some((path, line)) => (path, Some(line.parse().map_err(|_| wrong("not a line number"))?)),
                None => (place, None),
            };
            match (scripts.get_mut(path), line) {
                (None, None) => drop(scripts.insert(path.to_owned(), Expected::Script)),
                (None, Some(line)) => drop(scripts.insert(path.to_owned(), Expected::Lines(vec![line]))),
                (Some(Expected::Lines(lines)), Some(line)) => lines.push(line),
                (Some(_), _) => return Err(wrong("the script stands here already")),
            }
        }
        Ok(Expectations { scripts })
    }

    /// Paths of scripts that stand in the file and not in `scripts`.
    pub fn unknown(&self, scripts: &[Script]) -> Vec<String> {
        let known: Vec<String> = scripts.iter().map(Script::path).collect();
        self.scripts.keys().filter(|path| !known.contains(path)).cloned().collect()
    }

    /// Whether a script stands in the file, as a whole or with some lines.
    pub fn mentions(&self, script: &Script) -> bool {
        self.scripts.contains_key(&script.path())
    }

    /// Compares what came of a script with what was expected; `Err` is a text with one line for each difference.
    pub fn check(&self, script: &Script, result: &Result<Report, String>) -> Result<(), String> {
        let path = script.path();
        let expected = self.scripts.get(&path);
        let report = match (result, expected) {
            (Err(_), Some(Expected::Script)) => return Ok(()),
            (Err(error), _) => return Err(format!("{error}\n")),
            (Ok(report), _) => report,
        };
        let mut differences = String::new();
        match expected {
            Some(Expected::Script) if report.failures().next().is_none() => {
                differences += &format!("{path}: passes unexpectedly: take it out of expectations.txt\n");
            }
            Some(Expected::Script) => {}
            other => {
                let lines: &[usize] = if let Some(Expected::Lines(lines)) = other { lines } else { &[] };
                for failure in report.failures().filter(|failure| !lines.contains(&failure.line)) {
                    differences += &format!("{path}:{failure}\n");
                }
                for line in lines.iter().filter(|line| !report.failures().any(|failure| failure.line == **line)) {
                    differences += &format!("{path}:{line}: passes unexpectedly: take it out of expectations.txt\n");
                }
            }
        }
        if differences.is_empty() { Ok(()) } else { Err(differences) }
    }
}
