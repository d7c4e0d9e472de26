//! What a case wants and promises: its JSON file, as the suite's `doc/specification.md` has it.
//!
//! Both forms are read, the older one (`args`, `env`, `root`, `exit_code`, `stdout`, `stderr`) and the list of operations;
//! of those the ones that cases of preview1 can have: `run`, `read`, `wait`. Anything else is an error, so that nothing
//! passes because it was not understood.

use std::path::PathBuf;

use serde_json::{Map, Value};

/// What is done with a case and expected of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Specification {
    pub(super) args: Vec<String>,
    pub(super) env: Vec<(String, String)>,
    /// The directory that becomes `/`, relative to the case's.
    pub(super) root: Option<PathBuf>,
    pub(super) exit_code: u32,
    pub(super) stdout: Expected,
    pub(super) stderr: Expected,
}

/// What a stream is to have got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Expected {
    /// Anything: a panic's message is told by the exit code, too.
    #[default]
    Anything,
    /// This at its beginning.
    Start(String),
    /// Exactly this.
    Exactly(String),
}

impl Expected {
    /// What is wrong with `found`.
    pub(super) fn check(&self, stream: &str, found: &[u8]) -> Result<(), String> {
        let (text, fine) = match self {
            Expected::Anything => return Ok(()),
            Expected::Start(text) => (text, found.starts_with(text.as_bytes())),
            Expected::Exactly(text) => (text, found == text.as_bytes()),
        };
        if fine { Ok(()) } else { Err(format!("{stream}: expected {text:?}, found \"{}\"", found.escape_ascii())) }
    }

    /// A further piece of what is at the beginning.
    fn append(&mut self, text: &str) {
        match self {
            Expected::Start(start) => start.push_str(text),
            _ => *self = Expected::Start(text.to_owned()),
        }
    }
}

impl Specification {
    /// Reads a case's JSON.
    pub(super) fn parse(text: &str) -> Result<Specification, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let fields = object(&value)?;
        match fields.get("operations") {
            Some(operations) => Specification::from_operations(fields, operations),
            None => Specification::from_fields(fields),
        }
    }

    fn from_fields(fields: &Map<String, Value>) -> Result<Specification, String> {
        let mut specification = Specification::default();
        for (name, value) in fields {
            match name.as_str() {
                "stdout" => specification.stdout = Expected::Exactly(string(value)?),
                "stderr" => specification.stderr = Expected::Exactly(string(value)?),
                "exit_code" => specification.exit_code = number(value)?,
                _ => specification.run_field(name, value)?,
            }
        }
        Ok(specification)
    }

    fn from_operations(fields: &Map<String, Value>, operations: &Value) -> Result<Specification, String> {
        if let Some(name) = fields.keys().find(|name| *name != "operations" && *name != "proposals") {
            return Err(format!("unknown field {name:?}"));
        }
        if fields.get("proposals").is_some_and(|proposals| proposals.as_array().is_none_or(|list| !list.is_empty())) {
            return Err("proposals are for later previews".into());
        }
        let mut specification = Specification::default();
        for operation in operations.as_array().ok_or("operations: expected a list")? {
            let fields = object(operation)?;
            let mut rest = fields.iter().filter(|(name, _)| *name != "type");
            match fields.get("type").and_then(Value::as_str) {
                Some("run") => rest.try_for_each(|(name, value)| specification.run_field(name, value))?,
                Some("wait") => specification.exit_code = fields.get("exit_code").map_or(Ok(0), number)?,
                Some("read") => {
                    let payload = fields.get("payload").map_or(Ok(String::new()), string)?;
                    match fields.get("id").map_or(Some("stdout"), Value::as_str) {
                        Some("stdout") => specification.stdout.append(&payload),
                        Some("stderr") => specification.stderr.append(&payload),
                        other => return Err(format!("read: unknown stream {other:?}")),
                    }
                }
                other => return Err(format!("unknown operation {other:?}")),
            }
        }
        Ok(specification)
    }

    /// A field that says how the guest is started.
    fn run_field(&mut self, name: &str, value: &Value) -> Result<(), String> {
        match name {
            "args" => {
                self.args =
                    value.as_array().ok_or("args: expected a list")?.iter().map(string).collect::<Result<_, _>>()?
            }
            "env" => {
                let variables = object(value)?.iter().map(|(name, value)| Ok((name.clone(), string(value)?)));
                self.env = variables.collect::<Result<_, String>>()?;
            }
            "root" if value.is_null() => self.root = None,
            "root" => self.root = Some(string(value)?.into()),
            _ => return Err(format!("unknown field {name:?}")),
        }
        Ok(())
    }
}

fn object(value: &Value) -> Result<&Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("expected an object, found {value}"))
}

fn string(value: &Value) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("expected a string, found {value}"))
}

fn number(value: &Value) -> Result<u32, String> {
    value.as_u64().and_then(|number| number.try_into().ok()).ok_or_else(|| format!("expected a number, found {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        let older = r#"{"args": ["a"], "env": {"b": "c"}, "root": "d", "exit_code": 3}"#;
        let newer = r#"{"proposals": [], "operations": [
            {"type": "run", "args": ["a"], "env": {"b": "c"}, "root": "d"}, {"type": "wait", "exit_code": 3}]}"#;
        let expected = Specification {
            args: vec!["a".into()],
            env: vec![("b".into(), "c".into())],
            root: Some("d".into()),
            exit_code: 3,
            ..Specification::default()
        };
        assert_eq!(Specification::parse(older), Ok(expected.clone()));
        assert_eq!(Specification::parse(newer), Ok(expected));
        assert_eq!(Specification::parse("{}"), Ok(Specification::default()));
    }

    #[test]
    fn outputs() {
        let older = Specification::parse(r#"{"stdout": "ab"}"#).unwrap();
        let reads = r#"{"operations": [{"type": "read", "payload": "a"}, {"type": "read", "payload": "b"}]}"#;
        let newer = Specification::parse(reads).unwrap();
        assert_eq!(newer.stdout.check("stdout", b"abc"), Ok(()));
        assert_eq!(older.stdout.check("stdout", b"abc"), Err(r#"stdout: expected "ab", found "abc""#.into()));
        assert_eq!(older.stderr.check("stderr", b"abc"), Ok(()));
    }

    #[test]
    fn what_is_not_understood_is_not_passed_over() {
        let texts = [
            r#"{"argv": []}"#,
            r#"{"operations": [{"type": "connect"}]}"#,
            r#"{"operations": [], "args": []}"#,
            r#"{"operations": [], "proposals": ["sockets"]}"#,
            r#"{"exit_code": -1}"#,
            "[]",
        ];
        for text in texts {
            assert!(Specification::parse(text).is_err(), "{text}");
        }
    }
}
