//! Values of options that have a form of their own.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};

/// A directory for the guest: `HOST[::GUEST[::ro]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Where it is.
    pub host: PathBuf,
    /// The guest's name for it.
    pub guest: Vec<u8>,
    /// Whether the guest may change it.
    pub writable: bool,
}

impl Mount {
    fn parse(text: &OsStr) -> Result<Mount, String> {
        let (host, guest, writable) = match split(text, "::")?[..] {
            [host] => (host, host, true),
            [host, guest] => (host, guest, true),
            [host, guest, mode] if mode == "ro" => (host, guest, false),
            _ => return Err("expected HOST, HOST::GUEST or HOST::GUEST::ro".into()),
        };
        if host.is_empty() || guest.is_empty() {
            return Err("a directory's name is empty".into());
        }
        Ok(Mount { host: host.into(), guest: guest.as_encoded_bytes().to_vec(), writable })
    }
}

/// Splits at a separator. Where the system's strings are bytes, they need not be UTF-8.
#[cfg(unix)]
fn split<'t>(text: &'t OsStr, separator: &str) -> Result<Vec<&'t OsStr>, String> {
    use std::os::unix::ffi::OsStrExt;
    let mut parts = Vec::new();
    let mut rest = text.as_bytes();
    while let Some(at) = rest.windows(separator.len()).position(|bytes| bytes == separator.as_bytes()) {
        parts.push(OsStr::from_bytes(&rest[..at]));
        rest = &rest[at + separator.len()..];
    }
    parts.push(OsStr::from_bytes(rest));
    Ok(parts)
}

/// As on Unix, for names that are Unicode.
#[cfg(not(unix))]
fn split<'t>(text: &'t OsStr, separator: &str) -> Result<Vec<&'t OsStr>, String> {
    Ok(text.to_str().ok_or("the name is not Unicode")?.split(separator).map(OsStr::new).collect())
}

/// A variable for the guest: `NAME=VALUE`, or `NAME` to pass the host's on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    /// Its name.
    pub name: OsString,
    /// Its value; `None` is the host's.
    pub value: Option<Vec<u8>>,
}

impl Variable {
    fn parse(text: &OsStr) -> Result<Variable, String> {
        let name = split(text, "=")?[0];
        if name.is_empty() {
            return Err("the variable's name is empty".into());
        }
        // Behind the name and the `=`, should there be one.
        let value = text.as_encoded_bytes().get(name.len() + 1..).map(<[u8]>::to_vec);
        Ok(Variable { name: name.to_owned(), value })
    }
}

/// The parser for `--dir`.
pub(super) fn mount() -> impl TypedValueParser<Value = Mount> {
    OsStringValueParser::new().try_map(|text| Mount::parse(&text))
}

/// The parser for `--env`.
pub(super) fn variable() -> impl TypedValueParser<Value = Variable> {
    OsStringValueParser::new().try_map(|text| Variable::parse(&text))
}

/// A number of bytes, such as `65536`, `64K`, `64KiB` or `1G`.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit {
        "" | "B" => 0,
        "K" | "k" | "KiB" => 10,
        "M" | "MiB" => 20,
        "G" | "GiB" => 30,
        _ => return Err(format!("unknown unit {unit:?}, expected K, M or G (or KiB, MiB, GiB)")),
    };
    let number: u64 = number.parse().map_err(|_| "expected a number of bytes, such as 65536 or 64M".to_owned())?;
    number.checked_mul(1 << shift).ok_or_else(|| "more bytes than 64 bits can count".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(text: &str) -> Result<(String, String, bool), String> {
        let mount = Mount::parse(OsStr::new(text))?;
        let guest = String::from_utf8_lossy(&mount.guest).into_owned();
        Ok((mount.host.display().to_string(), guest, mount.writable))
    }

    #[test]
    fn directories() {
        assert_eq!(mount("a/b"), Ok(("a/b".into(), "a/b".into(), true)));
        assert_eq!(mount("a::/b"), Ok(("a".into(), "/b".into(), true)));
        assert_eq!(mount("a::/b::ro"), Ok(("a".into(), "/b".into(), false)));
        assert_eq!(mount("a:b::ro"), Ok(("a:b".into(), "ro".into(), true)));
        for wrong in ["", "::b", "a::", "a::::ro", "a::b::rw", "a::b::ro::c"] {
            assert!(mount(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn variables() {
        let variable = |text| Variable::parse(OsStr::new(text)).map(|v| (v.name.into_string(), v.value));
        assert_eq!(variable("A=b=c"), Ok((Ok("A".into()), Some(b"b=c".to_vec()))));
        assert_eq!(variable("A="), Ok((Ok("A".into()), Some(Vec::new()))));
        assert_eq!(variable("A"), Ok((Ok("A".into()), None)));
        assert!(variable("=b").is_err());
        assert!(variable("").is_err());
    }

    #[test]
    fn sizes() {
        assert_eq!(bytes("0"), Ok(0));
        assert_eq!(bytes("65536"), Ok(65536));
        assert_eq!(bytes("64K"), Ok(65536));
        assert_eq!(bytes("64KiB"), Ok(65536));
        assert_eq!(bytes("2M"), Ok(2 << 20));
        assert_eq!(bytes("4GiB"), Ok(4 << 30));
        for wrong in ["", "M", "-1", "1.5M", "1T", "1KB", "99999999999999999999", "99999999999999999G"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
