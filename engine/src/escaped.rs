//! Text of a guest's in a message of ours.

use std::fmt::{self, Write};

/// A guest's text as part of a message: on one line, and without anything that steers a terminal.
///
/// Names of functions, modules, imports and exports are arbitrary Unicode. Printed as they are, a line feed in one begins a
/// line that the guest has written, an escape character moves the cursor, and a bidirectional override turns the rest of
/// the line around. `{}` escapes control and format characters, other characters that are not printable, and the
/// backslash. `{:?}` puts quotes around the text and escapes quotes in it, as for any string in Rust. Letters of all scripts
/// are left as they are.
///
/// Messages of this crate ([`Error`](crate::Error), [`FrameInfo`](crate::FrameInfo)) contain guests' text in this form only.
///
/// ```
/// use hostel_engine::Escaped;
/// let name = "run\nhostel: all is well\u{1b}[2J\u{202e}";
/// assert_eq!(Escaped(name).to_string(), r"run\nhostel: all is well\u{1b}[2J\u{202e}");
/// assert_eq!(format!("{}", Escaped(r#"map<"é", 'a'>"#)), r#"map<"é", 'a'>"#);
/// assert_eq!(format!("{:?}", Escaped(r#"a "b""#)), r#""a \"b\"""#);
/// assert_eq!(format!("{:?}", Escaped("")), r#""""#);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Escaped<'a>(
    /// The text as the guest has it.
    pub &'a str,
);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        // The standard library's escapes, but for quotes, which end nothing here.
        while let Some(at) = rest.find(['"', '\'']) {
            let (plain, quote) = rest.split_at(at);
            write!(f, "{}", plain.escape_debug())?;
            f.write_str(&quote[..1])?;
            rest = &quote[1..];
        }
        write!(f, "{}", rest.escape_debug())
    }
}

impl fmt::Debug for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            // In double quotes a single one is plain.
            if c == '\'' { f.write_char(c)? } else { write!(f, "{}", c.escape_debug())? }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each kind that can do harm: line ends of several standards, C0, DEL, C1, bidirectional controls, marks without
    /// width, tags, a byte order mark, what stands for nothing.
    const HARMFUL: &str = "\n\r\t\x0b\x0c\0\x07\x08\x1b\x7f\u{85}\u{9b}\u{9d}\u{ad}\u{61c}\u{200b}\u{200d}\u{200e}\u{200f}\
        \u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2060}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}\u{fff9}\
        \u{e0001}\u{e0041}\u{e000}\u{10ffff}";

    #[test]
    fn nothing_harmful_is_left() {
        for c in HARMFUL.chars() {
            // At the beginning, in the middle, behind a quote, at the end.
            for text in [format!("{c}a"), format!("a{c}b"), format!("'{c}\"{c}"), format!("a{c}")] {
                for shown in [Escaped(&text).to_string(), format!("{:?}", Escaped(&text)), format!("{text:?}")] {
                    assert!(shown.chars().all(|c| c == ' ' || c.is_ascii_graphic()), "{c:?}: {shown:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_plain_stays() {
        for text in ["", "main", "std::vec<char, 'x'>::at(\"y\")", "größe", "主", "основной", "a b", "-", "$"]
        {
            assert_eq!(Escaped(text).to_string(), text);
        }
        assert_eq!(format!("{:?}", Escaped("it's")), "\"it's\"");
    }

    #[test]
    fn two_texts_never_look_the_same() {
        assert_eq!(Escaped("\n").to_string(), r"\n");
        assert_eq!(Escaped(r"\n").to_string(), r"\\n");
    }
}
