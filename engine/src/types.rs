//! WebAssembly's types, as the embedder sees them and as the engine lays them out in slots.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The type of a value.
///
/// Source: WebAssembly core specification, "Value Types".
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ValType {
    /// 32-bit integer; what an instruction does decides whether it is signed.
    I32,
    /// 64-bit integer, likewise.
    I64,
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 double precision.
    F64,
    /// 128-bit vector; two slots.
    V128,
    /// Reference to a function, or null.
    FuncRef,
    /// Reference to something of the host's, or null.
    ExternRef,
    /// Reference to an exception, or null.
    ExnRef,
    /// Any other reference.
    Ref(RefType),
}

impl ValType {
    /// How many 64-bit slots a value of this type takes on the stack: 2 for `v128`, else 1.
    ///
    /// ```
    /// use hostel_engine::ValType;
    /// assert_eq!(ValType::I32.slots(), 1);
    /// assert_eq!(ValType::V128.slots(), 2);
    /// ```
    pub const fn slots(self) -> usize {
        match self {
            ValType::V128 => 2,
            _ => 1,
        }
    }

    /// Whether values of this type are references.
    pub const fn is_ref(self) -> bool {
        self.as_ref().is_some()
    }

    /// The reference type, when it is one; `funcref`, `externref` and `exnref` included.
    pub const fn as_ref(self) -> Option<RefType> {
        let heap = match self {
            ValType::FuncRef => HeapType::Func,
            ValType::ExternRef => HeapType::Extern,
            ValType::ExnRef => HeapType::Exn,
            ValType::Ref(ty) => return Some(ty),
            _ => return None,
        };
        Some(RefType { nullable: true, heap })
    }

    /// A byte for each type; one for all references to a function of one type.
    fn code(self) -> u8 {
        match self {
            ValType::I32 => 0,
            ValType::I64 => 1,
            ValType::F32 => 2,
            ValType::F64 => 3,
            ValType::V128 => 4,
            ValType::FuncRef => 5,
            ValType::ExternRef => 6,
            ValType::ExnRef => 7,
            ValType::Ref(RefType { nullable, heap }) => {
                let heap = match heap {
                    HeapType::Func => 0,
                    HeapType::Extern => 1,
                    HeapType::Exn => 2,
                    HeapType::Concrete(_) => 3,
                };
                8 + 2 * heap + u8::from(nullable)
            }
        }
    }

    /// Whether every value of this type is one of `other`.
    pub(crate) fn is_subtype_of(self, other: ValType) -> bool {
        match (self.as_ref(), other.as_ref()) {
            (Some(a), Some(b)) => {
                let heap = a.heap == b.heap || matches!((a.heap, b.heap), (HeapType::Concrete(_), HeapType::Func));
                heap && (b.nullable || !a.nullable)
            }
            _ => self == other,
        }
    }

    /// The type of a module's value; `concrete` finds the engine's number of a function type of the module. `None` for
    /// types of garbage collected values.
    pub(crate) fn from_wasm(ty: wasmparser::ValType, concrete: impl Fn(u32) -> Option<u32>) -> Option<ValType> {
        use wasmparser::{AbstractHeapType, UnpackedIndex};
        let ty = match ty {
            wasmparser::ValType::I32 => return Some(ValType::I32),
            wasmparser::ValType::I64 => return Some(ValType::I64),
            wasmparser::ValType::F32 => return Some(ValType::F32),
            wasmparser::ValType::F64 => return Some(ValType::F64),
            wasmparser::ValType::V128 => return Some(ValType::V128),
            wasmparser::ValType::Ref(ty) => ty,
        };
        let heap = match ty.heap_type() {
            wasmparser::HeapType::Abstract { shared: false, ty: AbstractHeapType::Func } => HeapType::Func,
            wasmparser::HeapType::Abstract { shared: false, ty: AbstractHeapType::Extern } => HeapType::Extern,
            wasmparser::HeapType::Abstract { shared: false, ty: AbstractHeapType::Exn } => HeapType::Exn,
            wasmparser::HeapType::Concrete(UnpackedIndex::Module(index)) => {
                HeapType::Concrete(ConcreteType::new(concrete(index)?))
            }
            _ => return None,
        };
        Some(match (ty.is_nullable(), heap) {
            (true, HeapType::Func) => ValType::FuncRef,
            (true, HeapType::Extern) => ValType::ExternRef,
            (true, HeapType::Exn) => ValType::ExnRef,
            (nullable, heap) => ValType::Ref(RefType { nullable, heap }),
        })
    }

    /// A type of the same layout as a module's type: all references are alike.
    pub(crate) fn layout(ty: wasmparser::ValType) -> ValType {
        ValType::from_wasm(ty, |_| None).unwrap_or(ValType::FuncRef)
    }
}

/// The type of a reference.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RefType {
    /// Whether it may be null.
    pub nullable: bool,
    /// What it refers to.
    pub heap: HeapType,
}

/// What a reference refers to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum HeapType {
    /// Any function.
    Func,
    /// Anything of the host's.
    Extern,
    /// An exception.
    Exn,
    /// A function of one type.
    Concrete(ConcreteType),
}

/// Stands for a function type in an engine: what [`HeapType::Concrete`] refers to. It comes from the types of an engine's
/// modules, and in another engine it stands for another type or for none.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConcreteType([u8; 4]);

impl ConcreteType {
    /// The type that has this number in an engine, or in its own group (see [`within_group`]).
    pub(crate) const fn new(number: u32) -> ConcreteType {
        ConcreteType(number.to_ne_bytes())
    }

    pub(crate) const fn number(self) -> u32 {
        u32::from_ne_bytes(self.0)
    }
}

impl fmt::Debug for ConcreteType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

/// A module may have many: a number of bytes, where one with an aligned `u32` inside would be twice as long.
const _: () = assert!(size_of::<ValType>() == 6);

/// Marks numbers that count from a recursive group's first type. An engine's own numbers do not get there: see
/// [`TYPES_MAX`].
const WITHIN_GROUP: u32 = 1 << 31;

/// The most function types of an engine.
pub(crate) const TYPES_MAX: u32 = WITHIN_GROUP;

/// The number that stands for type `index` of a recursive group within the group itself, as the engine's registry has it.
pub(crate) const fn within_group(index: u32) -> u32 {
    WITHIN_GROUP | index
}

impl fmt::Display for RefType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.nullable { "(ref null " } else { "(ref " })?;
        match self.heap {
            HeapType::Func => f.write_str("func)"),
            HeapType::Extern => f.write_str("extern)"),
            HeapType::Exn => f.write_str("exn)"),
            HeapType::Concrete(ty) => write!(f, "type {})", ty.number()),
        }
    }
}

impl fmt::Display for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let ValType::Ref(ty) = self {
            return ty.fmt(f);
        }
        f.write_str(match self {
            ValType::I32 => "i32",
            ValType::I64 => "i64",
            ValType::F32 => "f32",
            ValType::F64 => "f64",
            ValType::V128 => "v128",
            ValType::FuncRef => "funcref",
            ValType::ExternRef => "externref",
            ValType::ExnRef => "exnref",
            ValType::Ref(_) => "ref",
        })
    }
}

/// The most parameters, and the most results, of a function: those of the core specification's "Implementation
/// Limitations", which the validator has for modules.
pub(crate) const MOST_VALUES: usize = 1000;

/// The type of a function: parameters and results, in order.
///
/// A function has at most 1 000 parameters and 1 000 results, as in a module. Of longer lists the first 1 001 are kept, and
/// whatever such a type is given to refuses it.
///
/// ```
/// use hostel_engine::{FuncType, ValType};
/// let ty = FuncType::new([ValType::I32, ValType::I64], [ValType::F64]);
/// assert_eq!(ty.to_string(), "(i32, i64) -> (f64)");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct FuncType {
    /// Shared by all copies: the module's, the engine's and those of functions. With the other fields it says all.
    types: Arc<[ValType]>,
    params: u16,
    /// Slots of the parameters, and of the results.
    slots: (u16, u16),
}

impl Hash for FuncType {
    /// In whole runs of bytes, as an engine looks up every type of every module (measured: one of nothing but wide types loads in
    /// two thirds of the time that it takes value by value).
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.params.hash(state);
        for types in self.types.chunks(64) {
            let mut codes = [0; 64];
            for (code, ty) in codes.iter_mut().zip(types) {
                *code = ty.code();
            }
            state.write(&codes[..types.len()]);
        }
        // What the codes do not say. A module may have many types that differ in nothing else.
        for ty in &*self.types {
            if let ValType::Ref(RefType { heap: HeapType::Concrete(ty), .. }) = ty {
                state.write_u32(ty.number());
            }
        }
    }
}

/// What two lists of values of [`MOST_VALUES`] and one more take.
const _: () = assert!(2 * (MOST_VALUES + 1) <= u16::MAX as usize);

impl FuncType {
    /// A function type of these parameters and results.
    pub fn new(params: impl IntoIterator<Item = ValType>, results: impl IntoIterator<Item = ValType>) -> FuncType {
        let mut types: Vec<ValType> = params.into_iter().take(MOST_VALUES + 1).collect();
        let params = types.len();
        types.extend(results.into_iter().take(MOST_VALUES + 1));
        let slots = (slots(&types[..params]), slots(&types[params..]));
        FuncType { types: types.into(), params: params as u16, slots }
    }

    /// The parameters' types.
    pub fn params(&self) -> &[ValType] {
        &self.types[..usize::from(self.params)]
    }

    /// The results' types.
    pub fn results(&self) -> &[ValType] {
        &self.types[usize::from(self.params)..]
    }

    /// Whether it refers to a type of its own recursive group.
    pub(crate) fn is_recursive(&self) -> bool {
        let within = |ty: &ValType| matches!(ty, ValType::Ref(RefType { heap: HeapType::Concrete(other), .. }) if other.number() & WITHIN_GROUP != 0);
        self.types.iter().any(within)
    }

    /// Gives references to types of its own group the engine's numbers, the group's first being `first`.
    pub(crate) fn resolve_group(&mut self, first: u32) {
        if !self.is_recursive() {
            return;
        }
        for ty in Arc::make_mut(&mut self.types) {
            if let ValType::Ref(RefType { heap: HeapType::Concrete(other), .. }) = ty
                && other.number() & WITHIN_GROUP != 0
            {
                *other = ConcreteType::new(first + (other.number() & !WITHIN_GROUP));
            }
        }
    }

    /// Slots that the parameters take.
    pub fn param_slots(&self) -> usize {
        self.slots.0.into()
    }

    /// Slots that the results take.
    pub fn result_slots(&self) -> usize {
        self.slots.1.into()
    }

    /// Slots of a call: the larger of [`param_slots`](Self::param_slots) and [`result_slots`](Self::result_slots).
    /// It is the length of the slice a raw host function is given.
    pub fn call_slots(&self) -> usize {
        self.param_slots().max(self.result_slots())
    }
}

fn slots(types: &[ValType]) -> u16 {
    types.iter().map(|ty| ty.slots() as u16).sum()
}

impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, types: &[ValType]| {
            for (i, ty) in types.iter().enumerate() {
                write!(f, "{}{ty}", if i == 0 { "" } else { ", " })?;
            }
            Ok(())
        };
        f.write_str("(")?;
        list(f, self.params())?;
        f.write_str(") -> (")?;
        list(f, self.results())?;
        f.write_str(")")
    }
}

impl fmt::Debug for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Bytes of a page of linear memory.
pub const PAGE_SIZE: u64 = 65536;

/// The type of a linear memory. Sizes are in pages, of 64 KiB unless it says otherwise.
///
/// ```
/// use hostel_engine::MemoryType;
/// assert_eq!(MemoryType { max: Some(2), ..MemoryType::new(1) }.to_string(), "1..=2 pages");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MemoryType {
    /// Whether addresses have 64 bits.
    pub memory64: bool,
    /// Bytes of a page: [`PAGE_SIZE`], or 1.
    pub page_size: u64,
    /// Pages at the start.
    pub min: u64,
    /// Pages it may grow to, no fewer than at the start and no more than an address can reach; `None` means as many as that.
    pub max: Option<u64>,
}

impl MemoryType {
    /// A 32-bit memory of `min` pages at the start that may grow without a bound of its own.
    pub const fn new(min: u64) -> MemoryType {
        MemoryType { memory64: false, page_size: PAGE_SIZE, min, max: None }
    }
}

impl fmt::Display for MemoryType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.memory64 {
            f.write_str("i64 ")?;
        }
        limits(f, self.min, self.max)?;
        f.write_str(" pages")?;
        if self.page_size != PAGE_SIZE { write!(f, " of {} bytes", self.page_size) } else { Ok(()) }
    }
}

/// The type of a table. Sizes are in elements.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TableType {
    /// Whether indices have 64 bits.
    pub table64: bool,
    /// The elements' type, a reference type: [`Table::new`](crate::Table::new) refuses others.
    pub element: ValType,
    /// Elements at the start.
    pub min: u64,
    /// Elements it may grow to, no fewer than at the start and no more than an index can name; `None` means as many as that.
    pub max: Option<u64>,
}

impl TableType {
    /// A table of `min` elements at the start, with 32-bit indices, that may grow without a bound of its own.
    pub const fn new(element: ValType, min: u64) -> TableType {
        TableType { table64: false, element, min, max: None }
    }
}

impl fmt::Display for TableType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.table64 {
            f.write_str("i64 ")?;
        }
        limits(f, self.min, self.max)?;
        write!(f, " {}", self.element)
    }
}

fn limits(f: &mut fmt::Formatter<'_>, min: u64, max: Option<u64>) -> fmt::Result {
    match max {
        Some(max) => write!(f, "{min}..={max}"),
        None => write!(f, "{min}.."),
    }
}

/// The type of a global.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct GlobalType {
    /// The value's type.
    pub content: ValType,
    /// Whether it may be changed.
    pub mutable: bool,
}

impl fmt::Display for GlobalType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.mutable { write!(f, "mut {}", self.content) } else { write!(f, "{}", self.content) }
    }
}

/// The type of anything that is imported or exported.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ExternType {
    /// A function.
    Func(FuncType),
    /// A table.
    Table(TableType),
    /// A memory.
    Memory(MemoryType),
    /// A global.
    Global(GlobalType),
    /// An exception tag, with the type of what its exceptions carry: parameters and no results.
    Tag(FuncType),
}

impl fmt::Display for ExternType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExternType::Func(ty) => write!(f, "function {ty}"),
            ExternType::Table(ty) => write!(f, "table {ty}"),
            ExternType::Memory(ty) => write!(f, "memory {ty}"),
            ExternType::Global(ty) => write!(f, "global {ty}"),
            ExternType::Tag(ty) => write!(f, "tag {ty}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::hash_map::RandomState;
    use std::hash::BuildHasher;

    use super::*;

    /// As equality has it, and types that differ in one value, or only in what that refers to, have hashes that differ.
    #[test]
    fn function_types_have_hashes_of_their_own() {
        let reference = |nullable, heap| ValType::Ref(RefType { nullable, heap });
        let mut values = vec![ValType::I32, ValType::I64, ValType::F32, ValType::F64, ValType::V128];
        values.extend([ValType::FuncRef, ValType::ExternRef, ValType::ExnRef]);
        for heap in [HeapType::Func, HeapType::Extern, HeapType::Exn]
            .into_iter()
            .chain((0..50).map(|number| HeapType::Concrete(ConcreteType::new(number))))
        {
            values.extend([reference(false, heap), reference(true, heap)]);
        }
        let state = RandomState::new();
        let mut hashes = std::collections::HashMap::new();
        for place in [0, 63, 64, 100] {
            for &value in &values[1..] {
                let mut params = [ValType::I32; 101];
                params[place] = value;
                let ty = FuncType::new(params, []);
                assert_eq!(state.hash_one(&ty), state.hash_one(FuncType::new(params, [])));
                assert!(hashes.insert(state.hash_one(&ty), ty).is_none(), "{value} at {place}");
            }
        }
        let split = |params: usize| {
            FuncType::new([ValType::I32; 4].into_iter().take(params), [ValType::I32; 4].into_iter().skip(params))
        };
        assert_ne!(state.hash_one(split(1)), state.hash_one(split(2)));
    }
}
