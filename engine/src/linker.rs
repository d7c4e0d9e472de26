//! The linker: where a module's imports come from.

use std::collections::HashMap;
use std::sync::Arc;

use crate::engine::Engine;
use crate::error::Error;
use crate::escaped::Escaped;
use crate::exec::host_call::Caller;
use crate::host::builder::{HostFunc, HostModule};
use crate::host::typed::IntoFunc;
use crate::instantiate;
use crate::module::{ExternIndex, Module};
use crate::runtime::context::{AsCallContext, AsContext, Inner};
use crate::runtime::{Extern, Instance};
use crate::trap::Trap;
use crate::types::FuncType;

/// What a name stands for.
pub(crate) enum Definition<T> {
    /// A host function, which every store that needs it takes a copy of.
    Host(HostFunc<T>),
    /// Something of one store.
    Extern(Extern),
    /// Functions that trap, each with the engine's number for its type: one for each type that modules import it as.
    Unknown(Vec<(u32, HostFunc<T>)>),
}

impl<T> Clone for Definition<T> {
    fn clone(&self) -> Definition<T> {
        match self {
            Definition::Host(function) => Definition::Host(function.clone()),
            Definition::Extern(value) => Definition::Extern(*value),
            Definition::Unknown(functions) => Definition::Unknown(functions.clone()),
        }
    }
}

/// Names for imports, and instantiation by them. A later definition of a name takes the place of an earlier one: that
/// is how one function of a host module is replaced.
///
/// ```
/// use hostel_engine::{Engine, Linker, Module, Store};
/// let engine = Engine::default();
/// let mut linker = Linker::new(&engine);
/// linker.func_wrap("env", "add", |a: i32, b: i32| a + b);
/// let module = Module::new(&engine, wat::parse_str(r#"(module
///     (import "env" "add" (func $add (param i32 i32) (result i32)))
///     (func (export "five") (result i32) (call $add (i32.const 2) (i32.const 3))))"#).unwrap())?;
/// let mut store = Store::new(&engine, ());
/// let instance = linker.instantiate(&mut store, &module)?;
/// assert_eq!(instance.get_typed_func::<(), i32>(&store, "five")?.call(&mut store, ())?, 5);
/// # Ok::<(), hostel_engine::Error>(())
/// ```
pub struct Linker<T: 'static> {
    engine: Engine,
    modules: HashMap<Arc<str>, HashMap<Arc<str>, Definition<T>>>,
}

impl<T: 'static> Clone for Linker<T> {
    fn clone(&self) -> Linker<T> {
        Linker { engine: self.engine.clone(), modules: self.modules.clone() }
    }
}

impl<T: 'static> Linker<T> {
    /// A linker without definitions.
    pub fn new(engine: &Engine) -> Linker<T> {
        Linker { engine: engine.clone(), modules: HashMap::new() }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What is defined under a module's name.
    fn names(&mut self, module: &str) -> &mut HashMap<Arc<str>, Definition<T>> {
        if !self.modules.contains_key(module) {
            self.modules.insert(module.into(), HashMap::new());
        }
        self.modules.get_mut(module).expect("it was just added")
    }

    fn insert(&mut self, module: &str, name: &str, definition: Definition<T>) {
        self.names(module).insert(name.into(), definition);
    }

    /// Defines a name as something of a store; only that store's instances can import it.
    pub fn define(&mut self, module: &str, name: &str, value: impl Into<Extern>) -> &mut Linker<T> {
        self.insert(module, name, Definition::Extern(value.into()));
        self
    }

    /// Defines a name as a typed host function; see
    /// [`HostFunctionBuilder::with_func`](crate::HostFunctionBuilder::with_func). Listeners are not told of its calls, only
    /// of those of host modules' functions.
    pub fn func_wrap<M>(&mut self, module: &str, name: &str, f: impl IntoFunc<T, M>) -> &mut Linker<T> {
        self.insert(module, name, Definition::Host(f.into_func()));
        self
    }

    /// Defines all functions of a host module under its name.
    ///
    /// # Errors
    ///
    /// When it was compiled for another engine.
    pub fn host_module(&mut self, module: &HostModule<T>) -> Result<&mut Linker<T>, Error> {
        if !Engine::same(&self.engine, module.engine()) {
            return Err(Error::usage(format!(
                "host module {:?} was compiled for another engine",
                Escaped(module.name())
            )));
        }
        let names = self.names(module.name());
        names.reserve(module.functions().len());
        for (name, function) in module.functions() {
            names.insert(name.clone(), Definition::Host(function.clone()));
        }
        Ok(self)
    }

    /// Defines all exports of an instance under a module name.
    pub fn instance(&mut self, context: impl AsContext, module: &str, instance: Instance) -> &mut Linker<T> {
        for (name, value) in instance.exports(&context) {
            self.insert(module, name, Definition::Extern(value));
        }
        self
    }

    /// The type of the host function that a name stands for; `None` for anything else, functions that only trap among them.
    pub fn host_func_type(&self, module: &str, name: &str) -> Option<&FuncType> {
        match self.get(module, name)? {
            Definition::Host(function) => Some(function.ty()),
            Definition::Extern(_) | Definition::Unknown(_) => None,
        }
    }

    /// Defines every function that a module imports and nothing defines yet as one that traps when it is called, with a
    /// message that has its names. So a module runs that only some of its paths need more than there is. What the linker
    /// has of another type, and imports that are not functions, stay as they are: errors of
    /// [`instantiate`](Self::instantiate). A definition made later takes the place of one of these.
    ///
    /// ```
    /// use hostel_engine::{Engine, Linker, Module, Store};
    /// let engine = Engine::default();
    /// let module = Module::new(&engine, wat::parse_str(r#"(module
    ///     (import "env" "rare" (func $rare (param i32) (result i32)))
    ///     (func (export "run") (param i32) (result i32)
    ///         (if (result i32) (local.get 0) (then (call $rare (i32.const 1))) (else (i32.const 2)))))"#).unwrap())?;
    /// let mut linker = Linker::new(&engine);
    /// let mut store = Store::new(&engine, ());
    /// assert!(linker.instantiate(&mut store, &module).is_err());
    /// linker.define_unknown_imports_as_traps(&module)?;
    /// let run = linker.instantiate(&mut store, &module)?.get_typed_func::<i32, i32>(&store, "run")?;
    /// assert_eq!(run.call(&mut store, 0)?, 2);
    /// let trap = run.call(&mut store, 1).unwrap_err();
    /// assert_eq!(trap.to_string(), r#"unknown import "env" "rare" was called: nothing of that name is defined"#);
    /// # Ok::<(), hostel_engine::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the module is of another engine.
    pub fn define_unknown_imports_as_traps(&mut self, module: &Module) -> Result<&mut Linker<T>, Error> {
        if !Engine::same(&self.engine, module.engine()) {
            return Err(Error::usage("linker and module are not of the same engine"));
        }
        let sections = module.sections();
        for import in &sections.imports {
            let ExternIndex::Func(index) = import.index else { continue };
            let type_id = sections.type_ids[sections.funcs[index as usize] as usize];
            let (from, name) = (module.text_at(&import.module), module.text_at(&import.name));
            let names = self.names(from);
            let definition = names.entry(name.into()).or_insert_with(|| Definition::Unknown(Vec::new()));
            if let Definition::Unknown(functions) = definition
                && functions.iter().all(|(id, _)| *id != type_id)
            {
                let (from, name) = (Escaped(from), Escaped(name));
                let message = format!("unknown import {from:?} {name:?} was called: nothing of that name is defined");
                let trap = move |_: &mut T, _: &mut Caller<'_>, _: &mut [u64]| Err(Trap::message(&*message));
                functions.push((type_id, HostFunc::new(module.func_type(index).clone(), trap)));
            }
        }
        Ok(self)
    }

    pub(crate) fn get(&self, module: &str, name: &str) -> Option<&Definition<T>> {
        self.modules.get(module)?.get(name)
    }

    /// Instantiates a module: finds its imports, makes what it defines, copies its segments, runs its start function.
    ///
    /// # Errors
    ///
    /// A missing import or one of the wrong type, with its names; a limit; a segment that does not fit or a start
    /// function that traps, as [`ErrorKind::Instantiation`](crate::ErrorKind::Instantiation).
    pub fn instantiate<C: AsCallContext<Data = T>>(&self, mut context: C, module: &Module) -> Result<Instance, Error> {
        if !Engine::same(&self.engine, module.engine()) || !Engine::same(&self.engine, context.store_inner().engine()) {
            return Err(Error::usage("linker, module and store are not of the same engine"));
        }
        let (instance, start) = instantiate::instantiate(self, context.store_inner_mut(), module)?;
        if let Some(start) = start {
            context.call_slots(start, &mut []).map_err(instantiate::failed)?;
        }
        Ok(instance)
    }
}
