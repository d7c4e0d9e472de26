//! Records in guest memory: vectors of buffers, subscriptions and events, what is known of a file.

use std::time::Duration;

use bitflags::Flags;
use bitflags::parser::WriteHex;
use hostel_wasi::abi::{Clockid, Errno, Fdflags, Filetype, Rights};

use super::decode::Preview;
use super::memory::View;

/// How many elements of an array are shown. Chosen.
const SHOWN: u32 = 8;

/// Shows an array of `count` elements.
fn list(count: u32, element: impl Fn(u32) -> Option<String>) -> String {
    let mut shown: Vec<String> = (0..count.min(SHOWN)).map(|i| element(i).unwrap_or_else(|| "?".into())).collect();
    if count > SHOWN {
        shown.push(format!("… {} more", count - SHOWN));
    }
    format!("[{}]", shown.join(", "))
}

/// An array of pointers and lengths, each shown by `element`.
pub(super) fn iovecs(memory: View<'_>, pointer: u32, count: u32, element: impl Fn(u32, u32) -> String) -> String {
    list(count, |i| {
        let at = i * 8;
        Some(element(memory.u32(pointer, at)?, memory.u32(pointer, at + 4)?))
    })
}

/// What `poll_oneoff` is to wait for.
pub(super) fn subscriptions(memory: View<'_>, preview: Preview, pointer: u32, count: u32) -> String {
    // In preview0 a clock has an identifier before its id.
    let (size, clock) = if preview == Preview::Zero { (56, 24) } else { (48, 16) };
    list(count, |i| {
        let at = i * size;
        Some(match memory.u8(pointer, at + 8)? {
            0 => {
                let id = memory.u32(pointer, at + clock)?;
                let time = memory.u64(pointer, at + clock + 8)?;
                let absolute = memory.u16(pointer, at + clock + 24)? & 1 == 1;
                let clock = Clockid::from_raw(id).map_or_else(|| format!("{id}?"), |id| id.name().to_owned());
                if absolute {
                    format!("clock({clock}, at {time})")
                } else {
                    format!("clock({clock}, {:?})", Duration::from_nanos(time))
                }
            }
            1 => format!("fd_read({})", memory.u32(pointer, at + 16)?),
            2 => format!("fd_write({})", memory.u32(pointer, at + 16)?),
            other => format!("{other}?"),
        })
    })
}

/// What it waited for and got.
pub(super) fn events(memory: View<'_>, pointer: u32, count: u32) -> String {
    let shown = list(count, |i| {
        let at = i * 32;
        let errno = memory.u16(pointer, at + 8)?;
        let bytes = memory.u64(pointer, at + 16)?;
        let what = match memory.u8(pointer, at + 10)? {
            0 => "clock".to_owned(),
            1 => format!("fd_read {bytes} bytes"),
            2 => format!("fd_write {bytes} bytes"),
            other => format!("{other}?"),
        };
        Some(match Errno::from_raw(errno) {
            Some(errno) => format!("{what} {errno}"),
            None => what,
        })
    });
    format!("out={shown}")
}

/// An `fdstat`.
pub(super) fn fdstat(memory: View<'_>, pointer: u32) -> Option<String> {
    let filetype = filetype(memory.u8(pointer, 0)?);
    let flags = names(&Fdflags::from_bits_retain(memory.u16(pointer, 2)?));
    let base = rights(Rights::from_bits_retain(memory.u64(pointer, 8)?));
    let inheriting = rights(Rights::from_bits_retain(memory.u64(pointer, 16)?));
    Some(format!("{{{filetype}, flags={flags}, rights_base={base}, rights_inheriting={inheriting}}}"))
}

/// A `filestat`: the parts that tell something in a trace.
pub(super) fn filestat(memory: View<'_>, preview: Preview, pointer: u32) -> Option<String> {
    let filetype = filetype(memory.u8(pointer, 16)?);
    // Preview0's `nlink` is a u32, and what follows it stands 8 bytes earlier.
    let (links, size) = match preview {
        Preview::Zero => (memory.u32(pointer, 20)?.into(), memory.u64(pointer, 24)?),
        Preview::One => (memory.u64(pointer, 24)?, memory.u64(pointer, 32)?),
    };
    let ino = memory.u64(pointer, 8)?;
    Some(format!("{{{filetype}, size={size}, nlink={links}, ino={ino}}}"))
}

fn filetype(raw: u8) -> String {
    Filetype::from_raw(raw.into()).map_or_else(|| format!("filetype {raw}?"), |filetype| filetype.name().to_owned())
}

/// Rights by their names when they are few, as a number else: libc asks for all of them.
pub(super) fn rights(rights: Rights) -> String {
    if rights.iter().count() <= 4 { names(&rights) } else { format!("{:#x}", rights.bits()) }
}

/// Names of flags.
pub(super) fn names<F: Flags>(flags: &F) -> String
where
    F::Bits: WriteHex,
{
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = bitflags::parser::to_writer(flags, &mut text);
    if text.is_empty() { "0".into() } else { text.replace(' ', "") }
}
