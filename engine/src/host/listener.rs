//! Listeners: told before and after calls, and of calls that end in a trap. Where nobody listens, nothing is emitted.

use std::borrow::Cow;
use std::sync::Arc;

use crate::exec::host_call::Caller;
use crate::trap::Trap;
use crate::types::FuncType;

/// What is known of a function that is called.
#[derive(Clone, Debug)]
pub struct FunctionDefinition {
    module: Option<Arc<str>>,
    name: Option<Arc<str>>,
    index: Option<u32>,
    ty: FuncType,
    param_names: Vec<Cow<'static, str>>,
    result_names: Vec<Cow<'static, str>>,
}

impl FunctionDefinition {
    pub(crate) fn guest(module: Option<String>, index: u32, name: Option<String>, ty: FuncType) -> FunctionDefinition {
        let (module, name) = (module.map(Into::into), name.map(Into::into));
        FunctionDefinition { module, name, index: Some(index), ty, param_names: Vec::new(), result_names: Vec::new() }
    }

    pub(crate) fn host(
        module: Arc<str>,
        name: Arc<str>,
        ty: FuncType,
        param_names: Vec<Cow<'static, str>>,
        result_names: Vec<Cow<'static, str>>,
    ) -> FunctionDefinition {
        FunctionDefinition { module: Some(module), name: Some(name), index: None, ty, param_names, result_names }
    }

    /// The module's name: a host module's, or a guest's from its name section.
    pub fn module(&self) -> Option<&str> {
        self.module.as_deref()
    }

    /// The function's name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The function's index in its module; `None` for host functions.
    pub fn index(&self) -> Option<u32> {
        self.index
    }

    /// Whether it is a host function.
    pub fn is_host(&self) -> bool {
        self.index.is_none()
    }

    /// Its type.
    pub fn ty(&self) -> &FuncType {
        &self.ty
    }

    /// Names of its parameters: all of them, or none when they are not known.
    pub fn param_names(&self) -> &[Cow<'static, str>] {
        &self.param_names
    }

    /// Names of its results: all of them, or none when they are not known.
    pub fn result_names(&self) -> &[Cow<'static, str>] {
        &self.result_names
    }
}

/// Decides which functions to listen to; given to [`Config::function_listeners`](crate::Config::function_listeners).
pub trait FunctionListenerFactory: Send + Sync {
    /// The listener of a function, or `None` when nobody cares. Asked once for each function, when it is compiled. Threads that
    /// compile one lazily at the same time may each ask; one answer is kept.
    fn new_listener(&self, definition: &FunctionDefinition) -> Option<Arc<dyn FunctionListener>>;
}

impl<F> FunctionListenerFactory for F
where
    F: Fn(&FunctionDefinition) -> Option<Arc<dyn FunctionListener>> + Send + Sync,
{
    fn new_listener(&self, definition: &FunctionDefinition) -> Option<Arc<dyn FunctionListener>> {
        self(definition)
    }
}

/// Hears of a function's calls. `module` is the function's own instance, or for a host function the calling one.
///
/// Of each call, `before` comes first and exactly one of `after` and `abort` last (`abort` also for an exit). When a host
/// function panics, neither comes.
pub trait FunctionListener: Send + Sync {
    /// The function is about to run; `params` are its parameters' slots.
    fn before(&self, module: &mut Caller<'_>, definition: &FunctionDefinition, params: &[u64]);
    /// The function returned; `results` are its results' slots.
    fn after(&self, module: &mut Caller<'_>, definition: &FunctionDefinition, results: &[u64]);
    /// The function's call ended without results.
    fn abort(&self, definition: &FunctionDefinition, trap: &Trap);
}
