//! Values, for calls whose types are known only at run time.

use std::any::Any;
use std::sync::Arc;

use super::exception::Exception;
use super::func::Func;
use super::store::StoreInner;
use crate::error::Error;
use crate::exec::block::Handle;
use crate::types::{HeapType, RefType, ValType};

/// A reference to something of the host's that a guest can pass around and not look into.
///
/// What it refers to lives as long as the last store that it was given to. A store takes it once, however often it is given:
/// clones refer to the same.
#[derive(Clone)]
pub struct ExternRef(Arc<dyn Any + Send + Sync>);

impl ExternRef {
    /// A reference to `value`.
    pub fn new<T: Any + Send + Sync>(value: T) -> ExternRef {
        ExternRef(Arc::new(value))
    }

    /// What it refers to.
    pub fn data(&self) -> &(dyn Any + Send + Sync) {
        &*self.0
    }
}

impl std::fmt::Debug for ExternRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ExternRef")
    }
}

/// A reference to an exception that a guest threw.
#[derive(Clone, Debug)]
pub struct ExnRef(pub(crate) Arc<Exception>);

/// A WebAssembly value.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Val {
    /// 32-bit integer.
    I32(i32),
    /// 64-bit integer.
    I64(i64),
    /// Single precision, its bits.
    F32(u32),
    /// Double precision, its bits.
    F64(u64),
    /// 128-bit vector, lane 0 in the low bits.
    V128(u128),
    /// Reference to a function.
    FuncRef(Option<Func>),
    /// Reference to something of the host's.
    ExternRef(Option<ExternRef>),
    /// Reference to an exception.
    ExnRef(Option<ExnRef>),
}

impl Val {
    /// The value's type.
    pub fn ty(&self) -> ValType {
        match self {
            Val::I32(_) => ValType::I32,
            Val::I64(_) => ValType::I64,
            Val::F32(_) => ValType::F32,
            Val::F64(_) => ValType::F64,
            Val::V128(_) => ValType::V128,
            Val::FuncRef(_) => ValType::FuncRef,
            Val::ExternRef(_) => ValType::ExternRef,
            Val::ExnRef(_) => ValType::ExnRef,
        }
    }

    /// Zero, or null.
    pub fn default_for_ty(ty: ValType) -> Val {
        match ty {
            ValType::I32 => Val::I32(0),
            ValType::I64 => Val::I64(0),
            ValType::F32 => Val::F32(0),
            ValType::F64 => Val::F64(0),
            ValType::V128 => Val::V128(0),
            ValType::FuncRef => Val::FuncRef(None),
            ValType::ExternRef => Val::ExternRef(None),
            ValType::ExnRef => Val::ExnRef(None),
            ValType::Ref(RefType { heap: HeapType::Extern, .. }) => Val::ExternRef(None),
            ValType::Ref(RefType { heap: HeapType::Exn, .. }) => Val::ExnRef(None),
            ValType::Ref(_) => Val::FuncRef(None),
        }
    }

    /// Whether it is a null reference.
    pub fn is_null(&self) -> bool {
        matches!(self, Val::FuncRef(None) | Val::ExternRef(None) | Val::ExnRef(None))
    }

    /// The integer of an `i32`.
    pub fn i32(&self) -> Option<i32> {
        if let Val::I32(value) = *self { Some(value) } else { None }
    }

    /// The integer of an `i64`.
    pub fn i64(&self) -> Option<i64> {
        if let Val::I64(value) = *self { Some(value) } else { None }
    }

    /// The number of an `f32`.
    pub fn f32(&self) -> Option<f32> {
        if let Val::F32(bits) = *self { Some(f32::from_bits(bits)) } else { None }
    }

    /// The number of an `f64`.
    pub fn f64(&self) -> Option<f64> {
        if let Val::F64(bits) = *self { Some(f64::from_bits(bits)) } else { None }
    }

    /// Writes the value into the one or two slots of its type.
    pub(crate) fn write(&self, store: &mut StoreInner, slots: &mut [u64]) -> Result<(), Error> {
        slots[0] = match self {
            Val::I32(value) => *value as u32 as u64,
            Val::I64(value) => *value as u64,
            Val::F32(bits) => *bits as u64,
            Val::F64(bits) => *bits,
            Val::V128(value) => {
                slots[1] = (value >> 64) as u64;
                *value as u64
            }
            Val::FuncRef(None) | Val::ExternRef(None) | Val::ExnRef(None) => 0,
            Val::FuncRef(Some(func)) => func.handle(store)?.0,
            // Its tag is a number of its own store's, which would be taken for one of this store's.
            Val::ExnRef(Some(exception)) if exception.0.store != store.id() => {
                return Err(Error::usage("the exception is another store's"));
            }
            // The store keeps what the host holds, so the handle is good.
            Val::ExnRef(Some(exception)) => exception.0.handle,
            Val::ExternRef(Some(reference)) => store.extern_refs.add(&reference.0),
        };
        Ok(())
    }

    /// As [`write`](Self::write), when the value is of type `ty`.
    pub(crate) fn write_as(&self, store: &mut StoreInner, ty: ValType, slots: &mut [u64]) -> Result<(), Error> {
        let mismatch = || Error::usage(format!("expected {ty}, found {}", self.ty()));
        let kind = |ty: ValType| {
            ty.as_ref().map(|ty| match ty.heap {
                HeapType::Concrete(_) => HeapType::Func,
                heap => heap,
            })
        };
        if self.ty() != ty && (kind(ty).is_none() || kind(ty) != kind(self.ty())) {
            return Err(mismatch());
        }
        self.write(store, slots)?;
        if ty.is_ref() && !store.is_reference(ty, slots[0]) { Err(mismatch()) } else { Ok(()) }
    }

    /// Reads a value of type `ty` from its slots. A reference that the store does not know reads as an error.
    pub(crate) fn read(store: &StoreInner, ty: ValType, slots: &[u64]) -> Result<Val, Error> {
        Ok(match ty {
            ValType::I32 => Val::I32(slots[0] as i32),
            ValType::I64 => Val::I64(slots[0] as i64),
            ValType::F32 => Val::F32(slots[0] as u32),
            ValType::F64 => Val::F64(slots[0]),
            ValType::V128 => Val::V128(slots[0] as u128 | (slots[1] as u128) << 64),
            _ if !store.is_reference(ty, slots[0]) => return Err(Error::usage("invalid reference")),
            _ => match ty.as_ref().map(|ty| ty.heap) {
                Some(HeapType::Exn) => Val::ExnRef(store.exceptions.get(slots[0]).cloned().map(ExnRef)),
                Some(HeapType::Extern) => Val::ExternRef(store.extern_refs.get(slots[0]).cloned().map(ExternRef)),
                _ => Val::FuncRef((slots[0] != 0).then(|| Func::new(store, Handle(slots[0])))),
            },
        })
    }
}

macro_rules! into_val {
    ($($number:ty: $value:ident => $val:expr;)*) => {$(
        impl From<$number> for Val {
            fn from($value: $number) -> Val {
                $val
            }
        }
    )*};
}
into_val! {
    i32: value => Val::I32(value);
    i64: value => Val::I64(value);
    f32: value => Val::F32(value.to_bits());
    f64: value => Val::F64(value.to_bits());
}

/// Writes parameters into slots, checking their types.
pub(crate) fn write_values(
    store: &mut StoreInner,
    types: &[ValType],
    values: &[Val],
    slots: &mut [u64],
) -> Result<(), Error> {
    if values.len() != types.len() {
        return Err(Error::usage(format!("expected {} parameters, found {}", types.len(), values.len())));
    }
    let mut at = 0;
    for (i, (value, &ty)) in values.iter().zip(types).enumerate() {
        value.write_as(store, ty, &mut slots[at..]).map_err(|error| Error::usage(format!("parameter {i}: {error}")))?;
        at += ty.slots();
    }
    Ok(())
}

/// Reads results from slots; `results` is as long as `types`.
pub(crate) fn read_values(
    store: &StoreInner,
    types: &[ValType],
    slots: &[u64],
    results: &mut [Val],
) -> Result<(), Error> {
    let mut at = 0;
    for (result, &ty) in results.iter_mut().zip(types) {
        *result = Val::read(store, ty, &slots[at..])?;
        at += ty.slots();
    }
    Ok(())
}
