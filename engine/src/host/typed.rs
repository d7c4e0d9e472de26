//! Typed closures as host functions: slots are decoded, the closure is called, its results are encoded, all in the one
//! shim that a raw function has too.

use crate::exec::host_call::Caller;
use crate::host::builder::HostFunc;
use crate::runtime::typed::{WasmResults, WasmTy, for_each_arity};
use crate::sealed;
use crate::trap::Trap;
use crate::types::{FuncType, ValType};

/// What a typed host function may return: results, or `Result<results, Trap>`. Only this crate implements it:
///
/// ```compile_fail,E0277
/// use hostel_engine::{Trap, ValType, WasmRet};
/// struct Nothing;
/// impl WasmRet for Nothing {
///     fn types() -> Vec<ValType> { Vec::new() }
///     fn finish(self, _: &mut [u64]) -> Result<(), Trap> { Ok(()) }
/// }
/// ```
pub trait WasmRet: sealed::Ret {
    /// Their types.
    fn types() -> Vec<ValType>;
    /// Writes them into the slots, or says why there are none.
    fn finish(self, slots: &mut [u64]) -> Result<(), Trap>;
}

impl<R: WasmResults> sealed::Ret for R {}

impl<R: WasmResults> WasmRet for R {
    fn types() -> Vec<ValType> {
        R::types()
    }
    #[inline(always)]
    fn finish(self, slots: &mut [u64]) -> Result<(), Trap> {
        self.write(slots);
        Ok(())
    }
}

impl<R: WasmResults> sealed::Ret for Result<R, Trap> {}

impl<R: WasmResults> WasmRet for Result<R, Trap> {
    fn types() -> Vec<ValType> {
        R::types()
    }
    #[inline(always)]
    fn finish(self, slots: &mut [u64]) -> Result<(), Trap> {
        self?.write(slots);
        Ok(())
    }
}

/// A closure that can become a host function of stores with data `T`: 0 to 16 parameters of `i32 u32 i64 u64 f32 f64`,
/// before them nothing, `&mut T`, or `&mut T, &mut Caller<'_>`; and [`WasmRet`]. `M` tells the forms apart. Only this crate
/// implements it.
pub trait IntoFunc<T: 'static, M>: sealed::IntoFunc<T, M> {
    #[doc(hidden)]
    fn into_func(self) -> HostFunc<T>;
}

/// Marks closures of numbers only.
pub struct Plain;
/// Marks closures that begin with `&mut T`.
pub struct WithContext;
/// Marks closures that begin with `&mut T, &mut Caller<'_>`.
pub struct WithModule;

macro_rules! closures {
    ($($ty:ident $index:literal)*) => {
        impl<T: 'static, Z, R, $($ty: WasmTy),*> sealed::IntoFunc<T, (Plain, R, $($ty,)*)> for Z
        where
            Z: Fn($($ty),*) -> R + Send + Sync + 'static,
            R: WasmRet,
        {
        }

        impl<T: 'static, Z, R, $($ty: WasmTy),*> IntoFunc<T, (Plain, R, $($ty,)*)> for Z
        where
            Z: Fn($($ty),*) -> R + Send + Sync + 'static,
            R: WasmRet,
        {
            fn into_func(self) -> HostFunc<T> {
                HostFunc::new(FuncType::new([$($ty::TYPE),*], R::types()), move |_: &mut T, _: &mut Caller<'_>, slots: &mut [u64]| {
                    closures!(@decode slots $($ty $index)*);
                    self($($ty),*).finish(slots)
                })
            }
        }

        impl<T: 'static, Z, R, $($ty: WasmTy),*> sealed::IntoFunc<T, (WithContext, R, $($ty,)*)> for Z
        where
            Z: Fn(&mut T, $($ty),*) -> R + Send + Sync + 'static,
            R: WasmRet,
        {
        }

        impl<T: 'static, Z, R, $($ty: WasmTy),*> IntoFunc<T, (WithContext, R, $($ty,)*)> for Z
        where
            Z: Fn(&mut T, $($ty),*) -> R + Send + Sync + 'static,
            R: WasmRet,
        {
            fn into_func(self) -> HostFunc<T> {
                HostFunc::new(FuncType::new([$($ty::TYPE),*], R::types()), move |ctx: &mut T, _: &mut Caller<'_>, slots: &mut [u64]| {
                    closures!(@decode slots $($ty $index)*);
                    self(ctx, $($ty),*).finish(slots)
                })
            }
        }

        impl<T: 'static, Z, R, $($ty: WasmTy),*> sealed::IntoFunc<T, (WithModule, R, $($ty,)*)> for Z
        where
            Z: Fn(&mut T, &mut Caller<'_>, $($ty),*) -> R + Send + Sync + 'static,
            R: WasmRet,
        {
        }

        impl<T: 'static, Z, R, $($ty: WasmTy),*> IntoFunc<T, (WithModule, R, $($ty,)*)> for Z
        where
            Z: Fn(&mut T, &mut Caller<'_>, $($ty),*) -> R + Send + Sync + 'static,
            R: WasmRet,
        {
            fn into_func(self) -> HostFunc<T> {
                HostFunc::new(FuncType::new([$($ty::TYPE),*], R::types()), move |ctx: &mut T, module: &mut Caller<'_>, slots: &mut [u64]| {
                    closures!(@decode slots $($ty $index)*);
                    self(ctx, module, $($ty),*).finish(slots)
                })
            }
        }
    };
    (@decode $slots:ident) => {};
    (@decode $slots:ident $($ty:ident $index:literal)+) => {
        // One look at the length for all parameters.
        const COUNT: usize = [$($index),+].len();
        let Some(given) = $slots.first_chunk::<COUNT>() else { return Err(too_few()) };
        #[allow(non_snake_case)]
        let ($($ty,)+) = ($($ty::from_slot(given[$index]),)+);
    };
}
for_each_arity!(closures);

/// The engine gives every function its slots, so this is never made.
#[cold]
fn too_few() -> Trap {
    Trap::message("fewer slots than parameters")
}
