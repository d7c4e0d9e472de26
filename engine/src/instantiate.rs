//! Instantiation, up to the start function.

use crate::error::{Error, ErrorKind};
use crate::exec::block::{GlobalBlock, Handle, ImportedFunc, InstanceBlock, Places};
use crate::exec::handlers::function_handle;
use crate::exec::stable::Stable;
use crate::linker::{Definition, Linker};
use crate::module::{ConstExpr, ElementItems, ExternIndex, Import, Module, Reference, SegmentMode};
use crate::runtime::context::StoreRef;
use crate::runtime::store::{StoreInner, TagEntry};
use crate::runtime::{Extern, Func, Global, Instance, Memory, Table, Tag, memory, table};
use crate::trap::{Trap, TrapCode};
use crate::types::ExternType;

/// An instantiation that trapped.
pub(crate) fn failed(trap: Trap) -> Error {
    Error::new(ErrorKind::Instantiation(trap))
}

/// Makes an instance and returns it with its start function, which is still to be called.
pub(crate) fn instantiate<T>(
    linker: &Linker<T>,
    store: &mut StoreInner,
    module: &Module,
) -> Result<(Instance, Option<Func>), Error> {
    let limit = store.limits().instances;
    if store.instances.len() >= limit {
        return Err(Error::limit("instances", format!("one more than {limit} instances in a store")));
    }
    let sections = module.sections();
    let mut parts = Parts::default();
    for import in &sections.imports {
        parts.import(linker, store, module, import)?;
    }
    for (number, &ty) in sections.memories.iter().enumerate().skip(sections.imported_memories) {
        parts.places.memories.push(memory::add(store, ty, &format!("memory {number}"))?);
    }
    for (number, &ty) in sections.tables.iter().enumerate().skip(sections.imported_tables) {
        parts.places.tables.push(table::add(store, ty, 0, &format!("table {number}"))?);
    }
    for &ty in &sections.tags[sections.imported_tags..] {
        let (ty, type_id) = (sections.types[ty as usize].clone(), sections.type_ids[ty as usize]);
        store.tags.push(TagEntry { ty, type_id });
        parts.tags.push(store.tags.len() as u32 - 1);
    }
    let index = store.instances.len();
    let exported_memory = match module.export_index("memory") {
        Some(ExternIndex::Memory(i)) => store.memories[parts.places.memories[i as usize]].as_ptr(),
        _ => std::ptr::null_mut(),
    };
    let memories: Box<[_]> = parts.places.memories.iter().map(|&index| store.memories[index].as_ptr()).collect();
    let mut block = InstanceBlock {
        memory0: memories.first().copied().unwrap_or(store.no_memory()),
        exec: store.exec_ptr(),
        stack_end: store.stack_end(),
        funcs: module.entries().as_ptr().wrapping_sub(parts.imports.len()),
        imports: std::mem::take(&mut parts.imports).into(),
        tables: parts.places.tables.iter().map(|&index| store.tables[index].as_ptr()).collect(),
        owner: Handle::guest(index as u32 + 1, 0).0,
        exported_memory,
        memories,
        tags: std::mem::take(&mut parts.tags).into(),
        places: Places::default(),
        dropped_data: vec![false; sections.data.len()].into(),
        elements: vec![Box::default(); sections.elements.len()].into(),
        globals: Box::default(),
        module: Some(module.clone()),
    };
    let mut places = parts.places;
    define_globals(store, module, &mut block, &mut places.globals);
    fill_tables(store, module, &block, &places);
    store.instances.push(Stable::new(block));
    let applied = apply_segments(store, module, index, &places);
    // Also of an instance that is not given out: its functions may be in a table by now.
    store.instances[index].places = places;
    applied.map_err(|code| failed(Trap::from(code)))?;
    let start = sections.start.map(|func| Func::new(store, function_handle(&store.instances[index], func)));
    Ok((Instance::new(store, index), start))
}

/// What an instance is made of, while it is collected.
#[derive(Default)]
struct Parts {
    imports: Vec<ImportedFunc>,
    places: Places,
    tags: Vec<u32>,
}

impl Parts {
    fn import<T>(
        &mut self,
        linker: &Linker<T>,
        store: &mut StoreInner,
        module: &Module,
        import: &Import,
    ) -> Result<(), Error> {
        let wanted = module.extern_type(import.index);
        let (from, name) = (module.text_at(&import.module), module.text_at(&import.name));
        let fail = |message: String| Error::link(from, name, message);
        // A type that looks the same may be another one: see `Sections::grouped`.
        let type_index = match import.index {
            ExternIndex::Func(index) => Some(module.sections().funcs[index as usize] as usize),
            ExternIndex::Tag(index) => Some(module.sections().tags[index as usize] as usize),
            _ => None,
        };
        let grouped = type_index.is_some_and(|index| module.sections().grouped[index]);
        let type_id = type_index.map(|index| module.sections().type_ids[index]);
        let mismatch = |found: &ExternType| {
            let text = format!("incompatible import type: expected {wanted}, found ");
            fail(text + &if wanted == *found { "a type of another recursive group".into() } else { found.to_string() })
        };
        let unknown = || fail(format!("unknown import: nothing of that name is defined, expected {wanted}"));
        let definition = linker.get(from, name).ok_or_else(unknown)?;
        match (definition, &wanted) {
            (Definition::Host(function), ExternType::Func(ty)) if function.ty() == ty && !grouped => {
                let handle = function.add_to(store)?;
                self.imports.extend(store.resolve(handle).map(|found| found.import));
            }
            (Definition::Host(function), _) => return Err(mismatch(&ExternType::Func(function.ty().clone()))),
            (Definition::Unknown(functions), _) => {
                let found = functions.iter().find(|(id, _)| Some(*id) == type_id);
                let (id, function) = found.filter(|_| matches!(wanted, ExternType::Func(_))).ok_or_else(unknown)?;
                let handle = function.add_to_as(store, *id);
                self.imports.extend(store.resolve(handle).map(|found| found.import));
            }
            (Definition::Extern(value), _) => {
                if !belongs(*value, store) {
                    return Err(fail("it is defined as something of another store".into()));
                }
                // Sizes of memories and tables are the present ones.
                let found = value.ty(StoreRef(store));
                if !fits(&wanted, &found) || actual_type_id(*value, store) != type_id {
                    return Err(mismatch(&found));
                }
                match *value {
                    Extern::Func(func) => {
                        let handle = func.handle(store)?;
                        self.imports.extend(store.resolve(handle).map(|found| found.import));
                    }
                    Extern::Table(table) => self.places.tables.push(table.0.index(store, "table")),
                    Extern::Memory(memory) => self.places.memories.push(memory.0.index(store, "memory")),
                    Extern::Global(global) => self.places.globals.push(global.0.index(store, "global")),
                    Extern::Tag(tag) => self.tags.push(tag.0.index(store, "tag") as u32),
                }
            }
        }
        Ok(())
    }
}

fn belongs(value: Extern, store: &StoreInner) -> bool {
    match value {
        Extern::Func(func) => func.handle(store).is_ok(),
        Extern::Table(Table(place)) | Extern::Memory(Memory(place)) => place.belongs_to(store),
        Extern::Global(Global(place)) | Extern::Tag(Tag(place)) => place.belongs_to(store),
    }
}

/// The engine's number for the type of a function or tag.
fn actual_type_id(value: Extern, store: &StoreInner) -> Option<u32> {
    match value {
        Extern::Func(func) => store.resolve(func.handle(store).ok()?).map(|found| found.type_id),
        Extern::Tag(tag) => Some(store.tags[tag.0.index(store, "tag")].type_id),
        _ => None,
    }
}

/// Whether something of type `found` can be imported as `wanted`.
///
/// Source: WebAssembly core specification, "Import Subtyping".
fn fits(wanted: &ExternType, found: &ExternType) -> bool {
    let limits = |wanted: (u64, Option<u64>), found: (u64, Option<u64>)| {
        found.0 >= wanted.0
            && match (wanted.1, found.1) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(wanted), Some(found)) => found <= wanted,
            }
    };
    match (wanted, found) {
        (ExternType::Memory(a), ExternType::Memory(b)) => {
            a.memory64 == b.memory64 && a.page_size == b.page_size && limits((a.min, a.max), (b.min, b.max))
        }
        (ExternType::Table(a), ExternType::Table(b)) => {
            a.table64 == b.table64 && a.element == b.element && limits((a.min, a.max), (b.min, b.max))
        }
        (ExternType::Global(a), ExternType::Global(b)) if !a.mutable && !b.mutable => {
            b.content.is_subtype_of(a.content)
        }
        (a, b) => a == b,
    }
}

/// Values of constant expressions, given the places of the globals made so far.
fn evaluate(block: &InstanceBlock, globals: &[usize], store: &StoreInner, expr: &ConstExpr) -> [u64; 2] {
    expr.evaluate(|index| store.globals[globals[index as usize]].value, |func| function_handle(block, func).0)
}

fn define_globals(store: &mut StoreInner, module: &Module, block: &mut InstanceBlock, globals: &mut Vec<usize>) {
    let sections = module.sections();
    let types = &sections.globals[sections.imported_globals..];
    for (&ty, init) in types.iter().zip(&sections.global_inits) {
        let value = evaluate(block, globals, store, init);
        globals.push(store.globals.len());
        store.globals.push(Stable::new(GlobalBlock { value, ty }));
    }
    block.globals = globals.iter().map(|&index| store.globals[index].as_ptr()).collect();
}

/// Gives tables with an initial expression its value.
fn fill_tables(store: &mut StoreInner, module: &Module, block: &InstanceBlock, places: &Places) {
    let sections = module.sections();
    for (number, init) in sections.table_inits.iter().enumerate() {
        if let Some(init) = init {
            let [value, _] = evaluate(block, &places.globals, store, init);
            store.tables[places.tables[sections.imported_tables + number]].elements.fill(value);
        }
    }
}

/// Evaluates element segments, copies the active ones and the active data segments to where they belong, in order.
fn apply_segments(store: &mut StoreInner, module: &Module, index: usize, places: &Places) -> Result<(), TrapCode> {
    let sections = module.sections();
    let globals = &places.globals;
    for (number, segment) in sections.elements.iter().enumerate() {
        let block = &store.instances[index];
        let values = |items: &ElementItems| -> Box<[u64]> {
            match items {
                ElementItems::Functions(funcs) => funcs.iter().map(|&func| function_handle(block, func).0).collect(),
                ElementItems::References(references) => {
                    let value = |reference: &Reference| match *reference {
                        Reference::Null => 0,
                        Reference::Func(func) => function_handle(block, func).0,
                        Reference::Global(index) => store.globals[globals[index as usize]].value[0],
                    };
                    references.iter().map(value).collect()
                }
            }
        };
        match &segment.mode {
            SegmentMode::Declared => {}
            SegmentMode::Passive => {
                let values = values(&segment.items);
                store.instances[index].elements[number] = values;
            }
            SegmentMode::Active(active) => {
                let values = values(&segment.items);
                let offset = evaluate(block, globals, store, &active.offset)[0];
                let elements = &mut store.tables[places.tables[active.index as usize]].elements;
                let target = range(offset, values.len()).and_then(|range| elements.get_mut(range));
                target.ok_or(TrapCode::TableOutOfBounds)?.copy_from_slice(&values);
            }
        }
    }
    for (number, segment) in sections.data.iter().enumerate() {
        if let SegmentMode::Active(active) = &segment.mode {
            let offset = evaluate(&store.instances[index], globals, store, &active.offset)[0];
            let bytes = module.data_bytes(number);
            let data = store.memories[places.memories[active.index as usize]].data_mut();
            let target = range(offset, bytes.len()).and_then(|range| data.get_mut(range));
            target.ok_or(TrapCode::MemoryOutOfBounds)?.copy_from_slice(bytes);
            store.instances[index].dropped_data[number] = true;
        }
    }
    Ok(())
}

/// Where a segment of `len` goes; `None` beyond what the host addresses.
fn range(offset: u64, len: usize) -> Option<std::ops::Range<usize>> {
    let start = usize::try_from(offset).ok()?;
    Some(start..start.checked_add(len)?)
}
