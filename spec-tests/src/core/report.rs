//! What came of the specification's suite: a table for people, JSON for programs.

use std::fmt::Write;

use hostel_cli::wast::Report;
use serde_json::{Value, json};

/// What came of one script in one setup.
#[derive(Clone, Debug)]
pub struct ScriptResult {
    /// The directory it is in.
    pub suite: String,
    /// Its file's name.
    pub name: String,
    /// Whether it stands in `expectations.txt`, as a whole or with some lines.
    pub expected: bool,
    /// Its directives, or why it could not be run.
    pub outcome: Result<Report, String>,
    /// What is not as expected.
    pub differences: Vec<String>,
}

impl ScriptResult {
    fn directives(&self) -> usize {
        self.outcome.as_ref().map_or(0, |report| report.directives.len())
    }

    fn passed(&self) -> usize {
        self.outcome.as_ref().map_or(0, Report::passed)
    }

    fn passes(&self) -> bool {
        self.outcome.is_ok() && self.passed() == self.directives()
    }
}

/// What came of all scripts in one setup.
#[derive(Clone, Debug)]
pub struct SetupResult {
    /// The setup's name.
    pub setup: &'static str,
    /// The scripts, those of a directory side by side.
    pub scripts: Vec<ScriptResult>,
}

impl SetupResult {
    /// Whether nothing differs from what is expected.
    pub fn as_expected(&self) -> bool {
        self.scripts.iter().all(|script| script.differences.is_empty())
    }

    fn suites(&self) -> impl Iterator<Item = &[ScriptResult]> {
        self.scripts.chunk_by(|a, b| a.suite == b.suite)
    }
}

/// For each setup a line for each directory and one for the sum; then, if asked for, what fails as expected; then what
/// differs from the expectations.
pub fn table(results: &[SetupResult], all: bool) -> String {
    // Writing to a string does not fail.
    let mut text = String::new();
    for result in results {
        let _ = writeln!(text, "setup {}", result.setup);
        let _ = writeln!(text, "{:38} {:>7} {:>7} {:>8} {:>15}", "suite", "scripts", "pass", "expected", "directives");
        let sum = std::iter::once(("all", &result.scripts[..]));
        for (name, scripts) in result.suites().map(|scripts| (scripts[0].suite.as_str(), scripts)).chain(sum) {
            let count = |of: fn(&ScriptResult) -> usize| scripts.iter().map(of).sum::<usize>();
            let directives = format!("{}/{}", count(ScriptResult::passed), count(ScriptResult::directives));
            let (passes, expected) = (count(|script| script.passes().into()), count(|script| script.expected.into()));
            let _ = writeln!(text, "{name:38} {:>7} {passes:>7} {expected:>8} {directives:>15}", scripts.len());
        }
    }
    for result in results.iter().filter(|_| all) {
        for script in &result.scripts {
            match &script.outcome {
                Ok(report) => {
                    for failure in report.failures() {
                        let _ = writeln!(text, "{} {}/{}:{failure}", result.setup, script.suite, script.name);
                    }
                }
                Err(error) => {
                    let _ = writeln!(text, "{} {error}", result.setup);
                }
            }
        }
    }
    if !results.iter().all(SetupResult::as_expected) {
        text += "\nunexpected:\n";
        for result in results {
            for difference in result.scripts.iter().flat_map(|script| &script.differences) {
                let _ = writeln!(text, "{} {difference}", result.setup);
            }
        }
    }
    text
}

/// The same with each script, and each of its directives that does not pass.
pub fn report(results: &[SetupResult]) -> Value {
    let script = |script: &ScriptResult| {
        let failures: Vec<Value> = match &script.outcome {
            Ok(report) => report
                .failures()
                .map(
                    |failure| json!({ "line": failure.line, "kind": failure.kind, "reason": failure.verdict.reason() }),
                )
                .collect(),
            Err(error) => vec![json!({ "reason": error })],
        };
        json!({
            "name": script.name, "directives": script.directives(), "passed": script.passed(),
            "in_expectations": script.expected, "failures": failures, "unexpected": script.differences,
        })
    };
    let suite = |scripts: &[ScriptResult]| {
        let count = |of: fn(&ScriptResult) -> usize| scripts.iter().map(of).sum::<usize>();
        json!({
            "name": scripts[0].suite, "directives": count(ScriptResult::directives), "passed": count(ScriptResult::passed),
            "scripts": scripts.iter().map(script).collect::<Vec<_>>(),
        })
    };
    let setup = |result: &SetupResult| {
        let suites: Vec<Value> = result.suites().map(suite).collect();
        json!({ "setup": result.setup, "as_expected": result.as_expected(), "suites": suites })
    };
    json!({
        "as_expected": results.iter().all(SetupResult::as_expected),
        "setups": results.iter().map(setup).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hostel_cli::wast::{Directive, Verdict};

    fn script(suite: &str, name: &str, fails: bool, differences: &[&str]) -> ScriptResult {
        let directive = |line, verdict| Directive { line, kind: "assert_return", verdict };
        let second = if fails { Verdict::Fail("7, not 8".into()) } else { Verdict::Pass };
        let directives = vec![directive(1, Verdict::Pass), directive(2, second)];
        ScriptResult {
            suite: suite.into(),
            name: name.into(),
            expected: fails,
            outcome: Ok(Report { directives }),
            differences: differences.iter().map(|&text| text.into()).collect(),
        }
    }

    #[test]
    fn sums_stand_beside_each_directory() {
        let scripts =
            vec![script("a", "x", false, &[]), script("a", "y", true, &[]), script("b", "z", false, &["odd"])];
        let results = [SetupResult { setup: "loop", scripts }];
        let text = table(&results, true);
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[2], ["a", "2", "1", "1", "3/4"]);
        assert_eq!(lines[3], ["b", "1", "1", "0", "2/2"]);
        assert_eq!(lines[4], ["all", "3", "2", "1", "5/6"]);
        assert!(text.contains("loop a/y:2: assert_return: 7, not 8"), "{text}");
        assert!(text.ends_with("unexpected:\nloop odd\n"), "{text}");
        let json = report(&results);
        assert_eq!(json["as_expected"], false);
        assert_eq!(json["setups"][0]["suites"][0]["passed"], 3);
        assert_eq!(json["setups"][0]["suites"][0]["scripts"][1]["failures"][0]["line"], 2);
    }
}
