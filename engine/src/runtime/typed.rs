//! Functions with Rust types: the one place where Rust numbers become slots and back.

use std::marker::PhantomData;

use super::context::AsCallContext;
use super::func::Func;
use crate::error::Error;
use crate::trap::Trap;
use crate::types::{FuncType, ValType};

/// A Rust type that is a WebAssembly number: `i32`, `u32`, `i64`, `u64`, `f32`, `f64`.
pub trait WasmTy: Copy + 'static {
    /// Its WebAssembly type.
    const TYPE: ValType;
    /// From a slot; of 32-bit types the upper half is ignored.
    fn from_slot(slot: u64) -> Self;
    /// Into a slot; of 32-bit types the upper half is 0.
    fn to_slot(self) -> u64;
}

macro_rules! wasm_types {
    ($($rust:ty = $wasm:ident, $slot:ident => $from:expr, $value:ident => $to:expr;)*) => {$(
        impl WasmTy for $rust {
            const TYPE: ValType = ValType::$wasm;
            #[inline(always)]
            fn from_slot($slot: u64) -> $rust { $from }
            #[inline(always)]
            fn to_slot(self) -> u64 { let $value = self; $to }
        }
    )*};
}

wasm_types! {
    i32 = I32, slot => slot as i32, value => value as u32 as u64;
    u32 = I32, slot => slot as u32, value => value as u64;
    i64 = I64, slot => slot as i64, value => value as u64;
    u64 = I64, slot => slot, value => value;
    f32 = F32, slot => f32::from_bits(slot as u32), value => value.to_bits() as u64;
    f64 = F64, slot => f64::from_bits(slot), value => value.to_bits();
}

/// Parameters of a typed function: a tuple of up to 16 [`WasmTy`]s, or one by itself.
pub trait WasmParams {
    /// Their types.
    fn types() -> Vec<ValType>;
    /// Writes them into the first slots.
    fn write(self, slots: &mut [u64]);
}

/// Results of a typed function: nothing, one [`WasmTy`], or a tuple of up to 16.
pub trait WasmResults: Sized {
    /// Their types.
    fn types() -> Vec<ValType>;
    /// Reads them from the first slots.
    fn read(slots: &[u64]) -> Self;
    /// Writes them into the first slots.
    fn write(self, slots: &mut [u64]);
}

impl<A: WasmTy> WasmParams for A {
    fn types() -> Vec<ValType> {
        vec![A::TYPE]
    }
    #[inline(always)]
    fn write(self, slots: &mut [u64]) {
        slots[0] = self.to_slot();
    }
}

impl<A: WasmTy> WasmResults for A {
    fn types() -> Vec<ValType> {
        vec![A::TYPE]
    }
    #[inline(always)]
    fn read(slots: &[u64]) -> A {
        A::from_slot(slots[0])
    }
    #[inline(always)]
    fn write(self, slots: &mut [u64]) {
        slots[0] = self.to_slot();
    }
}

/// Calls `$callback! { A B C … }` for each number of type parameters from 0 to 16.
macro_rules! for_each_arity {
    ($callback:ident) => {
        $callback! {}
        $callback! { A 0 }
        $callback! { A 0 B 1 }
        $callback! { A 0 B 1 C 2 }
        $callback! { A 0 B 1 C 2 D 3 }
        $callback! { A 0 B 1 C 2 D 3 E 4 }
        $callback! { A 0 B 1 C 2 D 3 E 4 F 5 }
        $callback! { A 0 B 1 C 2 D 3 E 4 F 5 G 6 }
        $callback! { A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 }
        $callback! { A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 }
        $callback! { A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 }
        $callback! { A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 }
        $callback! { A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 }
        $callback! { A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 }
        $callback! { A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 }
        $callback! { A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14 }
        $callback! { A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14 P 15 }
    };
}
pub(crate) use for_each_arity;

macro_rules! tuples {
    ($($ty:ident $index:literal)*) => {
        impl<$($ty: WasmTy),*> WasmParams for ($($ty,)*) {
            fn types() -> Vec<ValType> {
                vec![$($ty::TYPE),*]
            }
            #[inline(always)]
            #[allow(non_snake_case, unused_variables)]
            fn write(self, slots: &mut [u64]) {
                let ($($ty,)*) = self;
                $(slots[$index] = $ty.to_slot();)*
            }
        }

        impl<$($ty: WasmTy),*> WasmResults for ($($ty,)*) {
            fn types() -> Vec<ValType> {
                vec![$($ty::TYPE),*]
            }
            #[inline(always)]
            #[allow(unused_variables, clippy::unused_unit)]
            fn read(slots: &[u64]) -> Self {
                ($($ty::from_slot(slots[$index]),)*)
            }
            #[inline(always)]
            #[allow(non_snake_case, unused_variables)]
            fn write(self, slots: &mut [u64]) {
                let ($($ty,)*) = self;
                $(slots[$index] = $ty.to_slot();)*
            }
        }
    };
}
for_each_arity!(tuples);

/// Slots of the largest call of a typed function: 16 parameters or results.
pub(super) const MOST: usize = 16;

/// A function whose types were checked once, so that calls only move numbers. Nothing is allocated.
///
/// ```
/// use hostel_engine::{Engine, Linker, Module, Store};
/// let engine = Engine::default();
/// let module = Module::new(&engine, wat::parse_str(r#"(module
///     (func (export "div_rem") (param i32 i32) (result i32 i32)
///         (i32.div_u (local.get 0) (local.get 1)) (i32.rem_u (local.get 0) (local.get 1))))"#).unwrap())?;
/// let mut store = Store::new(&engine, ());
/// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
/// let div_rem = instance.get_typed_func::<(u32, u32), (u32, u32)>(&store, "div_rem")?;
/// assert_eq!(div_rem.call(&mut store, (17, 5))?, (3, 2));
/// # Ok::<(), hostel_engine::Error>(())
/// ```
pub struct TypedFunc<P, R> {
    func: Func,
    types: PhantomData<fn(P) -> R>,
}

impl<P, R> Clone for TypedFunc<P, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, R> Copy for TypedFunc<P, R> {}

impl<P: WasmParams, R: WasmResults> TypedFunc<P, R> {
    pub(crate) fn new(func: Func, ty: &FuncType) -> Result<TypedFunc<P, R>, Error> {
        let wanted = FuncType::new(P::types(), R::types());
        if wanted != *ty {
            return Err(Error::usage(format!("function type mismatch: expected {wanted}, found {ty}")));
        }
        Ok(TypedFunc { func, types: PhantomData })
    }

    /// Calls the function.
    ///
    /// # Errors
    ///
    /// A trap or exit; a trap with a message when the function is another store's.
    #[inline]
    pub fn call(&self, mut context: impl AsCallContext, params: P) -> Result<R, Trap> {
        let (write, read) = (|frame: &mut [u64]| params.write(frame), |(), frame: &[u64]| R::read(frame));
        context.call_parts().call(self.func, MOST, write, read)
    }

    /// The function without its types.
    pub fn func(&self) -> Func {
        self.func
    }
}
