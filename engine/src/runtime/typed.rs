//! Functions with Rust types: the one place where Rust numbers become slots and back.

use std::marker::PhantomData;

use super::context::AsCallContext;
use super::func::Func;
use crate::error::Error;
use crate::sealed;
use crate::trap::Trap;
use crate::types::{FuncType, ValType};

/// A Rust type that is a WebAssembly number: `i32`, `u32`, `i64`, `u64`, `f32`, `f64`. Each takes one slot.
///
/// The engine relies on what implementations say, so only this crate has them:
///
/// ```compile_fail,E0277
/// use hostel_engine::{ValType, WasmTy};
/// #[derive(Clone, Copy)]
/// struct Pair(u64, u64);
/// impl WasmTy for Pair {
///     const TYPE: ValType = ValType::V128;
///     fn from_slot(slot: u64) -> Pair { Pair(slot, 0) }
///     fn to_slot(self) -> u64 { self.0 }
/// }
/// ```
pub trait WasmTy: sealed::Ty + Copy + 'static {
    /// Its WebAssembly type.
    const TYPE: ValType;
    /// From a slot; of 32-bit types the upper half is ignored.
    fn from_slot(slot: u64) -> Self;
    /// Into a slot; of 32-bit types the upper half is 0.
    fn to_slot(self) -> u64;
}

macro_rules! wasm_types {
    ($($rust:ty = $wasm:ident, $slot:ident => $from:expr, $value:ident => $to:expr;)*) => {$(
        impl sealed::Ty for $rust {}

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

/// Parameters of a typed function: a tuple of up to 16 [`WasmTy`]s, or one by itself. Only this crate implements it:
///
/// ```compile_fail,E0277
/// use hostel_engine::{ValType, WasmParams};
/// struct Many;
/// impl WasmParams for Many {
///     fn types() -> Vec<ValType> { vec![ValType::I32; 1000] }
///     fn write(self, slots: &mut [u64]) { slots.fill(0) }
/// }
/// ```
pub trait WasmParams: sealed::Values {
    /// Their types.
    fn types() -> Vec<ValType>;
    /// Writes them into the first slots.
    fn write(self, slots: &mut [u64]);
}

/// Results of a typed function: nothing, one [`WasmTy`], or a tuple of up to 16. Only this crate implements it:
///
/// ```compile_fail,E0277
/// use hostel_engine::{ValType, WasmResults};
/// struct Many;
/// impl WasmResults for Many {
///     fn types() -> Vec<ValType> { vec![ValType::I32; 1000] }
///     fn read(_: &[u64]) -> Many { Many }
///     fn write(self, slots: &mut [u64]) { slots.fill(0) }
/// }
/// ```
pub trait WasmResults: sealed::Values + Sized {
    /// Their types.
    fn types() -> Vec<ValType>;
    /// Reads them from the first slots.
    fn read(slots: &[u64]) -> Self;
    /// Writes them into the first slots.
    fn write(self, slots: &mut [u64]);
}

impl<A: WasmTy> sealed::Values for A {}

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
        impl<$($ty: WasmTy),*> sealed::Values for ($($ty,)*) {}

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

/// Slots of the largest call of a typed function: 16 parameters or results of one slot each. Calls make room for so many
/// without looking; [`TypedFunc::new`] checks that they are enough.
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
        // With the types above this cannot be; it is what makes `call` sound, so it does not rest on them.
        if ty.call_slots() > MOST || ty.call_slots() != func.slots() {
            return Err(Error::usage(format!("function type {ty}: a typed call has at most {MOST} slots")));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::builder::HostModuleBuilder;
    use crate::{Engine, Instance, Linker, Module, Store};

    /// What an embedder's implementation could have been before the traits were sealed: a type of two slots.
    #[derive(Clone, Copy)]
    struct Wide;

    impl sealed::Ty for Wide {}

    impl WasmTy for Wide {
        const TYPE: ValType = ValType::V128;
        fn from_slot(_: u64) -> Wide {
            Wide
        }
        fn to_slot(self) -> u64 {
            0
        }
    }

    type Eight = (Wide, Wide, Wide, Wide, Wide, Wide, Wide, Wide);
    type Nine = (Wide, Wide, Wide, Wide, Wide, Wide, Wide, Wide, Wide);

    fn takes<P: WasmParams>(store: &mut Store<()>) -> Result<TypedFunc<P, ()>, Error> {
        let engine = store.engine().clone();
        let host = HostModuleBuilder::new("h").new_function().with_raw_function(P::types(), [], |_, _| Ok(()));
        let mut linker = Linker::new(&engine);
        linker.host_module(&host.export("f").compile(&engine)?)?;
        let types = P::types().iter().map(|ty| format!("{ty} ")).collect::<String>();
        let text = format!(r#"(module (import "h" "f" (func (param {types}))) (export "f" (func 0)))"#);
        let module = Module::new(&engine, wat::parse_str(text).map_err(|error| Error::usage(error.to_string()))?)?;
        let instance: Instance = linker.instantiate(&mut *store, &module)?;
        instance.get_typed_func(&*store, "f")
    }

    #[test]
    #[cfg_attr(not(feature = "simd"), ignore = "there are no vectors")]
    fn a_call_of_more_slots_than_there_is_room_for_is_refused() {
        let mut store = Store::new(&Engine::default(), ());
        assert!(takes::<Eight>(&mut store).is_ok(), "16 slots");
        let error = takes::<Nine>(&mut store).err().expect("18 slots").to_string();
        assert!(error.contains("at most 16 slots"), "{error}");
    }
}
