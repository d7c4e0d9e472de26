//! From bytes to [`Sections`], validating everything but function bodies on the way.

use std::ops::Range;

use wasmparser::{
    BinaryReader, CompositeInnerType, DataKind, ElementItems as WasmItems, ElementKind, Encoding, ExternalKind,
    FuncValidator, FunctionBody, Imports, Parser, Payload, RecGroup, SubType, TableInit, TypeRef, ValidPayload,
    Validator, ValidatorResources,
};

use super::ConstExpr;
use super::charge::Charge;
use super::sections::{
    ActiveSegment, DataSegment, ElementItems, ElementSegment, ExternIndex, Import, Sections, SegmentMode,
};
use crate::engine::Engine;
use crate::error::Error;
use crate::runtime::Stop;
use crate::types::{FuncType, GlobalType, MemoryType, TableType, ValType, within_group};

/// What came of reading a module.
pub(crate) struct Parsed {
    pub sections: Sections,
    pub validator: ValidatorResources,
    /// What the module is charged: see [`Limits::loaded_bytes`](crate::Limits).
    pub charged: u64,
}

/// Reads a module. Function bodies are validated too when `bodies` says so; else they are only noted.
pub(crate) fn parse(engine: &Engine, bytes: &[u8], bodies: bool, stop: Stop<'_>) -> Result<Parsed, Error> {
    reject_what_is_no_module(bytes)?;
    let mut charge = Charge::new(&engine.config().limits, bytes.len())?;
    let mut validator = Validator::new_with_features(engine.section_features());
    let mut sections = Sections::default();
    let mut resources = None;
    let mut allocations = wasmparser::FuncValidatorAllocations::default();
    let mut parser = Parser::new(0);
    parser.set_features(engine.section_features());
    for payload in parser.parse_all(bytes) {
        let payload = payload?;
        stop.check()?;
        check_limits(engine, &payload, &sections)?;
        charge.payload(&payload, bytes, bodies)?;
        match validator.payload(&payload)? {
            ValidPayload::Func(mut func, body) => {
                func.features = engine.features();
                let range = body.range();
                sections.bodies.push(range.start as u32..range.end as u32);
                if resources.is_none() {
                    resources = Some(func.resources.clone());
                }
                if bodies {
                    let mut func = func.into_validator(std::mem::take(&mut allocations));
                    validate_body(engine, &mut func, &body, stop)?;
                    allocations = func.into_allocations();
                }
            }
            ValidPayload::Ok | ValidPayload::Parser(_) | ValidPayload::End(_) => {}
        }
        read(engine, payload, bytes, &mut sections, stop)?;
    }
    if sections.names.as_ref().is_some_and(|names| names.len() > engine.config().limits.name_bytes) {
        sections.names = None;
    }
    let validator = match resources {
        Some(resources) => resources,
        // Without functions there is nothing to validate later; any resources will do.
        None => empty_resources(engine)?,
    };
    Ok(Parsed { sections, validator, charged: charge.bytes() })
}

/// Validates a body by itself. As the translator does, it refuses one whose blocks are too deep, as they take memory; and it
/// looks whether it is to stop.
fn validate_body(
    engine: &Engine,
    validator: &mut FuncValidator<ValidatorResources>,
    body: &FunctionBody<'_>,
    stop: Stop<'_>,
) -> Result<(), Error> {
    let limit = engine.config().limits.nesting;
    validator.read_locals(&mut body.get_binary_reader())?;
    // In a body fewer things are allowed than the section's reader takes.
    let bytes = BinaryReader::new_features(body.as_bytes(), body.range().start, engine.features());
    let mut operators = FunctionBody::new(bytes).get_operators_reader()?;
    let mut looked = 0;
    while !operators.eof() {
        let (operator, offset) = operators.read_with_offset()?;
        validator.op(offset, &operator)?;
        check_operands(engine, validator)?;
        // The function itself is the outermost block.
        let depth = validator.control_stack_height() as usize;
        if depth > limit.saturating_add(1) {
            let message = format!("blocks are nested {} deep or deeper, the limit is {limit}", depth - 1);
            return Err(Error::limit("nesting", message));
        }
        stop.check_from_time_to_time(&mut looked, offset)?;
    }
    let end = operators.original_position();
    operators.get_binary_reader().finish_expression(&validator.visitor(end))?;
    Ok(())
}

/// Refuses a body with more operands than a frame has slots. Where code is not reached, nothing else would count them, and a
/// call of two bytes may have a thousand results.
#[inline]
pub(crate) fn check_operands(engine: &Engine, validator: &FuncValidator<ValidatorResources>) -> Result<(), Error> {
    let (operands, limit) = (validator.operand_stack_height() as usize, engine.config().limits.frame_slots);
    if operands > limit {
        return Err(Error::limit("frame_slots", format!("a function has {operands} operands, the limit is {limit}")));
    }
    Ok(())
}

/// Checks counts and lengths before what they count is read, so that what is too much costs nothing.
fn check_limits(engine: &Engine, payload: &Payload<'_>, sections: &Sections) -> Result<(), Error> {
    let limits = &engine.config().limits;
    match payload {
        Payload::FunctionSection(reader) => {
            let (count, limit) = (sections.funcs.len() + reader.count() as usize, limits.functions);
            if count > limit {
                let message = format!("the module has {count} functions, the limit is {limit}");
                return Err(Error::limit("functions", message));
            }
        }
        Payload::CodeSectionEntry(body) => {
            let (bytes, limit) = (body.range().end - body.range().start, limits.function_bytes as u64);
            if bytes > limit {
                let func = sections.imported_funcs + sections.bodies.len();
                let message = format!("function {func} has {bytes} bytes, the limit is {limit}");
                return Err(Error::limit("function_bytes", message));
            }
        }
        _ => {}
    }
    Ok(())
}

/// Clear words for what people hand over by mistake.
fn reject_what_is_no_module(bytes: &[u8]) -> Result<(), Error> {
    if bytes.is_empty() {
        return Err(Error::module("the file is empty, expected a WebAssembly module", 0));
    }
    if !bytes.starts_with(b"\0asm"[..bytes.len().min(4)].as_ref()) {
        return Err(Error::module("magic header not detected: not a WebAssembly module, which begins with \\0asm", 0));
    }
    if bytes.len() >= 8 && bytes[4..8] == [0x0d, 0, 1, 0] {
        return Err(Error::module("this is a WebAssembly component; hostel runs core modules (WASI preview1)", 4));
    }
    Ok(())
}

/// The resources of a module with one function and nothing else.
fn empty_resources(engine: &Engine) -> Result<ValidatorResources, Error> {
    const MODULE: &[u8] = &[0, b'a', b's', b'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 4, 1, 2, 0, 0x0b];
    let mut validator = Validator::new_with_features(engine.features());
    for payload in Parser::new(0).parse_all(MODULE) {
        if let ValidPayload::Func(func, _) = validator.payload(&payload?)? {
            return Ok(func.resources);
        }
    }
    Err(Error::module("a module of one function has none", 0))
}

fn read(
    engine: &Engine,
    payload: Payload<'_>,
    bytes: &[u8],
    sections: &mut Sections,
    stop: Stop<'_>,
) -> Result<(), Error> {
    match payload {
        Payload::Version { encoding: Encoding::Component, range, .. } => {
            Err(Error::module("this is a WebAssembly component; hostel runs core modules (WASI preview1)", range.start))
        }
        Payload::TypeSection(reader) => {
            let offset = reader.range().start;
            // Most groups are of one type.
            sections.types.reserve_exact(reader.count() as usize);
            sections.type_ids.reserve_exact(reader.count() as usize);
            sections.grouped.reserve_exact(reader.count() as usize);
            for group in reader {
                stop.check()?;
                type_group(engine, &group?, sections, offset)?;
            }
            Ok(())
        }
        Payload::ImportSection(reader) => {
            let offset = reader.range().start;
            sections.imports.reserve_exact(reader.count() as usize);
            for imports in reader {
                match imports? {
                    Imports::Single(_, import) => {
                        let names = [import.module, import.name].map(|name| place(name.as_bytes(), bytes));
                        import_one(sections, names, import.ty, offset)?;
                    }
                    _ => return Err(Error::unsupported("compact import section", offset)),
                }
            }
            let limit = engine.config().limits.functions;
            if sections.imported_funcs > limit {
                let message = format!("the module imports {} functions, the limit is {limit}", sections.imported_funcs);
                return Err(Error::limit("functions", message));
            }
            Ok(())
        }
        // The validator has read each section to its end: the counts are true.
        Payload::FunctionSection(reader) => {
            sections.funcs.reserve_exact(reader.count() as usize);
            for ty in reader {
                sections.funcs.push(ty?);
            }
            Ok(())
        }
        Payload::TableSection(reader) => {
            let offset = reader.range().start;
            sections.tables.reserve_exact(reader.count() as usize);
            sections.table_inits.reserve_exact(reader.count() as usize);
            for table in reader {
                let table = table?;
                sections.tables.push(table_type(&table.ty, &sections.type_ids, offset)?);
                sections.table_inits.push(match table.init {
                    TableInit::RefNull => None,
                    TableInit::Expr(expr) => Some(ConstExpr::new(&expr)?),
                });
            }
            Ok(())
        }
        Payload::MemorySection(reader) => {
            let offset = reader.range().start;
            for memory in reader {
                sections.memories.push(memory_type(&memory?, offset)?);
            }
            Ok(())
        }
        Payload::TagSection(reader) => {
            sections.tags.reserve_exact(reader.count() as usize);
            for tag in reader {
                sections.tags.push(tag?.func_type_idx);
            }
            Ok(())
        }
        Payload::GlobalSection(reader) => {
            let offset = reader.range().start;
            sections.globals.reserve_exact(reader.count() as usize);
            sections.global_inits.reserve_exact(reader.count() as usize);
            for global in reader {
                let global = global?;
                sections.globals.push(global_type(&global.ty, &sections.type_ids, offset)?);
                sections.global_inits.push(ConstExpr::new(&global.init_expr)?);
            }
            Ok(())
        }
        Payload::ExportSection(reader) => {
            let offset = reader.range().start;
            sections.exports.reserve_exact(reader.count() as usize);
            for export in reader {
                let export = export?;
                let index = match export.kind {
                    ExternalKind::Func => ExternIndex::Func(export.index),
                    ExternalKind::Table => ExternIndex::Table(export.index),
                    ExternalKind::Memory => ExternIndex::Memory(export.index),
                    ExternalKind::Global => ExternIndex::Global(export.index),
                    ExternalKind::Tag => ExternIndex::Tag(export.index),
                    other => return Err(Error::unsupported(format!("export of kind {other:?}"), offset)),
                };
                sections.exports.push((place(export.name.as_bytes(), bytes), index));
            }
            Ok(())
        }
        Payload::StartSection { func, .. } => {
            sections.start = Some(func);
            Ok(())
        }
        Payload::ElementSection(reader) => {
            let offset = reader.range().start;
            sections.elements.reserve_exact(reader.count() as usize);
            for element in reader {
                let element = element?;
                let mode = match element.kind {
                    ElementKind::Active { table_index, offset_expr } => SegmentMode::Active(ActiveSegment {
                        index: table_index.unwrap_or(0),
                        offset: ConstExpr::new(&offset_expr)?,
                    }),
                    ElementKind::Passive => SegmentMode::Passive,
                    ElementKind::Declared => SegmentMode::Declared,
                };
                let items = match element.items {
                    WasmItems::Functions(reader) => {
                        let mut items = Vec::with_capacity(reader.count() as usize);
                        for func in reader {
                            items.push(func?);
                        }
                        ElementItems::Functions(items.into())
                    }
                    WasmItems::Expressions(ty, reader) => {
                        val_type(wasmparser::ValType::Ref(ty), &sections.type_ids, offset)?;
                        let mut items = Vec::with_capacity(reader.count() as usize);
                        for expr in reader {
                            let invalid = || Error::module("an element that is no reference", offset);
                            items.push(ConstExpr::new(&expr?)?.as_reference().ok_or_else(invalid)?);
                        }
                        ElementItems::References(items.into())
                    }
                };
                sections.elements.push(ElementSegment { mode, items });
            }
            Ok(())
        }
        Payload::DataSection(reader) => {
            sections.data.reserve_exact(reader.count() as usize);
            for data in reader {
                let data = data?;
                let mode = match data.kind {
                    DataKind::Active { memory_index, offset_expr } => SegmentMode::Active(ActiveSegment {
                        index: memory_index,
                        offset: ConstExpr::new(&offset_expr)?,
                    }),
                    DataKind::Passive => SegmentMode::Passive,
                };
                sections.data.push(DataSegment { mode, bytes: place(data.data, bytes) });
            }
            Ok(())
        }
        Payload::CustomSection(reader) => {
            if reader.name() == "name" {
                sections.names = Some(place(reader.data(), bytes));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Where `part`, which was read out of `bytes`, lies in them: the offsets of a module have 32 bits.
fn place(part: &[u8], bytes: &[u8]) -> Range<u32> {
    let start = (part.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize);
    if part.is_empty() { 0..0 } else { start as u32..(start + part.len()) as u32 }
}

fn import_one(sections: &mut Sections, [module, name]: [Range<u32>; 2], ty: TypeRef, offset: u64) -> Result<(), Error> {
    let index = match ty {
        TypeRef::Func(ty) => {
            sections.imported_funcs += 1;
            ExternIndex::Func(push(&mut sections.funcs, ty))
        }
        TypeRef::Table(ty) => {
            sections.imported_tables += 1;
            ExternIndex::Table(push(&mut sections.tables, table_type(&ty, &sections.type_ids, offset)?))
        }
        TypeRef::Memory(ty) => {
            sections.imported_memories += 1;
            ExternIndex::Memory(push(&mut sections.memories, memory_type(&ty, offset)?))
        }
        TypeRef::Global(ty) => {
            sections.imported_globals += 1;
            ExternIndex::Global(push(&mut sections.globals, global_type(&ty, &sections.type_ids, offset)?))
        }
        TypeRef::Tag(ty) => {
            sections.imported_tags += 1;
            ExternIndex::Tag(push(&mut sections.tags, ty.func_type_idx))
        }
        other => return Err(Error::unsupported(format!("import of kind {other:?}"), offset)),
    };
    sections.imports.push(Import { module, name, index });
    Ok(())
}

/// Appends to an index space; the index.
fn push<T>(space: &mut Vec<T>, item: T) -> u32 {
    space.push(item);
    space.len() as u32 - 1
}

fn val_type(ty: wasmparser::ValType, ids: &[u32], offset: u64) -> Result<ValType, Error> {
    ValType::from_wasm(ty, |index| ids.get(index as usize).copied())
        .ok_or_else(|| Error::garbage_collection(&format!("type {ty}"), offset))
}

/// Notes the types of a recursive group. Types that are in no group are a group of one.
fn type_group(engine: &Engine, group: &RecGroup, sections: &mut Sections, offset: u64) -> Result<(), Error> {
    let (start, count) = (sections.type_ids.len(), group.types().len());
    sections.type_ids.extend((0..count as u32).map(within_group));
    for ty in group.types() {
        sections.types.push(func_type(ty, &sections.type_ids, offset)?);
    }
    let types = &mut sections.types[start..];
    let first = engine.type_group(types)?;
    for (index, ty) in types.iter_mut().enumerate() {
        sections.type_ids[start + index] = first + index as u32;
        sections.grouped.push(count > 1 || ty.is_recursive());
        ty.resolve_group(first);
    }
    Ok(())
}

fn func_type(ty: &SubType, ids: &[u32], offset: u64) -> Result<FuncType, Error> {
    if !ty.is_final || !ty.supertype_idxs.is_empty() {
        return Err(Error::garbage_collection("a type that has subtypes, or a supertype", offset));
    }
    match &ty.composite_type.inner {
        CompositeInnerType::Func(ty) => {
            let list = |types: &[wasmparser::ValType]| {
                types.iter().map(|&ty| val_type(ty, ids, offset)).collect::<Result<Vec<_>, _>>()
            };
            Ok(FuncType::new(list(ty.params())?, list(ty.results())?))
        }
        _ => Err(Error::garbage_collection("a structure or array type", offset)),
    }
}

fn table_type(ty: &wasmparser::TableType, ids: &[u32], offset: u64) -> Result<TableType, Error> {
    let element = val_type(wasmparser::ValType::Ref(ty.element_type), ids, offset)?;
    Ok(TableType { table64: ty.table64, element, min: ty.initial, max: ty.maximum })
}

fn memory_type(ty: &wasmparser::MemoryType, offset: u64) -> Result<MemoryType, Error> {
    if ty.shared {
        return Err(Error::unsupported("shared memory", offset));
    }
    let page_size = 1 << ty.page_size_log2.unwrap_or(16);
    Ok(MemoryType { memory64: ty.memory64, page_size, min: ty.initial, max: ty.maximum })
}

fn global_type(ty: &wasmparser::GlobalType, ids: &[u32], offset: u64) -> Result<GlobalType, Error> {
    Ok(GlobalType { content: val_type(ty.content_type, ids, offset)?, mutable: ty.mutable })
}
