//! Instances, seen from the host.

use super::context::{AsContext, Inner};
use super::func::Func;
use super::global::Global;
use super::memory::Memory;
use super::place::Place;
use super::store::StoreInner;
use super::table::Table;
use super::tag::Tag;
use super::typed::{TypedFunc, WasmParams, WasmResults};
use crate::error::Error;
use crate::escaped::Escaped;
use crate::exec::block::InstanceBlock;
use crate::exec::handlers::function_handle;
use crate::module::{ExternIndex, Module};
use crate::types::ExternType;

/// Something that can be imported and exported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Extern {
    /// A function.
    Func(Func),
    /// A table.
    Table(Table),
    /// A memory.
    Memory(Memory),
    /// A global.
    Global(Global),
    /// An exception tag.
    Tag(Tag),
}

impl Extern {
    /// Its type.
    pub fn ty(&self, context: impl AsContext) -> ExternType {
        match self {
            Extern::Func(func) => ExternType::Func(func.ty(context)),
            Extern::Table(table) => ExternType::Table(table.ty(context)),
            Extern::Memory(memory) => ExternType::Memory(memory.ty(context)),
            Extern::Global(global) => ExternType::Global(global.ty(context)),
            Extern::Tag(tag) => ExternType::Tag(tag.ty(context)),
        }
    }
}

macro_rules! into_extern {
    ($($kind:ident)*) => {$(
        impl From<$kind> for Extern {
            fn from(value: $kind) -> Extern {
                Extern::$kind(value)
            }
        }
    )*};
}
into_extern! { Func Table Memory Global Tag }

/// An instance of a module in a store: what [`Linker::instantiate`](crate::Linker::instantiate) makes. A cheap copy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instance(Place);

impl Instance {
    pub(crate) fn new(store: &StoreInner, index: usize) -> Instance {
        Instance(Place::new(store, index))
    }

    fn block(self, store: &StoreInner) -> &InstanceBlock {
        &store.instances[self.0.index(store, "instance")]
    }

    /// Its module. Panics, as all methods do, when the instance is another store's.
    pub fn module(&self, context: impl AsContext) -> Module {
        self.block(context.store_inner()).module().clone()
    }

    /// The export of that name.
    pub fn get_export(&self, context: impl AsContext, name: &str) -> Option<Extern> {
        let store = context.store_inner();
        let block = self.block(store);
        Some(export(store, block, block.module().export_index(name)?))
    }

    /// All exports with their names, in the module's order.
    pub fn exports<'a>(&self, context: &'a impl AsContext) -> impl Iterator<Item = (&'a str, Extern)> {
        let store = context.store_inner();
        let block = self.block(store);
        let module = block.module();
        module.sections().exports.iter().map(move |(name, index)| (module.text_at(name), export(store, block, *index)))
    }

    /// The exported function of that name.
    pub fn get_func(&self, context: impl AsContext, name: &str) -> Option<Func> {
        if let Some(Extern::Func(func)) = self.get_export(context, name) { Some(func) } else { None }
    }

    /// The exported memory of that name.
    pub fn get_memory(&self, context: impl AsContext, name: &str) -> Option<Memory> {
        if let Some(Extern::Memory(memory)) = self.get_export(context, name) { Some(memory) } else { None }
    }

    /// The exported table of that name.
    pub fn get_table(&self, context: impl AsContext, name: &str) -> Option<Table> {
        if let Some(Extern::Table(table)) = self.get_export(context, name) { Some(table) } else { None }
    }

    /// The exported global of that name.
    pub fn get_global(&self, context: impl AsContext, name: &str) -> Option<Global> {
        if let Some(Extern::Global(global)) = self.get_export(context, name) { Some(global) } else { None }
    }

    /// The exported function of that name with its Rust types.
    ///
    /// # Errors
    ///
    /// No such function; other types.
    pub fn get_typed_func<P: WasmParams, R: WasmResults>(
        &self,
        context: impl AsContext,
        name: &str,
    ) -> Result<TypedFunc<P, R>, Error> {
        let func = self.get_func(&context, name);
        func.ok_or_else(|| Error::usage(format!("no exported function {:?}", Escaped(name))))?.typed(&context)
    }
}

/// What an index of an instance's module stands for.
pub(crate) fn export(store: &StoreInner, block: &InstanceBlock, index: ExternIndex) -> Extern {
    let place = |places: &[usize], i: u32| Place::new(store, places[i as usize]);
    match index {
        ExternIndex::Func(i) => Extern::Func(Func::new(store, function_handle(block, i))),
        ExternIndex::Memory(i) => Extern::Memory(Memory(place(&block.places.memories, i))),
        ExternIndex::Table(i) => Extern::Table(Table(place(&block.places.tables, i))),
        ExternIndex::Global(i) => Extern::Global(Global(place(&block.places.globals, i))),
        ExternIndex::Tag(i) => Extern::Tag(Tag(Place::new(store, block.tags[i as usize] as usize))),
    }
}
