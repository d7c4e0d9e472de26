//! Tables, seen from the host.

use super::context::{AsContext, AsContextMut, Inner};
use super::place::Place;
use super::store::StoreInner;
use super::value::Val;
use crate::error::Error;
use crate::exec::block::TableBlock;
use crate::exec::stable::Stable;
use crate::limits::Limits;
use crate::types::TableType;

/// A table of references in a store. A cheap copy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Table(pub(crate) Place);

impl Table {
    /// A new table of that type, every element `init`.
    ///
    /// # Errors
    ///
    /// A type that no table has: elements that are no references or refer to a function type which the engine does not have,
    /// a maximum below the minimum or beyond what an index can name. `init` of another type; a limit (`table_elements`,
    /// `store_table_elements`, `tables`); no room in the system.
    ///
    /// ```
    /// use hostel_engine::{Engine, Store, Table, TableType, Val, ValType};
    /// let mut store = Store::new(&Engine::default(), ());
    /// let table = Table::new(&mut store, TableType::new(ValType::FuncRef, 2), Val::FuncRef(None))?;
    /// assert_eq!(table.size(&store), 2);
    /// let error = Table::new(&mut store, TableType::new(ValType::I64, 2), Val::I64(0)).unwrap_err();
    /// assert!(error.to_string().contains("elements are references"), "{error}");
    /// # Ok::<(), hostel_engine::Error>(())
    /// ```
    pub fn new(mut context: impl AsContextMut, ty: TableType, init: Val) -> Result<Table, Error> {
        let store = context.store_inner_mut();
        if !ty.element.is_ref() {
            return Err(Error::usage(format!("a new table of {ty}: a table's elements are references")));
        }
        store.engine().check_value_type(ty.element)?;
        if ty.max.is_some_and(|max| max > countable(ty)) {
            let (bits, most) = (if ty.table64 { 64 } else { 32 }, countable(ty));
            return Err(Error::usage(format!(
                "a new table of {ty}: with indices of {bits} bits it has at most {most}"
            )));
        }
        if ty.min > most_elements(ty) {
            return Err(Error::usage(format!("a new table of {ty}: at most it has {}", most_elements(ty))));
        }
        let value = element(store, ty, &init)?;
        let index = add(store, ty, value, "a new table")?;
        Ok(Table(Place::new(store, index)))
    }

    fn block(self, store: &StoreInner) -> &TableBlock {
        &store.tables[self.0.index(store, "table")]
    }

    fn block_mut(self, store: &mut StoreInner) -> &mut TableBlock {
        let index = self.0.index(store, "table");
        &mut store.tables[index]
    }

    /// The table's type. Panics, as all methods do, when it is another store's.
    pub fn ty(&self, context: impl AsContext) -> TableType {
        let block = self.block(context.store_inner());
        TableType { min: block.elements.len() as u64, ..block.ty }
    }

    /// How many elements it has.
    pub fn size(&self, context: impl AsContext) -> u64 {
        self.block(context.store_inner()).elements.len() as u64
    }

    /// The element at `index`; `None` outside the table.
    pub fn get(&self, context: impl AsContext, index: u64) -> Option<Val> {
        let store = context.store_inner();
        let block = self.block(store);
        let element = *block.elements.get(usize::try_from(index).ok()?)?;
        Val::read(store, block.ty.element, &[element]).ok()
    }

    /// Sets the element at `index`.
    ///
    /// # Errors
    ///
    /// An index outside the table, a value of another type.
    pub fn set(&self, mut context: impl AsContextMut, index: u64, value: Val) -> Result<(), Error> {
        let store = context.store_inner_mut();
        let ty = self.block(store).ty;
        let value = element(store, ty, &value)?;
        let elements = &mut self.block_mut(store).elements;
        let size = elements.len();
        match usize::try_from(index).ok().and_then(|index| elements.get_mut(index)) {
            Some(element) => *element = value,
            None => return Err(Error::usage(format!("element {index} of a table of {size}"))),
        }
        Ok(())
    }

    /// Grows by `delta` elements set to `init` and returns how many there were. After an error it is as it was.
    ///
    /// # Errors
    ///
    /// `init` of another type, more than [its type](TableType::max) allows
    /// ([`ErrorKind::Usage`](crate::ErrorKind::Usage)); a limit (`table_elements`, `store_table_elements`); no room in the
    /// system ([`ErrorKind::OutOfMemory`](crate::ErrorKind::OutOfMemory)).
    pub fn grow(&self, mut context: impl AsContextMut, delta: u64, init: Val) -> Result<u64, Error> {
        let store = context.store_inner_mut();
        let ty = self.block(store).ty;
        let value = element(store, ty, &init)?;
        self.block_mut(store).grow(delta, value).ok_or_else(|| refusal(self.block(store), store.limits(), delta))
    }
}

/// The most elements that indices of 32 or 64 bits can count.
fn countable(ty: TableType) -> u64 {
    if ty.table64 { u64::MAX } else { u32::MAX.into() }
}

/// The most elements that its type allows.
fn most_elements(ty: TableType) -> u64 {
    ty.max.map_or(countable(ty), |max| max.min(countable(ty)))
}

/// Why a table did not grow by `delta` elements.
#[cold]
fn refusal(block: &TableBlock, limits: &Limits, delta: u64) -> Error {
    let old = block.elements.len() as u64;
    let new = old.saturating_add(delta);
    let what = format!("a table of {old} elements cannot grow by {delta}");
    if new > most_elements(block.ty) {
        return Error::usage(format!("{what}: its type allows {}", most_elements(block.ty)));
    }
    if new > limits.table_elements {
        return Error::limit("table_elements", format!("{what}: the limit is {}", limits.table_elements));
    }
    if !block.quota.has_room(delta) {
        let total = limits.store_table_elements;
        return Error::limit("store_table_elements", format!("{what}: that is more than is left of {total} for all"));
    }
    Error::out_of_memory(format!("{what}: the system has no room for so many"))
}

fn element(store: &mut StoreInner, ty: TableType, value: &Val) -> Result<u64, Error> {
    let mut slots = [0; 2];
    value.write_as(store, ty.element, &mut slots)?;
    Ok(slots[0])
}

/// Adds a table to a store and returns its index; `what` names it in errors.
pub(crate) fn add(store: &mut StoreInner, ty: TableType, init: u64, what: &str) -> Result<usize, Error> {
    let limits = store.limits();
    if store.tables.len() >= limits.tables {
        return Err(Error::limit("tables", format!("{what} is one more than {} tables", limits.tables)));
    }
    let limit = limits.table_elements;
    if ty.min > limit {
        return Err(Error::limit(
            "table_elements",
            format!("{what} asks for {} elements, the limit is {limit}", ty.min),
        ));
    }
    let quota = store.table_quota.clone();
    if !quota.has_room(ty.min) {
        let total = limits.store_table_elements;
        let message = format!("{what} of {} elements is more than is left of {total} for all tables", ty.min);
        return Err(Error::limit("store_table_elements", message));
    }
    let max = most_elements(ty).min(limit);
    let mut block = TableBlock { elements: Vec::new(), ty, max, quota };
    block
        .grow(ty.min, init)
        .ok_or_else(|| Error::out_of_memory(format!("the system has no room for {what} of {} elements", ty.min)))?;
    store.tables.push(Stable::new(block));
    Ok(store.tables.len() - 1)
}
