//! Lanes that change their width or kind.

use super::{V, Vector1, Vector2, map, native, part, unary, whole};

unary! {
    F32x4ConvertI32x4S: i32x4 |a| a as f32; F32x4ConvertI32x4U: u32x4 |a| a as f32;
}

/// Widens lanes.
macro_rules! extend {
    ($($name:ident: $from:ident $offset:literal $count:literal $to:ty;)*) => {$(
        pub(crate) struct $name;
        impl Vector1 for $name {
            #[inline(always)]
            fn apply(a: V) -> V { V::from(map(part::<_, _, $count>(a.$from(), $offset), |a| a as $to)) }
        }
    )*};
}

extend! {
    I32x4ExtendLowI16x8S: i16x8 0 4 i32; I32x4ExtendHighI16x8S: i16x8 4 4 i32;
    I32x4ExtendLowI16x8U: u16x8 0 4 u32; I32x4ExtendHighI16x8U: u16x8 4 4 u32;
    I64x2ExtendLowI32x4S: i32x4 0 2 i64; I64x2ExtendHighI32x4S: i32x4 2 2 i64;
    I64x2ExtendLowI32x4U: u32x4 0 2 u64; I64x2ExtendHighI32x4U: u32x4 2 2 u64;
    F64x2ConvertLowI32x4S: i32x4 0 2 f64; F64x2ConvertLowI32x4U: u32x4 0 2 f64;
    F64x2PromoteLowF32x4: f32x4 0 2 f64;
}

/// Narrows two vectors into one, saturating.
macro_rules! narrow {
    ($($name:ident: $to:ty;)*) => {$(
        pub(crate) struct $name;
        impl Vector2 for $name {
            #[inline(always)]
            fn apply(a: V, b: V) -> V {
                let saturate = |lane: i32| lane.clamp(<$to>::MIN.into(), <$to>::MAX.into()) as $to;
                let (a, b) = (map(a.i32x4(), saturate), map(b.i32x4(), saturate));
                V::from([a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]])
            }
        }
    )*};
}

narrow! { I16x8NarrowI32x4S: i16; I16x8NarrowI32x4U: u16; }

whole! {
    I16x8ExtendLowI8x16S: Vector1(a: V) -> V = native::extend_low_s(a);
    I16x8ExtendHighI8x16S: Vector1(a: V) -> V = native::extend_high_s(a);
    I16x8ExtendLowI8x16U: Vector1(a: V) -> V = native::extend_low_u(a);
    I16x8ExtendHighI8x16U: Vector1(a: V) -> V = native::extend_high_u(a);
    I8x16NarrowI16x8S: Vector2(a: V, b: V) -> V = native::narrow_s(a, b);
    I8x16NarrowI16x8U: Vector2(a: V, b: V) -> V = native::narrow_u(a, b);
    I32x4TruncSatF32x4S: Vector1(a: V) -> V = native::truncate_s(a);
    I32x4TruncSatF32x4U: Vector1(a: V) -> V = native::truncate_u(a);
    I32x4RelaxedTruncF32x4S: Vector1(a: V) -> V = native::truncate_s(a);
    I32x4RelaxedTruncF32x4U: Vector1(a: V) -> V = native::truncate_u(a);
    I32x4TruncSatF64x2SZero: Vector1(a: V) -> V = { let [x, y] = a.f64x2(); V::from([x as i32, y as i32, 0, 0]) };
    I32x4TruncSatF64x2UZero: Vector1(a: V) -> V = { let [x, y] = a.f64x2(); V::from([x as u32, y as u32, 0, 0]) };
    I32x4RelaxedTruncF64x2SZero: Vector1(a: V) -> V = { let [x, y] = a.f64x2(); V::from([x as i32, y as i32, 0, 0]) };
    I32x4RelaxedTruncF64x2UZero: Vector1(a: V) -> V = { let [x, y] = a.f64x2(); V::from([x as u32, y as u32, 0, 0]) };
    F32x4DemoteF64x2Zero: Vector1(a: V) -> V = { let [x, y] = a.f64x2(); V::from([x as f32, y as f32, 0.0, 0.0]) };
}
