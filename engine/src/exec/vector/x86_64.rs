//! What the compiler does not find by itself, by the processor's instructions: SSE2, which every x86-64 has, and SSSE3's
//! byte shuffle where it is there. [`portable`](super::portable) is the twin: same functions, any processor.

use std::arch::x86_64::*;

use super::{V, zip};

#[inline(always)]
fn ints(a: V) -> __m128i {
    // SAFETY: both are 16 bytes without invalid values.
    unsafe { std::mem::transmute(a) }
}

#[inline(always)]
fn floats(a: V) -> __m128 {
    // SAFETY: as above.
    unsafe { std::mem::transmute(a) }
}

#[inline(always)]
fn vector(a: __m128i) -> V {
    // SAFETY: as above.
    unsafe { std::mem::transmute(a) }
}

/// `value` where the mask is set, else `a`.
#[inline(always)]
fn select(mask: __m128i, value: __m128i, a: V) -> V {
    let (value, mask) = (vector(value).u64x2(), vector(mask).u64x2());
    V::from(zip(zip(value, mask, |value, mask| value & mask), zip(a.u64x2(), mask, |a, mask| a & !mask), |a, b| a | b))
}

/// Defines functions whose instructions are all of SSE2.
macro_rules! sse2 {
    ($($(#[$doc:meta])* fn $name:ident($($a:ident: $ty:ty),*) -> $out:ty $body:block)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        #[allow(unused_unsafe, reason = "with newer compilers the instructions are safe")]
        pub(super) fn $name($($a: $ty),*) -> $out {
            // SAFETY: SSE2 is part of x86-64, and nothing here goes through memory.
            unsafe { $body }
        }
    )*};
}

sse2! {
    /// Signed bytes 0 to 7, as 16-bit lanes: each in the upper half of its lane, then shifted down.
    fn extend_low_s(a: V) -> V { vector(_mm_srai_epi16::<8>(_mm_unpacklo_epi8(ints(a), ints(a)))) }

    /// Signed bytes 8 to 15.
    fn extend_high_s(a: V) -> V { vector(_mm_srai_epi16::<8>(_mm_unpackhi_epi8(ints(a), ints(a)))) }

    /// Unsigned bytes 0 to 7.
    fn extend_low_u(a: V) -> V { vector(_mm_unpacklo_epi8(ints(a), _mm_setzero_si128())) }

    /// Unsigned bytes 8 to 15.
    fn extend_high_u(a: V) -> V { vector(_mm_unpackhi_epi8(ints(a), _mm_setzero_si128())) }

    /// 16-bit lanes of `a`, then `b`, to signed bytes, saturating.
    fn narrow_s(a: V, b: V) -> V { vector(_mm_packs_epi16(ints(a), ints(b))) }

    /// To unsigned bytes.
    fn narrow_u(a: V, b: V) -> V { vector(_mm_packus_epi16(ints(a), ints(b))) }

    /// Products of signed 16-bit lanes, summed in pairs.
    fn dot16(a: V, b: V) -> V { vector(_mm_madd_epi16(ints(a), ints(b))) }

    /// Signed bytes times signed bytes, summed in pairs. The processor's own instruction for it takes unsigned ones.
    fn dot8(a: V, b: V) -> V {
        let (a, b) = (ints(a), ints(b));
        let odd = |a| _mm_srai_epi16::<8>(a);
        let even = |a| _mm_srai_epi16::<8>(_mm_slli_epi16::<8>(a));
        vector(_mm_add_epi16(_mm_mullo_epi16(even(a), even(b)), _mm_mullo_epi16(odd(a), odd(b))))
    }

    /// To signed 32-bit integers, saturating. The instruction leaves the smallest integer where it cannot: all bits are
    /// turned where the number is too large, and cleared where it is none.
    fn truncate_s(a: V) -> V {
        let a = floats(a);
        let too_large = _mm_castps_si128(_mm_cmpge_ps(a, _mm_set1_ps(2147483648.0)));
        let number = _mm_castps_si128(_mm_cmpord_ps(a, a));
        vector(_mm_and_si128(_mm_xor_si128(_mm_cvttps_epi32(a), too_large), number))
    }

    /// To unsigned 32-bit integers, saturating: what is beyond the signed ones is converted by itself and added.
    fn truncate_u(a: V) -> V {
        let half = _mm_set1_ps(2147483648.0);
        // The second operand where the first is no number.
        let a = _mm_max_ps(floats(a), _mm_setzero_ps());
        let beyond = _mm_sub_ps(a, half);
        let too_large = _mm_castps_si128(_mm_cmpge_ps(beyond, half));
        let rest = _mm_xor_si128(_mm_cvttps_epi32(beyond), too_large);
        let is_beyond = _mm_castps_si128(_mm_cmpge_ps(a, half));
        vector(_mm_add_epi32(_mm_cvttps_epi32(a), _mm_and_si128(rest, is_beyond)))
    }

    /// Lane `lane` becomes `value`: the others are chosen by a mask, so that the vector stays in a register.
    fn replace8(a: V, lane: u8, value: u8) -> V {
        let lanes = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        select(_mm_cmpeq_epi8(lanes, _mm_set1_epi8(lane as i8)), _mm_set1_epi8(value as i8), a)
    }

    /// As `replace8`.
    fn replace16(a: V, lane: u16, value: u16) -> V {
        let lanes = _mm_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7);
        select(_mm_cmpeq_epi16(lanes, _mm_set1_epi16(lane as i16)), _mm_set1_epi16(value as i16), a)
    }

    /// As `replace8`.
    fn replace32(a: V, lane: u32, value: u32) -> V {
        let lanes = _mm_setr_epi32(0, 1, 2, 3);
        select(_mm_cmpeq_epi32(lanes, _mm_set1_epi32(lane as i32)), _mm_set1_epi32(value as i32), a)
    }

    /// As `replace8`.
    fn replace64(a: V, lane: u64, value: u64) -> V {
        let lanes = _mm_setr_epi32(0, 0, 1, 1);
        select(_mm_cmpeq_epi32(lanes, _mm_set1_epi32(lane as i32)), _mm_set1_epi64x(value as i64), a)
    }

    /// The signs of the 16 bytes.
    fn signs8(a: V) -> u32 { _mm_movemask_epi8(ints(a)) as u32 }

    /// The signs of the eight 16-bit lanes: narrowing keeps them.
    fn signs16(a: V) -> u32 { _mm_movemask_epi8(_mm_packs_epi16(ints(a), _mm_setzero_si128())) as u32 }

    /// The signs of the four 32-bit lanes.
    fn signs32(a: V) -> u32 { _mm_movemask_ps(floats(a)) as u32 }

    /// Whether one of the bytes is zero.
    fn has_zero8(a: V) -> bool { _mm_movemask_epi8(_mm_cmpeq_epi8(ints(a), _mm_setzero_si128())) != 0 }

    /// Whether one of the 16-bit lanes is.
    fn has_zero16(a: V) -> bool { _mm_movemask_epi8(_mm_cmpeq_epi16(ints(a), _mm_setzero_si128())) != 0 }

    /// Whether one of the 32-bit lanes is.
    fn has_zero32(a: V) -> bool { _mm_movemask_epi8(_mm_cmpeq_epi32(ints(a), _mm_setzero_si128())) != 0 }
}

/// The bytes of `a` and then `b` that `lanes` names, which are below 32.
#[inline(always)]
pub(super) fn shuffle(a: V, b: V, lanes: V) -> V {
    if std::arch::is_x86_feature_detected!("ssse3") {
        // SAFETY: the processor has it.
        unsafe { shuffle_ssse3(a, b, lanes) }
    } else {
        super::portable::shuffle(a, b, lanes)
    }
}

#[target_feature(enable = "ssse3")]
fn shuffle_ssse3(a: V, b: V, lanes: V) -> V {
    // A byte with its sign set names nothing: for `a` those from 16 on, for `b` the ones below.
    let first = _mm_add_epi8(ints(lanes), _mm_set1_epi8(0x70));
    let second = _mm_sub_epi8(ints(lanes), _mm_set1_epi8(16));
    vector(_mm_or_si128(_mm_shuffle_epi8(ints(a), first), _mm_shuffle_epi8(ints(b), second)))
}

/// The bytes of `a` that `lanes` names; 0 for numbers above 15.
#[inline(always)]
pub(super) fn swizzle(a: V, lanes: V) -> V {
    if std::arch::is_x86_feature_detected!("ssse3") {
        // SAFETY: the processor has it.
        unsafe { swizzle_ssse3(a, lanes) }
    } else {
        super::portable::swizzle(a, lanes)
    }
}

#[target_feature(enable = "ssse3")]
fn swizzle_ssse3(a: V, lanes: V) -> V {
    vector(_mm_shuffle_epi8(ints(a), _mm_adds_epu8(ints(lanes), _mm_set1_epi8(0x70))))
}
