//! What modules and stores share: configuration and the registry of function types.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use wasmparser::WasmFeatures;

use crate::config::{Backend, Config};
use crate::error::Error;
use crate::exec::{self, BackendKind};
use crate::types::FuncType;

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
}

#[derive(Default)]
struct TypeRegistry {
    ids: HashMap<FuncType, u32>,
    types: Vec<FuncType>,
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
        Ok(Engine(Arc::new(EngineInner { config: config.clone(), backend, types: Mutex::default() })))
    }

    /// Whether two handles are of one engine.
    pub fn same(a: &Engine, b: &Engine) -> bool {
        Arc::ptr_eq(&a.0, &b.0)
    }

    /// The dispatch backend in use: `"tail"` or `"loop"`.
    pub fn backend_name(&self) -> &'static str {
        self.0.backend.name()
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn backend(&self) -> BackendKind {
        self.0.backend
    }

    /// The number that stands for `ty` in this engine: equal types, equal numbers.
    pub(crate) fn type_id(&self, ty: &FuncType) -> u32 {
        let mut registry = self.0.types.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&id) = registry.ids.get(ty) {
            return id;
        }
        let id = registry.types.len() as u32;
        registry.types.push(ty.clone());
        registry.ids.insert(ty.clone(), id);
        id
    }

    /// What a module may contain; the rest is refused when it is loaded.
    pub(crate) fn features(&self) -> WasmFeatures {
        self.0.config.features.0
    }
}

impl Default for Engine {
    fn default() -> Engine {
        Engine::new(&Config::new()).expect("the default configuration is valid")
    }
}
