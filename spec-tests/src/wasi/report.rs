//! What came of a run: a table for people, JSON for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::fixture::Fs;
use super::run::Outcome;

/// What came of one suite on one file system.
#[derive(Clone, Debug)]
pub struct SuiteResult {
    /// The suite's name.
    pub suite: String,
    /// The file system.
    pub fs: Fs,
    /// The cases' names, and what came of them.
    pub cases: Vec<(String, Outcome)>,
}

impl SuiteResult {
    /// How many cases passed.
    pub fn passed(&self) -> usize {
        self.cases.iter().filter(|(_, outcome)| outcome.passed()).count()
    }
}

/// One line for each suite and file system, a line for each sum, and then what failed.
pub fn table(results: &[SuiteResult]) -> String {
    let width = results.iter().map(|result| result.suite.len()).max().unwrap_or(0).max(5);
    let mut text = format!("{:width$}  {:6}  {:>6}  {:>6}\n", "suite", "fs", "passed", "cases");
    for fs in Fs::ALL {
        let of_fs: Vec<&SuiteResult> = results.iter().filter(|result| result.fs == fs).collect();
        let lines = of_fs.iter().map(|result| (result.suite.as_str(), result.passed(), result.cases.len()));
        let (passed, cases) = lines.clone().fold((0, 0), |sum, line| (sum.0 + line.1, sum.1 + line.2));
        let sum = if of_fs.is_empty() { None } else { Some(("all", passed, cases)) };
        for (name, passed, cases) in lines.chain(sum) {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{name:width$}  {:6}  {passed:>6}  {cases:>6}", fs.name());
        }
    }
    for result in results {
        for (name, outcome) in &result.cases {
            for failure in &outcome.failures {
                let _ = write!(text, "\n{} on {}: {name}: {failure}", result.suite, result.fs.name());
            }
        }
    }
    text
}

/// The same with each case and its time in milliseconds.
pub fn report(results: &[SuiteResult]) -> Value {
    let cases = |result: &SuiteResult| -> Vec<Value> {
        let case = |(name, outcome): &(String, Outcome)| {
            let milliseconds = outcome.duration.as_secs_f64() * 1000.0;
            json!({ "name": name, "passed": outcome.passed(), "failures": outcome.failures, "milliseconds": milliseconds })
        };
        result.cases.iter().map(case).collect()
    };
    let suites: Vec<Value> = results
        .iter()
        .map(|result| json!({ "name": result.suite, "fs": result.fs.name(), "cases": cases(result) }))
        .collect();
    let passed: usize = results.iter().map(SuiteResult::passed).sum();
    let all: usize = results.iter().map(|result| result.cases.len()).sum();
    json!({ "passed": passed, "failed": all - passed, "suites": suites })
}
