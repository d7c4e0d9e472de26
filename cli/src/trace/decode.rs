//! Parameters and results of a call in words.

use bitflags::Flags;
use bitflags::parser::WriteHex;
use hostel_wasi::abi::{
    Advice, Clockid, Errno, Fdflags, Fstflags, Lookupflags, Oflags, Riflags, Rights, Sdflags, Siflags, Signal, Whence,
};
use hostel_wasi::{Function, Kind, Param};

use super::memory::View;
use super::records;
use crate::wasi::is_result;

/// Which of the two layouts a function's records have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Preview {
    Zero,
    One,
}

/// The parameters, apart from pointers to results.
pub(super) fn arguments(function: &Function, preview: Preview, params: &[u64], memory: View<'_>) -> String {
    let mut shown: Vec<String> = Vec::new();
    let slot = |at: usize| params.get(at).copied().unwrap_or_default();
    for (at, Param { name, kind }) in function.params.iter().enumerate() {
        let (value, word, next) = (slot(at), slot(at) as u32, slot(at + 1) as u32);
        let text = match kind {
            Kind::Path => memory.path(word, next),
            Kind::Buffer => format!("{word:#x}[{next}]"),
            Kind::Iovecs => records::iovecs(memory, word, next, |_, len| len.to_string()),
            Kind::Ciovecs => records::iovecs(memory, word, next, |start, len| memory.data(start, len)),
            Kind::Subscriptions => {
                let count = position(function, Kind::SubscriptionsLen).map_or(0, |at| slot(at) as u32);
                records::subscriptions(memory, preview, word, count)
            }
            Kind::OutPointers | Kind::OutStrings => format!("{word:#x}"),
            // Shown with the pointer before them, or after the call.
            Kind::PathLen | Kind::BufferLen | Kind::IovecsLen | Kind::SubscriptionsLen => continue,
            kind if is_result(*kind) => continue,
            kind => scalar(*kind, preview, value),
        };
        shown.push(format!("{name}={text}"));
    }
    shown.join(", ")
}

/// What a call returned: the errno's name, or what it stored.
pub(super) fn outcome(function: &Function, preview: Preview, errno: u32, params: &[u64], memory: View<'_>) -> String {
    if errno != 0 {
        let known = u16::try_from(errno).ok().and_then(Errno::from_raw);
        return known.map_or_else(|| format!("errno {errno}"), |errno| errno.name().to_owned());
    }
    let slot = |at: usize| params.get(at).map_or(0, |&slot| slot as u32);
    let size = || position(function, Kind::OutSize).and_then(|at| memory.u32(slot(at), 0));
    let mut shown: Vec<String> = Vec::new();
    for (at, Param { name, kind }) in function.params.iter().enumerate() {
        let pointer = slot(at);
        let text = match kind {
            Kind::OutFd => memory.u32(pointer, 0).map(|fd| format!("fd={fd}")),
            Kind::OutSize => memory.u32(pointer, 0).map(|size| format!("{name}={size}")),
            Kind::OutFlags => memory.u16(pointer, 0).map(|flags| format!("{name}={flags:#x}")),
            Kind::OutTimestamp | Kind::OutFilesize => memory.u64(pointer, 0).map(|number| format!("{name}={number}")),
            Kind::OutFdstat => records::fdstat(memory, pointer),
            Kind::OutFilestat => records::filestat(memory, preview, pointer),
            Kind::OutPrestat => memory.u32(pointer, 4).map(|len| format!("{{dir, name_len={len}}}")),
            Kind::OutEvents => size().map(|count| records::events(memory, pointer, count)),
            Kind::Buffer if function.name == "fd_prestat_dir_name" => {
                Some(format!("path={}", memory.path(pointer, slot(at + 1))))
            }
            Kind::Buffer if function.name == "path_readlink" => {
                size().map(|used| format!("buf={}", memory.path(pointer, used.min(slot(at + 1)))))
            }
            _ => continue,
        };
        shown.push(text.unwrap_or_else(|| format!("{name}={pointer:#x}?")));
    }
    if shown.is_empty() { "ok".into() } else { shown.join(", ") }
}

fn position(function: &Function, kind: Kind) -> Option<usize> {
    function.params.iter().position(|param| param.kind == kind)
}

/// A parameter that is a value by itself.
fn scalar(kind: Kind, preview: Preview, value: u64) -> String {
    let word = value as u32;
    let narrow = u16::try_from(word).ok();
    let named = |name: Option<&'static str>| name.map_or_else(|| format!("{word}?"), str::to_owned);
    match kind {
        Kind::Timestamp | Kind::Filesize | Kind::Dircookie => value.to_string(),
        Kind::Filedelta => (value as i64).to_string(),
        Kind::Rights => records::rights(Rights::from_bits_retain(value)),
        Kind::Clockid => named(Clockid::from_raw(word).map(Clockid::name)),
        Kind::Advice => named(Advice::from_raw(word).map(Advice::name)),
        Kind::Whence => {
            // Preview0 begins with `cur`.
            let standard = if preview == Preview::Zero { [1, 2, 0].get(word as usize).copied() } else { Some(word) };
            named(standard.and_then(Whence::from_raw).map(Whence::name))
        }
        Kind::Signal => named(Signal::from_raw(word).map(Signal::name)),
        Kind::Fdflags => flags(narrow.map(Fdflags::from_bits_retain), word),
        Kind::Fstflags => flags(narrow.map(Fstflags::from_bits_retain), word),
        Kind::Oflags => flags(narrow.map(Oflags::from_bits_retain), word),
        Kind::Riflags => flags(narrow.map(Riflags::from_bits_retain), word),
        Kind::Siflags => flags(narrow.map(Siflags::from_bits_retain), word),
        Kind::Sdflags => flags(u8::try_from(word).ok().map(Sdflags::from_bits_retain), word),
        Kind::Lookupflags => flags(Some(Lookupflags::from_bits_retain(word)), word),
        _ => word.to_string(),
    }
}

/// Names of flags, or the number where it does not fit the flags' type.
fn flags<F: Flags>(flags: Option<F>, raw: u32) -> String
where
    F::Bits: WriteHex,
{
    flags.map_or_else(|| format!("{raw:#x}?"), |flags| records::names(&flags))
}
