//! The store: all instances, memories, tables, globals and host functions that can see each other, the value stack they
//! run on, and the host's data.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::engine::Engine;
use crate::error::Error;
use crate::exec::block::{
    EnvPtr, ExecState, GlobalBlock, Handle, ImportedFunc, InstanceBlock, MemoryBlock, Meters, Paused, Places, Shim,
    TableBlock,
};
use crate::exec::link;
use crate::exec::pool::ValueStack;
use crate::exec::stable::Stable;
use crate::exec::suspend::SuspendedStacks;
use crate::limits::{Limits, Quota};
use crate::runtime::exception::Exceptions;
use crate::trap::{Trap, TrapCode};
use crate::types::{FuncType, HeapType, MemoryType, ValType};

/// Owns instances and the host's data of type `T`.
///
/// Everything that an instance reaches lives as long as its store. A store is `Send` when `T` is; one thread uses it at
/// a time.
///
/// ```
/// use hostel_engine::{Engine, Store};
/// let mut store = Store::new(&Engine::default(), vec![1, 2, 3]);
/// store.data_mut().push(4);
/// assert_eq!(store.into_data(), [1, 2, 3, 4]);
/// ```
pub struct Store<T: 'static> {
    pub(crate) inner: Stable<StoreInner>,
    pub(crate) data: T,
}

/// The part of a store that does not know the data's type.
pub struct StoreInner {
    engine: Engine,
    id: u64,
    data_type: TypeId,
    exec: Stable<ExecState>,
    /// The caller that host functions see when the host itself calls them.
    host_block: Stable<InstanceBlock>,
    pub(crate) instances: Vec<Stable<InstanceBlock>>,
    pub(crate) memories: Vec<Stable<MemoryBlock>>,
    pub(crate) tables: Vec<Stable<TableBlock>>,
    pub(crate) globals: Vec<Stable<GlobalBlock>>,
    pub(crate) hosts: Vec<HostEntry>,
    /// Where the host function with that environment is: each is owned by one entry, so addresses tell them apart.
    hosts_by_env: HashMap<usize, usize>,
    pub(crate) extern_refs: ExternRefs,
    pub(crate) tags: Vec<TagEntry>,
    pub(crate) exceptions: Exceptions,
    /// What guests that paused refer to.
    pub(crate) suspended: SuspendedStacks,
    fuel: FuelAccount,
    pub(crate) memory_quota: Arc<Quota>,
    pub(crate) table_quota: Arc<Quota>,
    /// What instances without a memory have as memory 0.
    no_memory: Stable<MemoryBlock>,
    /// Keeps the value stack; `exec` points into it.
    _stack: ValueStack,
}

/// A host function of a store.
pub(crate) struct HostEntry {
    pub shim: Shim,
    /// Owns what `env` points to.
    pub _owner: Arc<dyn Any + Send + Sync>,
    pub env: EnvPtr,
    pub ty: FuncType,
    pub type_id: u32,
}

/// What the host's references in a store refer to. They are never dropped before the store, so that a handle, which is an
/// index from 1, always names the same thing.
#[derive(Default)]
pub(crate) struct ExternRefs {
    targets: Vec<Arc<dyn Any + Send + Sync>>,
    /// The handle of what is at that address.
    handles: HashMap<usize, u64>,
}

impl ExternRefs {
    /// The handle of `target`, which is taken in if it is new.
    pub(crate) fn add(&mut self, target: &Arc<dyn Any + Send + Sync>) -> u64 {
        // Of no two that are kept at the same time it is the same, also where they have no size.
        let address = Arc::as_ptr(target).cast::<()>().addr();
        *self.handles.entry(address).or_insert_with(|| {
            self.targets.push(target.clone());
            self.targets.len() as u64
        })
    }

    /// What a handle names; `None` for null and what is none.
    pub(crate) fn get(&self, handle: u64) -> Option<&Arc<dyn Any + Send + Sync>> {
        self.targets.get(usize::try_from(handle.checked_sub(1)?).ok()?)
    }
}

/// An exception tag of a store.
pub(crate) struct TagEntry {
    pub ty: FuncType,
    pub type_id: u32,
}

/// What a handle stands for.
pub(crate) struct Resolved {
    pub import: ImportedFunc,
    pub type_id: u32,
}

impl<T: 'static> Store<T> {
    /// A store with this data.
    ///
    /// # Panics
    ///
    /// When the system has no address space for the value stack (16 MiB by default, see [`Limits`]); use
    /// [`try_new`](Self::try_new) where that can happen.
    pub fn new(engine: &Engine, data: T) -> Store<T> {
        Store::try_new(engine, data).expect("address space for a value stack")
    }

    /// As [`new`](Self::new), with an error instead of a panic.
    pub fn try_new(engine: &Engine, data: T) -> Result<Store<T>, Error> {
        Ok(Store { inner: StoreInner::new(engine, TypeId::of::<T>())?, data })
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// The host's data.
    pub fn data(&self) -> &T {
        &self.data
    }

    /// The host's data.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.data
    }

    /// Drops the store and keeps the data.
    pub fn into_data(self) -> T {
        self.data
    }

    /// Sets how much fuel is left, whatever was left or owed before.
    ///
    /// ```
    /// use hostel_engine::{Config, Engine, Store};
    /// let engine = Engine::new(Config::new().consume_fuel(true))?;
    /// let mut store = Store::new(&engine, ());
    /// store.set_fuel(1000)?;
    /// store.add_fuel(500)?;
    /// assert_eq!((store.get_fuel()?, store.fuel_consumed()?), (1500, 0));
    /// # Ok::<(), hostel_engine::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the engine does not charge fuel, see [`Config::consume_fuel`](crate::Config::consume_fuel).
    pub fn set_fuel(&mut self, units: u64) -> Result<(), Error> {
        self.check_fuel()?;
        self.inner.give_fuel(i64::try_from(units).unwrap_or(i64::MAX));
        Ok(())
    }

    /// Adds to the fuel that is left. What a host function took beyond the budget is paid off first. An error as for
    /// [`set_fuel`](Self::set_fuel).
    pub fn add_fuel(&mut self, units: u64) -> Result<(), Error> {
        self.check_fuel()?;
        let left = self.inner.exec.fuel;
        self.inner.give_fuel(left.saturating_add(i64::try_from(units).unwrap_or(i64::MAX)));
        Ok(())
    }

    /// How much fuel is left; 0 also when some is owed. An error as for [`set_fuel`](Self::set_fuel).
    pub fn get_fuel(&self) -> Result<u64, Error> {
        self.check_fuel()?;
        Ok(u64::try_from(self.inner.exec.fuel).unwrap_or(0))
    }

    /// How much fuel guests and host functions have used since the store was made. An error as for
    /// [`set_fuel`](Self::set_fuel).
    pub fn fuel_consumed(&self) -> Result<u64, Error> {
        self.check_fuel()?;
        Ok(self.inner.fuel.consumed(self.inner.exec.fuel))
    }

    fn check_fuel(&self) -> Result<(), Error> {
        if self.inner.engine.config().fuel { Ok(()) } else { Err(Error::usage("the engine does not consume fuel")) }
    }

    /// A handle with which another thread can stop this store's guests.
    ///
    /// # Errors
    ///
    /// When the engine is not [interruptible](crate::Config::interruptible).
    pub fn interrupt_handle(&self) -> Result<InterruptHandle, Error> {
        if !self.inner.engine.config().interruptible {
            return Err(Error::usage("the engine is not interruptible"));
        }
        Ok(InterruptHandle(self.inner.exec.interrupt.clone()))
    }

    pub(crate) fn as_raw(&mut self) -> (*mut StoreInner, *mut T) {
        (self.inner.as_ptr(), &mut self.data)
    }
}

impl<T: fmt::Debug> fmt::Debug for Store<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("data", &self.data).field("instances", &self.inner.instances.len()).finish()
    }
}

/// What was given, for [`Store::fuel_consumed`]; what is left of it is in the running state.
#[derive(Default)]
struct FuelAccount {
    /// Used before fuel was last given.
    before: u64,
    /// What there was then. What is left is never more.
    given: i64,
}

impl FuelAccount {
    /// What has been used when `left` is left. The difference may have one bit more than an `i64`.
    fn consumed(&self, left: i64) -> u64 {
        self.before + self.given.wrapping_sub(left) as u64
    }
}

/// Stops a store's guests from another thread: the running or next call stops with
/// [`TrapCode::Interrupted`], be it in a loop, a recursion, straight-line code or a bulk
/// instruction. A host function is waited for, unless it asks by itself ([`Caller::check_interrupt`](crate::Caller)).
///
/// To stop is final for a call that was made with `call`; one made with `call_resumable` can go on afterwards.
#[derive(Clone, Debug)]
pub struct InterruptHandle(pub(crate) Arc<AtomicBool>);

/// A request to stop loading, as the code that loads sees it.
#[derive(Clone, Copy)]
pub(crate) struct Stop<'a>(Option<&'a AtomicBool>);

impl<'a> Stop<'a> {
    pub(crate) fn never() -> Stop<'a> {
        Stop(None)
    }

    pub(crate) fn when(handle: &'a InterruptHandle) -> Stop<'a> {
        Stop(Some(&handle.0))
    }

    /// An error when it is to stop, which takes the request.
    pub(crate) fn check(self) -> Result<(), Error> {
        match self.0 {
            Some(asked) if asked.load(Ordering::Relaxed) => {
                asked.store(false, Ordering::Relaxed);
                Err(Trap::from(TrapCode::Interrupted).into())
            }
            _ => Ok(()),
        }
    }

    /// As [`check`](Self::check), when the offset has come far from where that was last done.
    #[inline]
    pub(crate) fn check_from_time_to_time(self, looked: &mut u64, offset: u64) -> Result<(), Error> {
        /// Bytes of a body: 0.1 to 0.4 ms.
        const FAR: u64 = 4096;
        if offset.wrapping_sub(*looked) < FAR {
            return Ok(());
        }
        *looked = offset;
        self.check()
    }
}

impl Default for InterruptHandle {
    fn default() -> InterruptHandle {
        InterruptHandle::new()
    }
}

impl InterruptHandle {
    /// A handle of no store, for [`Module::new_interruptible`](crate::Module::new_interruptible).
    pub fn new() -> InterruptHandle {
        InterruptHandle(Arc::default())
    }

    /// Asks the guest to stop. One request stops one call.
    pub fn interrupt(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether a request stands: it has not stopped anything yet.
    pub fn is_interrupted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes a request back that has not stopped anything yet.
    pub fn clear(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl StoreInner {
    fn new(engine: &Engine, data_type: TypeId) -> Result<Stable<StoreInner>, Error> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let limits = &engine.config().limits;
        let bytes = limits.value_stack_bytes;
        let refuse =
            || Error::limit("value_stack_bytes", format!("no address space for a value stack of {bytes} bytes"));
        let mut stack = engine.pool().stack().ok_or_else(refuse)?;
        let base = stack.base();
        let stubs = link::stubs(engine.backend());
        let null = std::ptr::null_mut();
        let exec = Stable::new(ExecState {
            data: std::ptr::null_mut(),
            ip: std::ptr::null(),
            sp: base,
            cx: null,
            top: base,
            borrowed: base,
            waiting: Vec::new(),
            arguments: Vec::new(),
            stack_base: base,
            stack_end: base.wrapping_add(stack.slots()),
            fuel: 0,
            interrupt: Arc::default(),
            meters: Meters { fuel: engine.config().fuel, interrupt: engine.config().interruptible },
            paused: Paused::NEW,
            depth: 0,
            most_depth: limits.host_reentry,
            backend: engine.backend(),
            pending: None,
            halt: stubs.halt,
            leave: stubs.leave,
            untranslated: None,
            store: std::ptr::null_mut(),
        });
        let memory_quota = Arc::new(Quota::new(limits.store_memory_bytes));
        let no_memory =
            MemoryBlock::new(MemoryType { max: Some(0), ..MemoryType::new(0) }, 0, memory_quota.clone(), engine.pool());
        let no_memory = no_memory.ok_or_else(refuse)?;
        let no_memory = Stable::new(no_memory);
        let host_block = Stable::new(InstanceBlock {
            memory0: no_memory.as_ptr(),
            exec: exec.as_ptr(),
            stack_end: exec.stack_end,
            globals: Box::default(),
            imports: Box::default(),
            tables: Box::default(),
            funcs: std::ptr::null(),
            owner: 0,
            exported_memory: std::ptr::null_mut(),
            memories: Box::default(),
            tags: Box::default(),
            places: Places::default(),
            dropped_data: Box::default(),
            elements: Box::default(),
            module: None,
        });
        let mut store = Stable::new(StoreInner {
            engine: engine.clone(),
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            data_type,
            exec,
            host_block,
            instances: Vec::new(),
            memories: Vec::new(),
            tables: Vec::new(),
            globals: Vec::new(),
            hosts: Vec::new(),
            hosts_by_env: HashMap::new(),
            extern_refs: ExternRefs::default(),
            tags: Vec::new(),
            exceptions: Exceptions::new(limits.exceptions),
            suspended: SuspendedStacks::default(),
            fuel: FuelAccount::default(),
            memory_quota,
            table_quota: Arc::new(Quota::new(limits.store_table_elements)),
            no_memory,
            _stack: stack,
        });
        store.exec.store = store.as_ptr();
        Ok(store)
    }

    /// Makes `units` what is left.
    fn give_fuel(&mut self, units: i64) {
        self.fuel = FuelAccount { before: self.fuel.consumed(self.exec.fuel), given: units };
        self.exec.fuel = units;
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.engine.config().limits
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn data_type(&self) -> TypeId {
        self.data_type
    }

    pub(crate) fn exec_ptr(&self) -> *mut ExecState {
        self.exec.as_ptr()
    }

    pub(crate) fn host_block(&self) -> *mut InstanceBlock {
        self.host_block.as_ptr()
    }

    pub(crate) fn no_memory(&self) -> *mut MemoryBlock {
        self.no_memory.as_ptr()
    }

    pub(crate) fn stack_base(&self) -> *const u64 {
        self.exec.stack_base
    }

    pub(crate) fn stack_end(&self) -> *mut u64 {
        self.exec.stack_end
    }

    /// Adds a host function, unless the store has it already; `type_id` is the engine's number for its type.
    pub(crate) fn add_host(
        &mut self,
        shim: Shim,
        owner: Arc<dyn Any + Send + Sync>,
        env: EnvPtr,
        ty: FuncType,
        type_id: u32,
    ) -> Handle {
        if let Some(&index) = self.hosts_by_env.get(&(env.0 as usize)) {
            return Handle::host(index);
        }
        self.hosts_by_env.insert(env.0 as usize, self.hosts.len());
        self.hosts.push(HostEntry { shim, _owner: owner, env, ty, type_id });
        Handle::host(self.hosts.len() - 1)
    }

    /// What a handle stands for; `None` for null and for handles that this store never gave out.
    pub(crate) fn resolve(&self, handle: Handle) -> Option<Resolved> {
        if handle.owner() == 0 {
            let host = self.hosts.get((handle.index() as usize).checked_sub(1)?)?;
            let import = ImportedFunc {
                shim: Some(host.shim),
                env: host.env.0,
                cx: std::ptr::null_mut(),
                entry: std::ptr::null(),
                handle,
            };
            return Some(Resolved { import, type_id: host.type_id });
        }
        let instance = self.instances.get(handle.owner() as usize - 1)?;
        let entry = instance.entry(handle.index())?;
        let import = ImportedFunc { shim: None, env: std::ptr::null(), cx: instance.as_ptr(), entry, handle };
        Some(Resolved { import, type_id: entry.type_id })
    }

    /// The type of the function that a handle stands for.
    pub(crate) fn func_type(&self, handle: Handle) -> Option<&FuncType> {
        if handle.owner() == 0 {
            return Some(&self.hosts.get((handle.index() as usize).checked_sub(1)?)?.ty);
        }
        let instance = self.instances.get(handle.owner() as usize - 1)?;
        instance.entry(handle.index())?;
        Some(instance.module().func_type(handle.index()))
    }

    /// Whether `value` is a reference of that type: null, where it may be, or one that this store gave out.
    pub(crate) fn is_reference(&self, ty: ValType, value: u64) -> bool {
        let Some(ty) = ty.as_ref() else { return false };
        match ty.heap {
            _ if value == 0 => ty.nullable,
            HeapType::Func => self.resolve(Handle(value)).is_some(),
            HeapType::Concrete(ty) => self.resolve(Handle(value)).is_some_and(|found| found.type_id == ty.number()),
            HeapType::Exn => self.exceptions.get(value).is_some(),
            HeapType::Extern => self.extern_refs.get(value).is_some(),
        }
    }
}
