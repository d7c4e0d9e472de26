//! Modules: the bytes, what was read of them, and the functions' code as far as it is translated.
//!
//! The bytes are kept as they were given and read in place: sections are parsed once, bodies when they are translated,
//! names when somebody asks.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use wasmparser::{FuncToValidate, FunctionBody, ValidatorResources};

use crate::config::CompilationMode;
use crate::engine::Engine;
use crate::error::Error;
use crate::exec::block::FuncEntry;
use crate::exec::link;
use crate::host::listener::{FunctionDefinition, FunctionListener};
use crate::translate::{self, Translated, TryRegion};
use crate::types::{ExternType, FuncType};

mod const_expr;
mod names;
mod parse;
mod sections;

pub(crate) use const_expr::{ConstExpr, Reference};
use names::Names;
pub(crate) use sections::{ElementItems, ExternIndex, Import, Sections, SegmentMode};

/// A WebAssembly module, parsed, and validated and translated as [`Config::compilation_mode`](crate::Config) says.
///
/// Cheap to clone, `Send` and `Sync`: instances in any number of stores and threads share its code.
///
/// ```
/// use hostel_engine::{Engine, Module};
/// let engine = Engine::default();
/// let module = Module::new(&engine, wat::parse_str("(module (func (export \"f\")))").unwrap())?;
/// assert_eq!(module.exports().next().unwrap().name, "f");
/// let error = Module::new(&engine, b"\0asm\x01\0\0".to_vec()).unwrap_err();
/// assert!(error.to_string().contains("offset"), "{error}");
/// # Ok::<(), hostel_engine::Error>(())
/// ```
#[derive(Clone)]
pub struct Module(Arc<ModuleInner>);

struct ModuleInner {
    engine: Engine,
    bytes: Vec<u8>,
    sections: Sections,
    export_indices: HashMap<Box<str>, ExternIndex>,
    entries: Box<[FuncEntry]>,
    code: Mutex<CodeStore>,
    /// Rung when a function is no longer under way.
    translated: Condvar,
    validator: ValidatorResources,
    names: OnceLock<Names>,
}

/// Translated code by the address of its first word.
#[derive(Default)]
struct CodeStore {
    by_address: BTreeMap<usize, Code>,
    /// How many words they have in all.
    words: usize,
    /// Functions that are being translated: the lock is not held meanwhile, so that nobody waits for a function but those
    /// who want it.
    under_way: HashSet<u32>,
    listeners: HashMap<u32, Option<Arc<Listened>>>,
}

struct Code {
    func: u32,
    words: Box<[u64]>,
    tries: Arc<[TryRegion]>,
}

/// A function that is being translated, also when that ends with an error or a panic.
struct UnderWay<'m> {
    module: &'m Module,
    func: u32,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.module.code().under_way.remove(&self.func);
        self.module.0.translated.notify_all();
    }
}

/// From which offsets in the module's bytes the words of a function's code were translated: (first word, offset),
/// ascending.
pub(crate) type SourceMap = Vec<(u32, u64)>;

/// A function that somebody listens to.
pub(crate) type Listened = (Arc<dyn FunctionListener>, FunctionDefinition);

/// An import of a module.
#[derive(Clone, Debug)]
pub struct ImportType<'a> {
    /// The name of the module it is to come from.
    pub module: &'a str,
    /// Its name there.
    pub name: &'a str,
    /// Its type.
    pub ty: ExternType,
}

/// An export of a module.
#[derive(Clone, Debug)]
pub struct ExportType<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its type.
    pub ty: ExternType,
}

impl Module {
    /// Loads a module from its binary form.
    ///
    /// The bytes are taken over, not copied, when they are given as a `Vec`.
    ///
    /// # Errors
    ///
    /// Malformed or (as far as the compilation mode looks) invalid bytes, with the offset; proposals this engine does
    /// not run; limits.
    pub fn new(engine: &Engine, bytes: impl Into<Vec<u8>>) -> Result<Module, Error> {
        let bytes = bytes.into();
        check_size(engine, &bytes)?;
        let mode = engine.config().mode;
        let (sections, validator) = parse::parse(engine, &bytes, mode == CompilationMode::LazyTranslation)?;
        let lazy = link::stubs(engine.backend()).lazy.cast_mut();
        let entries = sections.funcs[sections.imported_funcs..]
            .iter()
            .map(|&ty| FuncEntry { code: lazy.into(), type_id: sections.type_ids[ty as usize] })
            .collect();
        let export_indices = sections.exports.iter().map(|(name, index)| (name.clone(), *index)).collect();
        let module = Module(Arc::new(ModuleInner {
            engine: engine.clone(),
            bytes,
            sections,
            export_indices,
            entries,
            code: Mutex::default(),
            translated: Condvar::new(),
            validator,
            names: OnceLock::new(),
        }));
        if mode == CompilationMode::Eager {
            let first = module.0.sections.imported_funcs as u32;
            for func in first..module.0.sections.funcs.len() as u32 {
                module.translate_function(func)?;
            }
        }
        Ok(module)
    }

    /// Checks that bytes are a valid module for this engine, without keeping anything.
    pub fn validate(engine: &Engine, bytes: &[u8]) -> Result<(), Error> {
        check_size(engine, bytes)?;
        parse::parse(engine, bytes, true).map(|_| ())
    }

    /// The engine it was loaded with.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// The module's name, from its name section.
    pub fn name(&self) -> Option<String> {
        self.text(self.names().module())
    }

    /// The imports, in order.
    pub fn imports(&self) -> impl ExactSizeIterator<Item = ImportType<'_>> {
        self.0.sections.imports.iter().map(|import| ImportType {
            module: &import.module,
            name: &import.name,
            ty: self.extern_type(import.index),
        })
    }

    /// The exports, in order.
    pub fn exports(&self) -> impl ExactSizeIterator<Item = ExportType<'_>> {
        self.0.sections.exports.iter().map(|(name, index)| ExportType { name, ty: self.extern_type(*index) })
    }

    /// The type of the export of that name.
    pub fn get_export(&self, name: &str) -> Option<ExternType> {
        self.export_index(name).map(|index| self.extern_type(index))
    }

    /// How many functions the module defines, for [`disassemble`](Self::disassemble).
    #[doc(hidden)]
    pub fn function_count(&self) -> usize {
        self.0.entries.len()
    }

    pub(crate) fn sections(&self) -> &Sections {
        &self.0.sections
    }

    pub(crate) fn entries(&self) -> &[FuncEntry] {
        &self.0.entries
    }

    pub(crate) fn export_index(&self, name: &str) -> Option<ExternIndex> {
        self.0.export_indices.get(name).copied()
    }

    pub(crate) fn extern_type(&self, index: ExternIndex) -> ExternType {
        let sections = &self.0.sections;
        match index {
            ExternIndex::Func(i) => ExternType::Func(self.func_type(i).clone()),
            ExternIndex::Table(i) => ExternType::Table(sections.tables[i as usize]),
            ExternIndex::Memory(i) => ExternType::Memory(sections.memories[i as usize]),
            ExternIndex::Global(i) => ExternType::Global(sections.globals[i as usize]),
            ExternIndex::Tag(i) => ExternType::Tag(sections.types[sections.tags[i as usize] as usize].clone()),
        }
    }

    pub(crate) fn func_type(&self, func: u32) -> &FuncType {
        &self.0.sections.types[self.0.sections.funcs[func as usize] as usize]
    }

    pub(crate) fn data_bytes(&self, segment: usize) -> &[u8] {
        &self.0.bytes[self.0.sections.data[segment].bytes.clone()]
    }

    pub(crate) fn func_name(&self, func: u32) -> Option<String> {
        if let Some(name) = self.text(self.names().function(func)) {
            return Some(name);
        }
        let exports = &self.0.sections.exports;
        exports.iter().find(|(_, index)| *index == ExternIndex::Func(func)).map(|(name, _)| name.to_string())
    }

    /// Whether names can be told without reading long for them.
    pub(crate) fn names_are_at_hand(&self) -> bool {
        /// Bytes of a name section; they take about a millisecond. Chosen.
        const SHORT: usize = 256 << 10;
        self.0.names.get().is_some() || self.name_section().len() <= SHORT
    }

    fn names(&self) -> &Names {
        self.0.names.get_or_init(|| Names::parse(self.name_section()))
    }

    /// The name section's contents; empty when there is none, or when it is larger than the limit.
    fn name_section(&self) -> &[u8] {
        self.0.sections.names.as_ref().map_or(&[], |range| &self.0.bytes[range.clone()])
    }

    fn text(&self, place: Option<Range<usize>>) -> Option<String> {
        let bytes = self.name_section().get(place?)?;
        std::str::from_utf8(bytes).ok().map(str::to_owned)
    }

    fn code(&self) -> MutexGuard<'_, CodeStore> {
        // A panic in between leaves at worst a function untranslated.
        self.0.code.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn body(&self, func: u32) -> FunctionBody<'_> {
        let defined = func as usize - self.0.sections.imported_funcs;
        let range = &self.0.sections.bodies[defined];
        let bytes = &self.0.bytes[range.start as usize..range.end as usize];
        FunctionBody::new(wasmparser::BinaryReader::new_features(bytes, range.start as u64, self.0.engine.features()))
    }

    fn to_validate(&self, func: u32) -> Option<FuncToValidate<ValidatorResources>> {
        (self.0.engine.config().mode != CompilationMode::LazyTranslation).then(|| FuncToValidate {
            resources: self.0.validator.clone(),
            index: func,
            ty: self.0.sections.funcs[func as usize],
            features: self.0.engine.features(),
        })
    }

    /// Makes function `func`, which the module defines, ready to run, unless it is already.
    pub(crate) fn translate_function(&self, func: u32) -> Result<(), Error> {
        let inner = &*self.0;
        let listens = self.listener(func).is_some();
        let entry = &inner.entries[func as usize - inner.sections.imported_funcs];
        let mut store = self.code();
        let words = loop {
            if !std::ptr::eq(entry.code(), link::stubs(inner.engine.backend()).lazy) {
                return Ok(());
            }
            if store.under_way.insert(func) {
                break store.words;
            }
            store = inner.translated.wait(store).unwrap_or_else(PoisonError::into_inner);
        };
        drop(store);
        let _under_way = UnderWay { module: self, func };
        let room = (inner.engine.config().limits.code_bytes / 8).saturating_sub(words);
        let mut allocations = inner.engine.translation_allocations();
        let translated = translate::function(translate::Request {
            module: self,
            func,
            body: self.body(func),
            validate: self.to_validate(func),
            listens,
            map: None,
            room,
            allocations: &mut allocations,
        })?;
        inner.engine.keep_translation_allocations(allocations);
        let mut words = translated.code;
        link::link(inner.engine.backend(), &mut words, &inner.entries, inner.sections.imported_funcs);
        let start = words.as_ptr();
        let mut store = self.code();
        // Others may have taken some of the room since.
        store.words += words.len();
        if store.words > inner.engine.config().limits.code_bytes / 8 {
            store.words -= words.len();
            return Err(translate::too_much_code(&inner.engine));
        }
        store.by_address.insert(start as usize, Code { func, words, tries: translated.tries.into() });
        // Whoever reads the pointer sees the code behind it.
        entry.code.store(start.cast_mut(), Ordering::Release);
        Ok(())
    }

    /// Which function an instruction pointer is in, and at which word.
    pub(crate) fn locate(&self, ip: *const u64) -> Option<(u32, usize)> {
        let store = self.code();
        let (start, code) = store.by_address.range(..=ip as usize).next_back()?;
        let word = (ip as usize - start) / 8;
        (word < code.words.len()).then_some((code.func, word))
    }

    /// As [`locate`](Self::locate), with the regions of the function where exceptions are caught, and the address of its first
    /// word.
    pub(crate) fn locate_tries(&self, ip: *const u64) -> Option<(u32, usize, Arc<[TryRegion]>, *const u64)> {
        let store = self.code();
        let (start, code) = store.by_address.range(..=ip as usize).next_back()?;
        let word = (ip as usize - start) / 8;
        (word < code.words.len()).then(|| (code.func, word, code.tries.clone(), code.words.as_ptr()))
    }

    /// How long the body of function `func`, which the module defines, is in bytes.
    pub(crate) fn body_len(&self, func: u32) -> usize {
        self.0.sections.bodies[func as usize - self.0.sections.imported_funcs].len()
    }

    /// Where function `func`'s code comes from. Translates again to find out: traps are rare, and a table would cost every
    /// function.
    pub(crate) fn source_map(&self, func: u32) -> Option<SourceMap> {
        let mut map = Vec::new();
        self.translate_again(func, None, Some(&mut map)).ok()?;
        Some(map)
    }

    /// Translates function `func` once more, to look at what comes of it.
    fn translate_again(
        &self,
        func: u32,
        validate: Option<FuncToValidate<ValidatorResources>>,
        map: Option<&mut SourceMap>,
    ) -> Result<Translated, Error> {
        translate::function(translate::Request {
            module: self,
            func,
            body: self.body(func),
            validate,
            listens: self.listener(func).is_some(),
            map,
            room: usize::MAX,
            allocations: &mut translate::Allocations::default(),
        })
    }

    /// What function `func` is translated to, as text for people and not for programs. Translates again.
    ///
    /// # Errors
    ///
    /// A function that is imported or not there; an invalid body.
    #[doc(hidden)]
    pub fn disassemble(&self, func: u32) -> Result<String, Error> {
        let sections = &self.0.sections;
        if !(sections.imported_funcs..sections.funcs.len()).contains(&(func as usize)) {
            return Err(Error::usage(format!("the module defines no function {func}")));
        }
        let translated = self.translate_again(func, self.to_validate(func), None)?;
        Ok(crate::code::print::print(&translated.code))
    }

    /// Who listens to function `func`. The embedder's factory is asked without the lock. Of threads that ask it for the same
    /// function at once, the first one's answer is everybody's.
    pub(crate) fn listener(&self, func: u32) -> Option<Arc<Listened>> {
        let factory = self.0.engine.config().listeners.as_ref()?;
        if let Some(known) = self.code().listeners.get(&func) {
            return known.clone();
        }
        let definition =
            FunctionDefinition::guest(self.name(), func, self.func_name(func), self.func_type(func).clone());
        let listener = factory.new_listener(&definition).map(|listener| Arc::new((listener, definition)));
        self.code().listeners.entry(func).or_insert(listener).clone()
    }
}

/// Refuses modules over the limit.
fn check_size(engine: &Engine, bytes: &[u8]) -> Result<(), Error> {
    // Offsets in a module are kept in 32 bits.
    let limit = engine.config().limits.module_bytes.min(u32::MAX as usize);
    if bytes.len() > limit {
        let message = format!("the module has {} bytes, the limit is {limit}", bytes.len());
        return Err(Error::limit("module_bytes", message));
    }
    Ok(())
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Module").field("name", &self.name()).field("functions", &self.function_count()).finish()
    }
}
