//! What a module must have to be run, told before it runs.

use hostel_engine::{Escaped, ExternType, FuncType, Linker, Module};

use super::Guest;
use crate::args::UnknownImports;
use crate::wasi;

/// An exported function that is to be called.
#[derive(Debug)]
pub(super) struct Entry {
    pub name: String,
    pub ty: FuncType,
}

/// What would let a module run that misses nothing but functions.
pub(crate) const HINT: &str = "with `--unknown-imports trap` it runs until it calls one";

/// Checks that all imports are there and of the right type, and that what they need of the guest is there, too. A function
/// that is not there is no problem where it may trap instead.
pub(super) fn imports(linker: &Linker<Guest>, module: &Module, unknown: UnknownImports) -> Result<(), String> {
    let mut problems = Vec::new();
    let mut missing = 0;
    for import in module.imports() {
        let (from, name, wanted) = (import.module, import.name, &import.ty);
        match (linker.host_func_type(from, name), wanted) {
            (Some(found), ExternType::Func(wanted)) if found == wanted => {}
            (Some(found), _) => {
                problems.push(format!("import {from:?} {name:?}: expected {wanted}, but hostel has function {found}"));
            }
            (None, ExternType::Func(_)) if unknown == UnknownImports::Trap => {}
            (None, _) => {
                missing += usize::from(matches!(wanted, ExternType::Func(_)));
                problems.push(format!("import {from:?} {name:?}: unknown, hostel has no such {wanted}"));
            }
        }
    }
    let mut message = match &problems[..] {
        [] => return memory(module),
        [only] => only.clone(),
        [first, rest @ ..] => format!("{first}; and {} more (see `hostel inspect`)", rest.len()),
    };
    if missing == problems.len() {
        message += &format!("; {HINT}");
    }
    Err(message)
}

/// WASI functions with pointers for parameters read and write the memory that is exported as `memory`.
fn memory(module: &Module) -> Result<(), String> {
    if matches!(module.get_export("memory"), Some(ExternType::Memory(_))) {
        return Ok(());
    }
    let needs =
        module.imports().find(|import| wasi::function(import.module, import.name).is_some_and(wasi::has_pointers));
    match needs {
        Some(import) => Err(format!("no memory is exported as \"memory\", which {:?} needs", import.name)),
        None => Ok(()),
    }
}

/// The function to call: the one that was asked for, or `_start`.
pub(super) fn entry(module: &Module, invoke: Option<&str>) -> Result<Entry, String> {
    let name = invoke.unwrap_or("_start");
    let found = module.get_export(name);
    match (found, invoke) {
        (Some(ExternType::Func(ty)), None) if !ty.params().is_empty() || !ty.results().is_empty() => {
            Err(format!("export \"_start\": expected function () -> (), found function {ty}"))
        }
        (Some(ExternType::Func(ty)), _) => Ok(Entry { name: name.to_owned(), ty }),
        (Some(other), _) => Err(format!("export {name:?}: expected a function, found {other}")),
        (None, Some(_)) => Err(format!("no exported function {name:?}; {}", functions(module))),
        (None, None) => {
            Err(format!("no function \"_start\" is exported, so this is no command; {}", functions(module)))
        }
    }
}

/// What could be invoked instead: some of the exported functions.
fn functions(module: &Module) -> String {
    /// So that the line can be read.
    const MOST: usize = 8;
    let names: Vec<String> = module
        .exports()
        .filter(|export| matches!(export.ty, ExternType::Func(_)) && export.name != "_initialize")
        // Quoted: the empty name is one too, and a name may contain commas and spaces.
        .map(|export| format!("{:?}", Escaped(export.name)))
        .collect();
    match names.len() {
        0 => "it exports no functions".into(),
        1..=MOST => format!("--invoke can call {}", names.join(", ")),
        count => format!("--invoke can call {}, and {} more", names[..MOST].join(", "), count - MOST),
    }
}
