//! Guest memory as a trace looks at it: what is out of bounds is shown as not being there.

/// The calling instance's memory, or none.
#[derive(Clone, Copy)]
pub(super) struct View<'a>(&'a [u8]);

/// How much of a text or a buffer is shown. Chosen, as strace does.
const SHOWN: usize = 32;

impl<'a> View<'a> {
    pub(super) fn new(memory: Option<&'a mut [u8]>) -> View<'a> {
        // As WASI sees it: a pointer of 32 bits reaches no farther.
        let reachable = usize::try_from(1u64 << 32).unwrap_or(usize::MAX);
        View(memory.map_or(&[], |memory| memory.get(..reachable).unwrap_or(memory)))
    }

    pub(super) fn bytes(self, pointer: u32, len: u32) -> Option<&'a [u8]> {
        let start = pointer as usize;
        self.0.get(start..start.checked_add(len as usize)?)
    }

    fn array<const N: usize>(self, pointer: u32, offset: u32) -> Option<[u8; N]> {
        let start = (pointer as usize).checked_add(offset as usize)?;
        self.0.get(start..)?.first_chunk().copied()
    }

    pub(super) fn u8(self, pointer: u32, offset: u32) -> Option<u8> {
        self.array(pointer, offset).map(u8::from_le_bytes)
    }

    pub(super) fn u16(self, pointer: u32, offset: u32) -> Option<u16> {
        self.array(pointer, offset).map(u16::from_le_bytes)
    }

    pub(super) fn u32(self, pointer: u32, offset: u32) -> Option<u32> {
        self.array(pointer, offset).map(u32::from_le_bytes)
    }

    pub(super) fn u64(self, pointer: u32, offset: u32) -> Option<u64> {
        self.array(pointer, offset).map(u64::from_le_bytes)
    }

    /// A path: all of it, as it matters.
    pub(super) fn path(self, pointer: u32, len: u32) -> String {
        self.bytes(pointer, len).map_or_else(|| outside(pointer, len), quoted)
    }

    /// The beginning of a buffer.
    pub(super) fn data(self, pointer: u32, len: u32) -> String {
        match self.bytes(pointer, len) {
            None => outside(pointer, len),
            Some(bytes) if bytes.len() <= SHOWN => quoted(bytes),
            Some(bytes) => quoted(&bytes[..SHOWN]) + "…",
        }
    }
}

/// A pointer that points nowhere.
fn outside(pointer: u32, len: u32) -> String {
    format!("{pointer:#x}[{len}]?")
}

fn quoted(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            // What is not plain is escaped; letters of any script are plain.
            text.extend(c.escape_debug());
        }
        for byte in chunk.invalid() {
            text += &format!("\\x{byte:02x}");
        }
    }
    text + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_shown_on_one_line() {
        assert_eq!(quoted(b"a\"\n\x1b\xff"), r#""a\"\n\u{1b}\xff""#);
        assert_eq!(quoted("é".as_bytes()), "\"é\"");
    }

    #[test]
    fn pointers_outside_are_shown_as_such() {
        let mut memory = *b"hello";
        let view = View::new(Some(&mut memory));
        assert_eq!(view.path(0, 5), "\"hello\"");
        assert_eq!(view.path(1, 5), "0x1[5]?");
        assert_eq!(view.path(u32::MAX, u32::MAX), "0xffffffff[4294967295]?");
        assert_eq!(view.u32(1, 0), Some(u32::from_le_bytes(*b"ello")));
        assert_eq!(view.u32(2, 0), None);
    }
}
