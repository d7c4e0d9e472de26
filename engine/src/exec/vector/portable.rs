//! The twin of [`x86_64`](super::x86_64): what is here is said lane by lane. The tests compare the two.
#![cfg_attr(target_arch = "x86_64", allow(dead_code, reason = "there it is what the tests compare with"))]

use super::{V, map, pairwise, part, zip};

#[inline(always)]
pub(super) fn extend_low_s(a: V) -> V {
    V::from(map(part::<_, _, 8>(a.i8x16(), 0), |a| a as i16))
}

#[inline(always)]
pub(super) fn extend_high_s(a: V) -> V {
    V::from(map(part::<_, _, 8>(a.i8x16(), 8), |a| a as i16))
}

#[inline(always)]
pub(super) fn extend_low_u(a: V) -> V {
    V::from(map(part::<_, _, 8>(a.u8x16(), 0), |a| a as u16))
}

#[inline(always)]
pub(super) fn extend_high_u(a: V) -> V {
    V::from(map(part::<_, _, 8>(a.u8x16(), 8), |a| a as u16))
}

/// `a`, then `b`.
#[inline(always)]
fn join(a: [u8; 8], b: [u8; 8]) -> V {
    let mut bytes = [0; 16];
    let mut i = 0;
    while i < 8 {
        (bytes[i], bytes[8 + i]) = (a[i], b[i]);
        i += 1;
    }
    V(bytes)
}

#[inline(always)]
pub(super) fn narrow_s(a: V, b: V) -> V {
    let saturate = |lane: i16| lane.clamp(i8::MIN.into(), i8::MAX.into()) as u8;
    join(map(a.i16x8(), saturate), map(b.i16x8(), saturate))
}

#[inline(always)]
pub(super) fn narrow_u(a: V, b: V) -> V {
    let saturate = |lane: i16| lane.clamp(0, u8::MAX.into()) as u8;
    join(map(a.i16x8(), saturate), map(b.i16x8(), saturate))
}

#[inline(always)]
pub(super) fn dot16(a: V, b: V) -> V {
    let products = zip(a.i16x8(), b.i16x8(), |a, b| a as i32 * b as i32);
    V::from(pairwise::<_, _, 8, 4>(products, i32::wrapping_add))
}

#[inline(always)]
pub(super) fn dot8(a: V, b: V) -> V {
    let products = zip(a.i8x16(), b.i8x16(), |a, b| a as i16 * b as i16);
    V::from(pairwise::<_, _, 16, 8>(products, i16::wrapping_add))
}

#[inline(always)]
pub(super) fn truncate_s(a: V) -> V {
    V::from(map(a.f32x4(), |a| a as i32))
}

#[inline(always)]
pub(super) fn truncate_u(a: V) -> V {
    V::from(map(a.f32x4(), |a| a as u32))
}

macro_rules! replace {
    ($($name:ident: $lanes:ident $lane:ty;)*) => {$(
        #[inline(always)]
        pub(super) fn $name(a: V, lane: $lane, value: $lane) -> V {
            let mut lanes = a.$lanes();
            lanes[lane as usize % lanes.len()] = value;
            V::from(lanes)
        }
    )*};
}

replace! { replace8: u8x16 u8; replace16: u16x8 u16; replace32: u32x4 u32; replace64: u64x2 u64; }

/// The product moves the sign of each byte to the top byte, to a bit of its own.
#[inline(always)]
pub(super) fn signs8(a: V) -> u32 {
    let signs = |a: u64| ((a >> 7 & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32;
    let [low, high] = a.u64x2();
    signs(low) | signs(high) << 8
}

/// As [`signs8`].
#[inline(always)]
pub(super) fn signs16(a: V) -> u32 {
    let signs = |a: u64| ((a >> 15 & 0x0001_0001_0001_0001).wrapping_mul(0x1000_2000_4000_8000) >> 60) as u32;
    let [low, high] = a.u64x2();
    signs(low) | signs(high) << 4
}

#[inline(always)]
pub(super) fn signs32(a: V) -> u32 {
    let [a, b, c, d] = a.u32x4();
    a >> 31 | b >> 31 << 1 | c >> 31 << 2 | d >> 31 << 3
}

/// Subtracting one borrows into the sign of a byte that is zero, and of no other that had none.
#[inline(always)]
pub(super) fn has_zero8(a: V) -> bool {
    let has = |a: u64| a.wrapping_sub(0x0101_0101_0101_0101) & !a & 0x8080_8080_8080_8080 != 0;
    let [low, high] = a.u64x2();
    has(low) | has(high)
}

/// As [`has_zero8`].
#[inline(always)]
pub(super) fn has_zero16(a: V) -> bool {
    let has = |a: u64| a.wrapping_sub(0x0001_0001_0001_0001) & !a & 0x8000_8000_8000_8000 != 0;
    let [low, high] = a.u64x2();
    has(low) | has(high)
}

#[inline(always)]
pub(super) fn has_zero32(a: V) -> bool {
    let [a, b, c, d] = a.u32x4();
    (a == 0) | (b == 0) | (c == 0) | (d == 0)
}

#[inline(always)]
pub(super) fn shuffle(a: V, b: V, lanes: V) -> V {
    let mut table = [0; 32];
    let mut i = 0;
    while i < 16 {
        (table[i], table[16 + i]) = (a.0[i], b.0[i]);
        i += 1;
    }
    V(map(lanes.0, |index| table[index as usize % 32]))
}

#[inline(always)]
pub(super) fn swizzle(a: V, lanes: V) -> V {
    V(map(lanes.0, |index| {
        let byte = a.0[index as usize % 16];
        if index < 16 { byte } else { 0 }
    }))
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::super::{V, x86_64};

    /// Vectors of a xorshift generator, with lanes that are extreme in one way or another mixed in.
    fn vectors() -> Vec<V> {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut word = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let floats = [0.0, -0.0, 0.5, -0.99, 2147483520.0, 2147483648.0, 4294967040.0, 4294967296.0, 1e20, f32::NAN];
        let mut vectors: Vec<V> = floats.map(|float| V::from([float, -float, f32::INFINITY, f32::NEG_INFINITY])).into();
        vectors.extend([0, 0x80, 0x7f, 0xff, 0x01].map(|byte| V([byte; 16])));
        vectors.extend([0x8000, 0x7fff, 0xff80, 0x0100].map(|half| V::from([half as u16; 8])));
        for round in 0..2000 {
            let mut lanes = [word(), word()];
            match round % 4 {
                0 => lanes[0] &= !(0xff << (word() % 64)),
                1 => lanes[1] &= 0x1f1f_1f1f_1f1f_1f1f,
                2 => lanes = lanes.map(|lane| lane & 0x4fff_ffff_4fff_ffff),
                _ => {}
            }
            vectors.push(V::from(lanes));
        }
        vectors
    }

    #[test]
    fn twins_agree() {
        let vectors = vectors();
        for (i, &a) in vectors.iter().enumerate() {
            let b = vectors[(i * 7 + 3) % vectors.len()];
            let lanes = V(b.0.map(|byte| byte % 32));
            macro_rules! agree {
                ($($name:ident($($arg:expr),*))*) => {$(
                    assert_eq!(super::$name($($arg),*), x86_64::$name($($arg),*), "{}: {a:?} {b:?}", stringify!($name));
                )*};
            }
            agree! {
                extend_low_s(a) extend_high_s(a) extend_low_u(a) extend_high_u(a) narrow_s(a, b) narrow_u(a, b)
                dot16(a, b) dot8(a, b) truncate_s(a) truncate_u(a) signs8(a) signs16(a) signs32(a) has_zero8(a)
                has_zero16(a) has_zero32(a) shuffle(a, b, lanes) swizzle(a, b)
                replace8(a, b.0[0] % 16, b.0[1]) replace16(a, b.u16x8()[0] % 8, b.u16x8()[1])
                replace32(a, b.u32x4()[0] % 4, b.u32x4()[1]) replace64(a, b.u64x2()[0] % 2, b.u64x2()[1])
            }
        }
    }
}
