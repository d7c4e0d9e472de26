//! Linear memories, seen from the host.

use super::context::{AsContext, AsContextMut, Inner};
use super::place::Place;
use super::store::StoreInner;
use crate::error::Error;
use crate::exec::block::MemoryBlock;
use crate::exec::stable::Stable;
use crate::types::MemoryType;

/// A linear memory of a store. A cheap copy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Memory(pub(crate) Place);

/// An access outside a memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemoryAccessError;

impl std::fmt::Display for MemoryAccessError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("out of bounds memory access")
    }
}

impl std::error::Error for MemoryAccessError {}

impl Memory {
    /// A new memory of that type, zeroed.
    ///
    /// # Errors
    ///
    /// A limit (`memory_bytes`, `store_memory_bytes`, `memories`), or no room in the system.
    pub fn new(mut context: impl AsContextMut, ty: MemoryType) -> Result<Memory, Error> {
        let store = context.store_inner_mut();
        let index = add(store, ty, "a new memory")?;
        Ok(Memory(Place::new(store, index)))
    }

    fn block(self, store: &StoreInner) -> &MemoryBlock {
        &store.memories[self.0.index(store, "memory")]
    }

    fn block_mut(self, store: &mut StoreInner) -> &mut MemoryBlock {
        let index = self.0.index(store, "memory");
        &mut store.memories[index]
    }

    /// The memory's type. Panics, as all methods do, when it is another store's.
    pub fn ty(&self, context: impl AsContext) -> MemoryType {
        let block = self.block(context.store_inner());
        MemoryType { min: block.pages(), ..block.ty }
    }

    /// Its size in pages: of 64 KiB each, unless [its type](MemoryType::page_size) says otherwise.
    pub fn size(&self, context: impl AsContext) -> u64 {
        self.block(context.store_inner()).pages()
    }

    /// Its bytes.
    pub fn data<'a, C: AsContext>(&self, context: &'a C) -> &'a [u8] {
        self.block(context.store_inner()).data()
    }

    /// Its bytes, to be changed.
    pub fn data_mut<'a, C: AsContextMut>(&self, context: &'a mut C) -> &'a mut [u8] {
        self.block_mut(context.store_inner_mut()).data_mut()
    }

    /// Grows by `pages` and returns how many it had; `None`, and no change, when a limit forbids it.
    pub fn grow(&self, mut context: impl AsContextMut, pages: u64) -> Option<u64> {
        self.block_mut(context.store_inner_mut()).grow(pages)
    }

    /// Copies bytes out of the memory, from `offset` on.
    pub fn read(&self, context: impl AsContext, offset: usize, buffer: &mut [u8]) -> Result<(), MemoryAccessError> {
        let bytes = self.data(&context).get(offset..).and_then(|rest| rest.get(..buffer.len()));
        buffer.copy_from_slice(bytes.ok_or(MemoryAccessError)?);
        Ok(())
    }

    /// Copies bytes into the memory, from `offset` on.
    pub fn write(&self, mut context: impl AsContextMut, offset: usize, bytes: &[u8]) -> Result<(), MemoryAccessError> {
        let place = self.data_mut(&mut context).get_mut(offset..).and_then(|rest| rest.get_mut(..bytes.len()));
        place.ok_or(MemoryAccessError)?.copy_from_slice(bytes);
        Ok(())
    }
}

/// Adds a memory to a store and returns its index; `what` names it in errors.
pub(crate) fn add(store: &mut StoreInner, ty: MemoryType, what: &str) -> Result<usize, Error> {
    let limits = store.limits();
    if store.memories.len() >= limits.memories {
        return Err(Error::limit("memories", format!("{what} is one more than {} memories", limits.memories)));
    }
    let limit = limits.memory_bytes;
    let refuse = |pages: u64| {
        let bytes = pages.saturating_mul(ty.page_size);
        Error::limit(
            "memory_bytes",
            format!("{what} asks for {bytes} bytes ({pages} pages) at start, the limit is {limit} bytes"),
        )
    };
    if ty.min > limit / ty.page_size {
        return Err(refuse(ty.min));
    }
    let quota = store.memory_quota.clone();
    let bytes = ty.min * ty.page_size;
    if !quota.has_room(bytes) {
        let total = limits.store_memory_bytes;
        let message = format!("{what} of {bytes} bytes is more than is left of {total} for all memories");
        return Err(Error::limit("store_memory_bytes", message));
    }
    // A size in pages has as many bits as an address, and 32 bits do not reach further than 4 GiB.
    let addressable = if ty.memory64 { u64::MAX } else { u32::MAX as u64 };
    let reachable = if ty.memory64 { u64::MAX } else { 1 << 32 };
    let max_pages = ty.max.unwrap_or(addressable).min(addressable).min(reachable.min(limit) / ty.page_size);
    let block = MemoryBlock::new(ty, max_pages, quota, store.engine().pool()).ok_or_else(|| {
        Error::limit("memory_bytes", format!("the system has no room for {what} of {} pages", ty.min))
    })?;
    store.memories.push(Stable::new(block));
    Ok(store.memories.len() - 1)
}
