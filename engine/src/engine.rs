//! What modules and stores share: configuration and the registry of function types.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmparser::WasmFeatures;

use crate::config::{Backend, Config};
use crate::error::Error;
use crate::exec::pool::Pool;
use crate::exec::{self, BackendKind};
use crate::translate::Allocations;
use crate::types::{FuncType, HeapType, MOST_VALUES, RefType, TYPES_MAX, ValType};

/// Shared by all modules and stores that work together. Cheap to clone, `Send` and `Sync`.
///
/// ```
/// let engine = hostel_engine::Engine::default();
/// let again = engine.clone();
/// # let _ = again;
/// ```
#[derive(Clone)]
pub struct Engine(Arc<EngineInner>);

struct EngineInner {
    config: Config,
    backend: BackendKind,
    types: Mutex<TypeRegistry>,
    pool: Arc<Pool>,
    /// What the last translations that have ended had allocated.
    translations: Mutex<Vec<Allocations>>,
}

/// Numbers for function types: a type is the same as another when their recursive groups are the same and they have the
/// same place in them. A type by itself is a group of one.
#[derive(Default)]
struct TypeRegistry {
    /// The number of each group's first type; the others follow. References within the group are
    /// [relative](crate::types::within_group).
    groups: HashMap<Box<[FuncType]>, u32>,
    /// The same of groups of one type, which most are: they need no list.
    alone: HashMap<FuncType, u32>,
    count: u32,
}

impl TypeRegistry {
    fn get(&self, group: &[FuncType]) -> Option<u32> {
        match group {
            [ty] => self.alone.get(ty).copied(),
            group => self.groups.get(group).copied(),
        }
    }

    fn insert(&mut self, group: &[FuncType], first: u32) {
        match group {
            [ty] => self.alone.insert(ty.clone(), first),
            group => self.groups.insert(group.into(), first),
        };
    }
}

impl Engine {
    /// An engine so configured. Fails when [`Backend::Tail`] was asked for and this build or machine does not have it, or
    /// when a limit is larger than the engine's own.
    pub fn new(config: &Config) -> Result<Engine, Error> {
        let backend = match config.backend {
            Backend::Auto => BackendKind::best(),
            Backend::Loop => BackendKind::Loop,
            Backend::Tail => exec::tail_backend()
                .ok_or_else(|| Error::usage("the tail backend is not part of this build (see Config::backend)"))?,
        };
        if config.limits.frame_slots > usize::from(u16::MAX) {
            return Err(Error::usage("limit `frame_slots` is above 65535, the most an instruction can name"));
        }
        let pool = Arc::new(Pool::new(config.limits.value_stack_bytes / 8 * 8));
        let (types, translations) = Default::default();
        Ok(Engine(Arc::new(EngineInner { config: config.clone(), backend, types, pool, translations })))
    }

    /// Whether two handles are of one engine.
    pub fn same(a: &Engine, b: &Engine) -> bool {
        Arc::ptr_eq(&a.0, &b.0)
    }

    /// The dispatch backend in use: `"tail"` or `"loop"`.
    pub fn backend_name(&self) -> &'static str {
        self.0.backend.name()
    }

    /// Whether guests are charged fuel: [`Config::consume_fuel`].
    pub fn charges_fuel(&self) -> bool {
        self.0.config.fuel
    }

    /// Whether guests can be interrupted: [`Config::interruptible`].
    pub fn is_interruptible(&self) -> bool {
        self.0.config.interruptible
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn backend(&self) -> BackendKind {
        self.0.backend
    }

    /// Memory for a translation, from an earlier one if possible.
    pub(crate) fn translation_allocations(&self) -> Allocations {
        self.0.translations.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Keeps a translation's memory for the next. Few are kept: translations at the same time are rare.
    pub(crate) fn keep_translation_allocations(&self, allocations: Allocations) {
        let mut kept = self.0.translations.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < 4 && allocations.is_ordinary() {
            kept.push(allocations);
        }
    }

    /// Where stores take value stacks and small memories from.
    pub(crate) fn pool(&self) -> &Arc<Pool> {
        &self.0.pool
    }

    /// The number that stands in this engine for a type that is in no group with others: equal types, equal numbers. An
    /// error as for [`type_group`](Self::type_group).
    pub(crate) fn type_id(&self, ty: &FuncType) -> Result<u32, Error> {
        self.type_group(std::slice::from_ref(ty))
    }

    /// The number of the first type of a recursive group, whose references to its own types are
    /// [relative](crate::types::within_group).
    ///
    /// # Errors
    ///
    /// No number is left: types that differ would have the same one.
    pub(crate) fn type_group(&self, group: &[FuncType]) -> Result<u32, Error> {
        let mut registry = self.types();
        if let Some(id) = registry.get(group) {
            return Ok(id);
        }
        let id = registry.count;
        let count = u32::try_from(group.len()).ok().and_then(|count| id.checked_add(count));
        let Some(count) = count.filter(|&count| count <= TYPES_MAX) else {
            return Err(Error::usage(format!("an engine has at most {TYPES_MAX} function types, {id} are there")));
        };
        registry.count = count;
        registry.insert(group, id);
        Ok(id)
    }

    fn types(&self) -> MutexGuard<'_, TypeRegistry> {
        self.0.types.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks a value's type that the embedder made: a function type that it refers to is one of this engine's.
    pub(crate) fn check_value_type(&self, ty: ValType) -> Result<(), Error> {
        match ty {
            ValType::Ref(RefType { heap: HeapType::Concrete(other), .. }) if other.number() >= self.types().count => {
                Err(Error::usage(format!("{ty} refers to a function type that this engine does not have")))
            }
            _ => Ok(()),
        }
    }

    /// Checks a function type that the embedder made: it is no longer than a module's, and what it refers to is this engine's.
    pub(crate) fn check_func_type(&self, ty: &FuncType) -> Result<(), Error> {
        for (what, types) in [("parameters", ty.params()), ("results", ty.results())] {
            if types.len() > MOST_VALUES {
                return Err(Error::usage(format!("a function type has at most {MOST_VALUES} {what}, not more")));
            }
            types.iter().try_for_each(|&ty| self.check_value_type(ty))?;
        }
        Ok(())
    }

    /// What function bodies may contain; the rest is refused when a module is loaded.
    pub(crate) fn features(&self) -> WasmFeatures {
        self.section_features().difference(WasmFeatures::GC)
    }

    /// What the other sections may contain. Recursive groups of types are part of garbage collection to the validator;
    /// what else that lets in, `module::parse` refuses.
    pub(crate) fn section_features(&self) -> WasmFeatures {
        self.0.config.features.0
    }
}

impl Default for Engine {
    fn default() -> Engine {
        Engine::new(&Config::new()).expect("the default configuration is valid")
    }
}
