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
use crate::runtime::{InterruptHandle, Stop};
use crate::translate::{self, Translated, TryRegion};
use crate::types::{ExternType, FuncType};

mod charge;
mod const_expr;
mod names;
mod parse;
mod sections;

pub(crate) use const_expr::{ConstExpr, Reference};
use names::Names;
use parse::Parsed;
pub(crate) use parse::check_operands;
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
    /// The exports in the order of their names.
    exports_by_name: Box<[u32]>,
    entries: Box<[FuncEntry]>,
    code: Mutex<CodeStore>,
    /// Rung when a function is no longer under way.
    translated: Condvar,
    validator: ValidatorResources,
    charged: u64,
    names: OnceLock<Names>,
}

/// Translated code by the address of its first word.
#[derive(Default)]
struct CodeStore {
    by_address: BTreeMap<usize, Code>,
    /// How many words they have in all, [`CODE_WORDS`] for each included.
    words: usize,
    /// Functions that are being translated: the lock is not held meanwhile, so that nobody waits for a function but those
    /// who want it.
    under_way: HashSet<u32>,
    listeners: HashMap<u32, Option<Arc<Listened>>>,
}

/// What a function's code is charged besides its own words, for its place in the list (measured: some 130 bytes).
const CODE_WORDS: usize = 18;

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
        Module::load(engine, bytes.into(), Stop::never())
    }

    /// As [`new`](Self::new), until another thread asks to stop by `handle`: between sections and functions and every few
    /// thousand bytes within a function, not within another section.
    ///
    /// ```
    /// use hostel_engine::{Engine, InterruptHandle, Module, TrapCode};
    /// let engine = Engine::default();
    /// let wasm = wat::parse_str("(module (func (export \"f\")))").unwrap();
    /// let handle = InterruptHandle::new();
    /// assert!(Module::new_interruptible(&engine, wasm.clone(), &handle).is_ok());
    /// handle.interrupt();
    /// let error = Module::new_interruptible(&engine, wasm, &handle).unwrap_err();
    /// assert_eq!(error.trap().unwrap().code(), Some(TrapCode::Interrupted));
    /// ```
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new); a trap, [`TrapCode::Interrupted`](crate::TrapCode), when it was stopped. That takes the request.
    pub fn new_interruptible(
        engine: &Engine,
        bytes: impl Into<Vec<u8>>,
        handle: &InterruptHandle,
    ) -> Result<Module, Error> {
        Module::load(engine, bytes.into(), Stop::when(handle))
    }

    fn load(engine: &Engine, bytes: Vec<u8>, stop: Stop<'_>) -> Result<Module, Error> {
        check_size(engine, &bytes)?;
        let mode = engine.config().mode;
        let Parsed { sections, validator, charged } =
            parse::parse(engine, &bytes, mode == CompilationMode::LazyTranslation, stop)?;
        let lazy = link::stubs(engine.backend()).lazy.cast_mut();
        let entries = sections.funcs[sections.imported_funcs..]
            .iter()
            .map(|&ty| FuncEntry { code: lazy.into(), type_id: sections.type_ids[ty as usize] })
            .collect();
        let mut exports_by_name: Box<[u32]> = (0..sections.exports.len() as u32).collect();
        exports_by_name.sort_unstable_by_key(|&export| &bytes[wide(&sections.exports[export as usize].0)]);
        let module = Module(Arc::new(ModuleInner {
            engine: engine.clone(),
            bytes,
            sections,
            exports_by_name,
            entries,
            code: Mutex::default(),
            translated: Condvar::new(),
            validator,
            charged,
            names: OnceLock::new(),
        }));
        if mode == CompilationMode::Eager {
            let first = module.0.sections.imported_funcs as u32;
            for func in first..module.0.sections.funcs.len() as u32 {
                stop.check()?;
                module.translate(func, stop)?;
            }
        }
        Ok(module)
    }

    /// Checks that bytes are a valid module for this engine, without keeping anything.
    pub fn validate(engine: &Engine, bytes: &[u8]) -> Result<(), Error> {
        check_size(engine, bytes)?;
        parse::parse(engine, bytes, true, Stop::never()).map(|_| ())
    }

    /// What the module is charged to [`Limits::loaded_bytes`](crate::Limits): a bound of the memory that it has taken while
    /// it was loaded, without its code.
    ///
    /// ```
    /// use hostel_engine::{Config, Engine, Limits, Module};
    /// let wasm = wat::parse_str("(module (func) (func) (func))").unwrap();
    /// let charged = Module::new(&Engine::default(), wasm.clone())?.loaded_bytes();
    /// let limits = |loaded_bytes| Limits { loaded_bytes, ..Limits::default() };
    /// assert!(Module::new(&Engine::new(Config::new().limits(limits(charged)))?, wasm.clone()).is_ok());
    /// let error = Module::new(&Engine::new(Config::new().limits(limits(charged - 1)))?, wasm).unwrap_err();
    /// assert!(error.to_string().contains("(limit `loaded_bytes`)"), "{error}");
    /// # Ok::<(), hostel_engine::Error>(())
    /// ```
    pub fn loaded_bytes(&self) -> u64 {
        self.0.charged
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
            module: self.text_at(&import.module),
            name: self.text_at(&import.name),
            ty: self.extern_type(import.index),
        })
    }

    /// The exports, in order.
    pub fn exports(&self) -> impl ExactSizeIterator<Item = ExportType<'_>> {
        self.0
            .sections
            .exports
            .iter()
            .map(|(name, index)| ExportType { name: self.text_at(name), ty: self.extern_type(*index) })
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
        let (exports, names) = (&self.0.sections.exports, &self.0.exports_by_name);
        let found =
            names.binary_search_by_key(&name.as_bytes(), |&export| &self.0.bytes[wide(&exports[export as usize].0)]);
        Some(exports[names[found.ok()?] as usize].1)
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
        &self.0.bytes[wide(&self.0.sections.data[segment].bytes)]
    }

    pub(crate) fn func_name(&self, func: u32) -> Option<String> {
        if let Some(name) = self.text(self.names().function(func)) {
            return Some(name);
        }
        let exports = &self.0.sections.exports;
        exports.iter().find(|(_, index)| *index == ExternIndex::Func(func)).map(|(name, _)| self.text_at(name).into())
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
        self.0.sections.names.as_ref().map_or(&[], |range| &self.0.bytes[wide(range)])
    }

    /// The name that the parser found at that place, and validated.
    pub(crate) fn text_at(&self, place: &Range<u32>) -> &str {
        std::str::from_utf8(&self.0.bytes[wide(place)]).unwrap_or_default()
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
        self.translate(func, Stop::never())
    }

    fn translate(&self, func: u32, stop: Stop<'_>) -> Result<(), Error> {
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
        let room = (inner.engine.config().limits.code_bytes / 8).saturating_sub(words + CODE_WORDS);
        let mut allocations = inner.engine.translation_allocations();
        let translated = translate::function(translate::Request {
            module: self,
            func,
            body: self.body(func),
            validate: self.to_validate(func),
            listens,
            map: None,
            room,
            stop,
            allocations: &mut allocations,
        })?;
        inner.engine.keep_translation_allocations(allocations);
        let mut words = translated.code;
        link::link(inner.engine.backend(), &mut words, &inner.entries, inner.sections.imported_funcs);
        let start = words.as_ptr();
        let taken = words.len() + CODE_WORDS;
        let mut store = self.code();
        // Others may have taken some of the room since.
        store.words += taken;
        if store.words > inner.engine.config().limits.code_bytes / 8 {
            store.words -= taken;
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
            stop: Stop::never(),
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

/// A place in a module's bytes.
fn wide(place: &Range<u32>) -> Range<usize> {
    place.start as usize..place.end as usize
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
