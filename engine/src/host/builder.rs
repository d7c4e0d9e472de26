//! The host builder: from closures to a host module.

use std::any::Any;
use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::engine::Engine;
use crate::error::Error;
use crate::exec::block::{EnvPtr, Handle, Shim};
use crate::exec::host_call::{Caller, shim, shim_with_roots};
use crate::host::listener::{FunctionDefinition, FunctionListener};
use crate::host::typed::IntoFunc;
use crate::linker::Linker;
use crate::runtime::store::StoreInner;
use crate::trap::Trap;
use crate::types::{FuncType, HeapType, ValType};

/// A host function of stores with data `T`, its closure erased.
pub struct HostFunc<T> {
    shim: Shim,
    owner: Arc<dyn Any + Send + Sync>,
    env: EnvPtr,
    ty: FuncType,
    /// Wraps the same closure for a listener.
    listened: Listen<T>,
    data: PhantomData<fn(&mut T)>,
}

impl<T> Clone for HostFunc<T> {
    fn clone(&self) -> HostFunc<T> {
        HostFunc { owner: self.owner.clone(), ty: self.ty.clone(), ..*self }
    }
}

/// Wraps a function for a listener.
type Listen<T> = fn(&HostFunc<T>, Arc<dyn FunctionListener>, FunctionDefinition) -> HostFunc<T>;

impl<T: 'static> HostFunc<T> {
    pub(crate) fn new<F>(ty: FuncType, f: F) -> HostFunc<T>
    where
        F: Fn(&mut T, &mut Caller<'_>, &mut [u64]) -> Result<(), Trap> + Send + Sync + 'static,
    {
        HostFunc::erase(ty, f, listened::<T, F>)
    }

    fn erase<F>(ty: FuncType, f: F, listened: Listen<T>) -> HostFunc<T>
    where
        F: Fn(&mut T, &mut Caller<'_>, &mut [u64]) -> Result<(), Trap> + Send + Sync + 'static,
    {
        let f = Arc::new(f);
        let is_exception = |ty: &ValType| ty.as_ref().is_some_and(|ty| ty.heap == HeapType::Exn);
        let takes_exceptions = ty.params().iter().any(is_exception);
        HostFunc {
            shim: if takes_exceptions { shim_with_roots::<T, F>() } else { shim::<T, F>() },
            env: EnvPtr(Arc::as_ptr(&f).cast()),
            owner: f,
            ty,
            listened,
            data: PhantomData,
        }
    }

    /// An error as for [`Engine::type_group`](crate::Engine).
    pub(crate) fn add_to(&self, store: &mut StoreInner) -> Result<Handle, Error> {
        let type_id = store.engine().type_id(&self.ty)?;
        Ok(self.add_to_as(store, type_id))
    }

    /// Adds it with a type that looks like its own, and may be of a recursive group.
    pub(crate) fn add_to_as(&self, store: &mut StoreInner, type_id: u32) -> Handle {
        store.add_host(self.shim, self.owner.clone(), self.env, self.ty.clone(), type_id)
    }

    pub(crate) fn ty(&self) -> &FuncType {
        &self.ty
    }
}

/// The function of closure type `F` with a listener around it.
fn listened<T: 'static, F>(
    function: &HostFunc<T>,
    listener: Arc<dyn FunctionListener>,
    definition: FunctionDefinition,
) -> HostFunc<T>
where
    F: Fn(&mut T, &mut Caller<'_>, &mut [u64]) -> Result<(), Trap> + Send + Sync + 'static,
{
    let f: Arc<F> = function.owner.clone().downcast().expect("a function's environment is of its closure's type");
    let (params, results) = (function.ty.param_slots(), function.ty.result_slots());
    let around = move |ctx: &mut T, module: &mut Caller<'_>, slots: &mut [u64]| {
        listener.before(module, &definition, &slots[..params]);
        match f(ctx, module, slots) {
            Ok(()) => {
                listener.after(module, &definition, &slots[..results]);
                Ok(())
            }
            Err(trap) => {
                listener.abort(&definition, &trap);
                Err(trap)
            }
        }
    };
    // One listener a function: what is listened to already is not wrapped again.
    HostFunc::erase(function.ty.clone(), around, |function, _, _| function.clone())
}

/// Builds a host module: named host functions that guests import.
///
/// Mistakes are errors of [`compile`](Self::compile), so that functions can be chained.
///
/// ```
/// use hostel_engine::{Engine, HostModuleBuilder, Linker, Module, Store, ValType};
/// let engine = Engine::default();
/// let env = HostModuleBuilder::<u32>::new("env")
///     .new_function()
///     .with_raw_function([ValType::I32, ValType::I32], [ValType::I32], |calls: &mut u32, stack| {
///         *calls += 1;
///         stack[0] = (stack[0] as u32).wrapping_add(stack[1] as u32) as u64;
///         Ok(())
///     })
///     .with_parameter_names(["x", "y"])
///     .export("add")
///     .new_function()
///     .with_func(|x: i32| -x)
///     .export("neg")
///     .compile(&engine)?;
/// let module = Module::new(&engine, wat::parse_str(r#"(module
///     (import "env" "add" (func $add (param i32 i32) (result i32)))
///     (import "env" "neg" (func $neg (param i32) (result i32)))
///     (func (export "run") (result i32) (call $neg (call $add (i32.const 2) (i32.const 3)))))"#).unwrap())?;
/// let mut store = Store::new(&engine, 0);
/// let mut linker = Linker::new(&engine);
/// linker.host_module(&env)?;
/// let instance = linker.instantiate(&mut store, &module)?;
/// assert_eq!(instance.get_typed_func::<(), i32>(&store, "run")?.call(&mut store, ())?, -5);
/// assert_eq!(*store.data(), 1);
/// # Ok::<(), hostel_engine::Error>(())
/// ```
pub struct HostModuleBuilder<T: 'static> {
    name: String,
    functions: Vec<Pending<T>>,
}

/// A function as the builder has it.
struct Pending<T> {
    export: String,
    name: Option<String>,
    params: Option<Vec<Cow<'static, str>>>,
    results: Option<Vec<Cow<'static, str>>>,
    function: Option<HostFunc<T>>,
}

impl<T: 'static> HostModuleBuilder<T> {
    /// A module of that name without functions.
    pub fn new(name: impl Into<String>) -> HostModuleBuilder<T> {
        HostModuleBuilder { name: name.into(), functions: Vec::new() }
    }

    /// Begins a function; [`HostFunctionBuilder::export`] ends it.
    pub fn new_function(self) -> HostFunctionBuilder<T> {
        let function = Pending { export: String::new(), name: None, params: None, results: None, function: None };
        HostFunctionBuilder { module: self, function }
    }

    /// Makes the module.
    ///
    /// # Errors
    ///
    /// A function without a body or with an empty export name; a type of more than 1 000 parameters or results, or that refers
    /// to a function type which the engine does not have; parameter or result names that are not as many as the function has.
    /// The error names the function.
    pub fn compile(self, engine: &Engine) -> Result<HostModule<T>, Error> {
        let mut exports: Vec<Export<T>> = Vec::with_capacity(self.functions.len());
        let mut places = HashMap::with_capacity(self.functions.len());
        let module: Arc<str> = self.name.into();
        for (number, pending) in self.functions.into_iter().enumerate() {
            let Pending { export, name, params, results, function } = pending;
            let what = || format!("host module {module:?}, function {export:?}");
            if export.is_empty() {
                let what = what();
                return Err(Error::host(format!("{what}: function number {number} is exported under an empty name")));
            }
            let Some(function) = function else {
                return Err(Error::host(format!("{}: no function given (with_func or with_raw_…)", what())));
            };
            engine.check_func_type(&function.ty).map_err(|error| Error::host(format!("{}: {error}", what())))?;
            let count = |names: &Option<Vec<Cow<'static, str>>>, types: &[ValType], kind: &str| match names {
                Some(names) if names.len() != types.len() => {
                    let (what, types) = (what(), types.len());
                    Err(Error::host(format!("{what}: {} {kind} names for {types} {kind}s", names.len())))
                }
                _ => Ok(()),
            };
            count(&params, function.ty.params(), "parameter")?;
            count(&results, function.ty.results(), "result")?;
            let export: Arc<str> = export.into();
            let name = name.map_or_else(|| export.clone(), Into::into);
            let (params, results) = (params.unwrap_or_default(), results.unwrap_or_default());
            let definition = FunctionDefinition::host(module.clone(), name, function.ty.clone(), params, results);
            let listener = engine.config().listeners.as_ref().and_then(|factory| factory.new_listener(&definition));
            let function = match listener {
                Some(listener) => (function.listened)(&function, listener, definition.clone()),
                None => function,
            };
            let entry = Export { export: export.clone(), function, definition };
            // A later export of a name takes the place of the earlier one.
            match places.entry(export) {
                Entry::Occupied(place) => exports[*place.get()] = entry,
                Entry::Vacant(place) => {
                    place.insert(exports.len());
                    exports.push(entry);
                }
            }
        }
        Ok(HostModule { engine: engine.clone(), name: module, exports: exports.into() })
    }

    /// Makes the module and defines its functions in a linker, under its name: [`compile`](Self::compile) and
    /// [`Linker::host_module`] in one step, for modules that are used once.
    ///
    /// ```
    /// use hostel_engine::{Engine, HostModuleBuilder, Linker};
    /// let mut linker = Linker::<()>::new(&Engine::default());
    /// HostModuleBuilder::new("env").new_function().with_func(|x: i32| x + 1).export("inc").instantiate(&mut linker)?;
    /// assert!(linker.host_func_type("env", "inc").is_some());
    /// # Ok::<(), hostel_engine::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`compile`](Self::compile).
    pub fn instantiate(self, linker: &mut Linker<T>) -> Result<(), Error> {
        let module = self.compile(linker.engine())?;
        linker.host_module(&module).map(|_| ())
    }
}

/// Builds one function of a [`HostModuleBuilder`].
pub struct HostFunctionBuilder<T: 'static> {
    module: HostModuleBuilder<T>,
    function: Pending<T>,
}

impl<T: 'static> HostFunctionBuilder<T> {
    /// A raw function that does not need the calling module.
    ///
    /// `f(ctx, stack)`: `ctx` is the store's data; `stack` are the call's slots on the engine's own stack: parameters in
    /// slots `0..params` on entry, results in `0..results` on return, its length the larger of both. `i32` and `f32` are in
    /// the low half, the upper half is unspecified on entry and ignored on return; `v128` takes two slots.
    pub fn with_raw_function<F>(
        self,
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
        f: F,
    ) -> HostFunctionBuilder<T>
    where
        F: Fn(&mut T, &mut [u64]) -> Result<(), Trap> + Send + Sync + 'static,
    {
        self.with_raw_module_function(params, results, move |ctx, _, stack| f(ctx, stack))
    }

    /// A raw function: `f(ctx, module, stack)`, where `module` is the calling instance; otherwise as
    /// [`with_raw_function`](Self::with_raw_function). [`Caller`] has an example.
    pub fn with_raw_module_function<F>(
        mut self,
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
        f: F,
    ) -> HostFunctionBuilder<T>
    where
        F: Fn(&mut T, &mut Caller<'_>, &mut [u64]) -> Result<(), Trap> + Send + Sync + 'static,
    {
        self.function.function = Some(HostFunc::new(FuncType::new(params, results), f));
        self
    }

    /// A typed closure: 0 to 16 parameters of `i32 u32 i64 u64 f32 f64`, preceded by nothing, by `&mut T`, or by
    /// `&mut T, &mut Caller<'_>`; results likewise (none, one, a tuple), or a `Result` of them and a [`Trap`]. Parameters'
    /// types must be written out in the closure.
    ///
    /// ```
    /// # use hostel_engine::{Caller, Engine, HostModuleBuilder, Trap};
    /// let module = HostModuleBuilder::<u64>::new("env")
    ///     .new_function().with_func(|x: f64, y: f64| x.atan2(y)).export("atan2")
    ///     .new_function().with_func(|total: &mut u64, n: u64| *total += n).export("count")
    ///     .new_function()
    ///     .with_func(|_: &mut u64, module: &mut Caller<'_>, at: u32| -> Result<i32, Trap> {
    ///         let memory = module.memory().ok_or_else(|| Trap::message("no memory"))?;
    ///         memory.get(at as usize).map(|&b| b as i32).ok_or_else(|| Trap::message("outside"))
    ///     })
    ///     .export("peek")
    ///     .compile(&Engine::default())?;
    /// assert_eq!(module.definitions().map(|(name, _)| name).collect::<Vec<_>>(), ["atan2", "count", "peek"]);
    /// # Ok::<(), hostel_engine::Error>(())
    /// ```
    pub fn with_func<M>(mut self, f: impl IntoFunc<T, M>) -> HostFunctionBuilder<T> {
        self.function.function = Some(f.into_func());
        self
    }

    /// The name that listeners see; without it, the export's.
    pub fn with_name(mut self, name: impl Into<String>) -> HostFunctionBuilder<T> {
        self.function.name = Some(name.into());
        self
    }

    /// Names for the parameters, one for each.
    pub fn with_parameter_names<S: Into<Cow<'static, str>>>(
        mut self,
        names: impl IntoIterator<Item = S>,
    ) -> HostFunctionBuilder<T> {
        self.function.params = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Names for the results, one for each.
    pub fn with_result_names<S: Into<Cow<'static, str>>>(
        mut self,
        names: impl IntoIterator<Item = S>,
    ) -> HostFunctionBuilder<T> {
        self.function.results = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Ends the function and exports it under that name, in place of an earlier export of that name.
    pub fn export(mut self, name: impl Into<String>) -> HostModuleBuilder<T> {
        self.function.export = name.into();
        self.module.functions.push(self.function);
        self.module
    }
}

/// An exported host function.
struct Export<T> {
    export: Arc<str>,
    function: HostFunc<T>,
    definition: FunctionDefinition,
}

/// A compiled host module: instantiated any number of times, in any store of its engine with data `T`, under its own
/// or other names. Cheap to clone, `Send` and `Sync`.
pub struct HostModule<T: 'static> {
    engine: Engine,
    name: Arc<str>,
    exports: Arc<[Export<T>]>,
}

impl<T: 'static> Clone for HostModule<T> {
    fn clone(&self) -> HostModule<T> {
        HostModule { engine: self.engine.clone(), name: self.name.clone(), exports: self.exports.clone() }
    }
}

impl<T: 'static> HostModule<T> {
    /// The engine it was compiled for.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The module's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same functions under another module name.
    pub fn renamed(&self, name: impl Into<String>) -> HostModule<T> {
        HostModule { name: name.into().into(), ..self.clone() }
    }

    /// The functions' export names and what is known of them, in the order they were added.
    pub fn definitions(&self) -> impl ExactSizeIterator<Item = (&str, &FunctionDefinition)> {
        self.exports.iter().map(|export| (&*export.export, &export.definition))
    }

    pub(crate) fn functions(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &HostFunc<T>)> {
        self.exports.iter().map(|export| (&export.export, &export.function))
    }
}
