//! Linear memories, seen from the host.

use super::context::{AsContext, AsContextMut, Inner};
use super::place::Place;
use super::store::StoreInner;
use crate::error::Error;
use crate::exec::block::MemoryBlock;
use crate::exec::stable::Stable;
use crate::limits::Limits;
use crate::types::{MemoryType, PAGE_SIZE};

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
    /// A type that no memory has: pages of another size than 1 or 65 536 bytes, a maximum below the minimum or beyond what an
    /// address can reach. A limit (`memory_bytes`, `store_memory_bytes`, `memories`); no room in the system.
    ///
    /// ```
    /// use hostel_engine::{Engine, Memory, MemoryType, Store};
    /// let mut store = Store::new(&Engine::default(), ());
    /// let memory = Memory::new(&mut store, MemoryType { max: Some(65_536), ..MemoryType::new(1) })?;
    /// assert_eq!(memory.data(&store).len(), 65_536);
    /// let error = Memory::new(&mut store, MemoryType { max: Some(65_537), ..MemoryType::new(1) }).unwrap_err();
    /// assert!(error.to_string().contains("32 bits"), "{error}");
    /// # Ok::<(), hostel_engine::Error>(())
    /// ```
    pub fn new(mut context: impl AsContextMut, ty: MemoryType) -> Result<Memory, Error> {
        let store = context.store_inner_mut();
        if !matches!(ty.page_size, 1 | PAGE_SIZE) {
            return Err(Error::usage(format!(
                "a new memory with pages of {} bytes: they have 1 or 65536",
                ty.page_size
            )));
        }
        if ty.max.is_some_and(|max| max > reachable(ty)) {
            let (bits, most) = (if ty.memory64 { 64 } else { 32 }, reachable(ty));
            return Err(Error::usage(format!(
                "a new memory of {ty}: with addresses of {bits} bits it has at most {most}"
            )));
        }
        if ty.min > most_pages(ty) {
            return Err(Error::usage(format!("a new memory of {ty}: at most it has {}", most_pages(ty))));
        }
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

    /// Grows by `pages` and returns how many it had. After an error it is as it was.
    ///
    /// # Errors
    ///
    /// More than [its type](MemoryType::max) allows ([`ErrorKind::Usage`](crate::ErrorKind::Usage)); a limit
    /// (`memory_bytes`, `store_memory_bytes`); no room in the system
    /// ([`ErrorKind::OutOfMemory`](crate::ErrorKind::OutOfMemory)).
    pub fn grow(&self, mut context: impl AsContextMut, pages: u64) -> Result<u64, Error> {
        let store = context.store_inner_mut();
        self.block_mut(store).grow(pages).ok_or_else(|| refusal(self.block(store), store.limits(), pages))
    }

    /// Copies bytes out of the memory, from `offset` on: as many as `buffer` has.
    ///
    /// # Errors
    ///
    /// Not all of them lie inside the memory; `buffer` is as it was.
    pub fn read(&self, context: impl AsContext, offset: usize, buffer: &mut [u8]) -> Result<(), MemoryAccessError> {
        let bytes = self.data(&context).get(offset..).and_then(|rest| rest.get(..buffer.len()));
        buffer.copy_from_slice(bytes.ok_or(MemoryAccessError)?);
        Ok(())
    }

    /// Copies bytes into the memory, from `offset` on.
    ///
    /// # Errors
    ///
    /// Not all of their places lie inside the memory, which is as it was.
    pub fn write(&self, mut context: impl AsContextMut, offset: usize, bytes: &[u8]) -> Result<(), MemoryAccessError> {
        let place = self.data_mut(&mut context).get_mut(offset..).and_then(|rest| rest.get_mut(..bytes.len()));
        place.ok_or(MemoryAccessError)?.copy_from_slice(bytes);
        Ok(())
    }
}

/// The most pages that addresses of 32 or 64 bits reach: 4 GiB or 16 EiB. A size in pages has as many bits as an address,
/// so a memory with pages of one byte is one byte smaller.
fn reachable(ty: MemoryType) -> u64 {
    let (addresses, most): (u128, _) = if ty.memory64 { (1 << 64, u64::MAX) } else { (1 << 32, u32::MAX.into()) };
    u64::try_from(addresses / u128::from(ty.page_size)).map_or(most, |pages| pages.min(most))
}

/// The most pages that its type allows.
fn most_pages(ty: MemoryType) -> u64 {
    ty.max.map_or(reachable(ty), |max| max.min(reachable(ty)))
}

/// Why a memory did not grow by `delta` pages.
#[cold]
fn refusal(block: &MemoryBlock, limits: &Limits, delta: u64) -> Error {
    let (old, size) = (block.pages(), block.ty.page_size);
    let new = old.saturating_add(delta);
    let what = format!("a memory of {old} pages cannot grow by {delta}");
    if new > most_pages(block.ty) {
        return Error::usage(format!("{what}: its type allows {} pages", most_pages(block.ty)));
    }
    if new > limits.memory_bytes / size {
        return Error::limit("memory_bytes", format!("{what}: the limit is {} bytes", limits.memory_bytes));
    }
    if !block.quota.has_room(delta * size) {
        let total = limits.store_memory_bytes;
        return Error::limit(
            "store_memory_bytes",
            format!("{what}: that is more than is left of {total} bytes for all"),
        );
    }
    Error::out_of_memory(format!("{what}: the system has no room for so much"))
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
    let max_pages = most_pages(ty).min(limit / ty.page_size);
    let block = MemoryBlock::new(ty, max_pages, quota, store.engine().pool())
        .ok_or_else(|| Error::out_of_memory(format!("the system has no room for {what} of {} pages", ty.min)))?;
    store.memories.push(Stable::new(block));
    Ok(store.memories.len() - 1)
}
