//! Runs `.wast` scripts, the form in which the specification's test suite is written.
//!
//! One [`Runner`] runs one script in one store, so that its modules can import each other. Each directive is judged by
//! itself and the rest of the script goes on: a [`Report`] tells every directive's line, kind and [`Verdict`]. Messages
//! count, too: a trap or a refusal must come with the words that the script expects, see [`messages`].
//!
//! ```
//! use hostel_cli::wast::Runner;
//! use hostel_engine::Config;
//! let report = Runner::new(&Config::new()).unwrap().run(r#"
//!     (module (func (export "half") (param i32) (result i32) (i32.shr_u (local.get 0) (i32.const 1))))
//!     (assert_return (invoke "half" (i32.const 6)) (i32.const 3))
//!     (assert_return (invoke "half" (i32.const 8)) (i32.const 5))
//! "#).unwrap();
//! assert_eq!(report.passed(), 2);
//! let failure = report.failures().next().unwrap();
//! assert_eq!(failure.line, 4);
//! assert_eq!(failure.verdict.reason(), Some("result 0: expected i32 5, found i32 4"));
//! ```

pub mod messages;
mod runner;
mod spectest;
mod values;

use std::fmt;

use hostel_engine::Escaped;
pub use runner::Runner;

/// What came of a script.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Every directive, in order.
    pub directives: Vec<Directive>,
}

impl Report {
    /// How many directives passed.
    pub fn passed(&self) -> usize {
        self.directives.len() - self.failures().count()
    }

    /// The directives that did not pass.
    pub fn failures(&self) -> impl Iterator<Item = &Directive> {
        self.directives.iter().filter(|directive| directive.verdict != Verdict::Pass)
    }
}

/// One directive of a script and what came of it.
#[derive(Clone, Debug)]
pub struct Directive {
    /// The line it begins on, from 1.
    pub line: usize,
    /// Its keyword: `module`, `assert_return`, …
    pub kind: &'static str,
    /// Whether it held.
    pub verdict: Verdict,
}

impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.line, self.kind, self.verdict)
    }
}

/// Whether a directive held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It did.
    Pass,
    /// It did not; why.
    Fail(String),
    /// It needs something that the engine or this runner does not know; what.
    Unsupported(String),
}

impl Verdict {
    /// Why it did not pass.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Verdict::Pass => None,
            Verdict::Fail(reason) | Verdict::Unsupported(reason) => Some(reason),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Pass => f.write_str("pass"),
            Verdict::Fail(reason) => f.write_str(reason),
            Verdict::Unsupported(reason) => write!(f, "unsupported: {reason}"),
        }
    }
}

/// A script that cannot be read at all.
#[derive(Clone, Debug)]
pub struct SyntaxError {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong there. Identifiers of the text in it are escaped.
    pub message: String,
}

impl SyntaxError {
    pub(crate) fn new(error: &wast::Error, text: &str) -> SyntaxError {
        let (line, column) = error.span().linecol_in(text);
        SyntaxError { line: line + 1, column: column + 1, message: Escaped(&error.message()).to_string() }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for SyntaxError {}
