//! Looking things up in `hostel_wasi`'s table of functions.

use hostel_wasi::{Function, Kind, PREVIEW0, PREVIEW1};

/// The WASI function of that name.
pub(crate) fn function(module: &str, name: &str) -> Option<&'static Function> {
    functions(module)?.iter().find(|function| function.name == name)
}

/// The functions of a module; `None` when it is none of WASI's.
pub(crate) fn functions(module: &str) -> Option<&'static [Function]> {
    match module {
        PREVIEW1 => Some(&hostel_wasi::FUNCTIONS),
        PREVIEW0 => Some(&hostel_wasi::preview0::FUNCTIONS),
        _ => None,
    }
}

/// Whether a function reads or writes guest memory.
pub(crate) fn has_pointers(function: &Function) -> bool {
    use Kind::*;
    function.params.iter().any(|param| match param.kind {
        Path | Buffer | Iovecs | Ciovecs | Subscriptions => true,
        kind => is_result(kind) || matches!(kind, OutPointers | OutStrings),
    })
}

/// Whether a parameter points to where one result goes.
pub(crate) fn is_result(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        OutFlags | OutSize | OutFd | OutTimestamp | OutFilesize | OutFdstat | OutFilestat | OutPrestat | OutEvents
    )
}
