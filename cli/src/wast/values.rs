//! Arguments and expected results of a script, as the engine's values.

use hostel_engine::{ExternRef, Val};
use wast::core::{AbstractHeapType, HeapType, NanPattern, V128Pattern, WastArgCore, WastRetCore};
use wast::{WastArg, WastRet};

/// An argument's value; `Err` with what it is when the engine has no such values.
pub(super) fn argument(arg: &WastArg<'_>) -> Result<Val, String> {
    let WastArg::Core(arg) = arg else { return Err("component values".into()) };
    Ok(match arg {
        WastArgCore::I32(value) => Val::I32(*value),
        WastArgCore::I64(value) => Val::I64(*value),
        WastArgCore::F32(value) => Val::F32(value.bits),
        WastArgCore::F64(value) => Val::F64(value.bits),
        WastArgCore::V128(value) => Val::V128(u128::from_le_bytes(value.to_le_bytes())),
        WastArgCore::RefNull(HeapType::Abstract { shared: false, ty }) => match ty {
            AbstractHeapType::Func | AbstractHeapType::NoFunc => Val::FuncRef(None),
            AbstractHeapType::Extern | AbstractHeapType::NoExtern => Val::ExternRef(None),
            AbstractHeapType::Exn | AbstractHeapType::NoExn => Val::ExnRef(None),
            other => return Err(format!("null reference of type {other:?}")),
        },
        WastArgCore::RefExtern(number) => Val::ExternRef(Some(ExternRef::new(*number))),
        other => return Err(format!("argument {other:?}")),
    })
}

/// Whether a result is what a script expects; `Err` tells what was expected and found.
pub(super) fn check(expected: &WastRet<'_>, found: &Val) -> Result<(), String> {
    let WastRet::Core(expected) = expected else { return Err("component values".into()) };
    if matches(expected, found) {
        return Ok(());
    }
    Err(format!("expected {}, found {}", describe_expected(expected), describe(found)))
}

fn matches(expected: &WastRetCore<'_>, found: &Val) -> bool {
    match (expected, found) {
        (WastRetCore::I32(a), Val::I32(b)) => a == b,
        (WastRetCore::I64(a), Val::I64(b)) => a == b,
        (WastRetCore::F32(pattern), Val::F32(bits)) => f32_matches(pattern, *bits),
        (WastRetCore::F64(pattern), Val::F64(bits)) => f64_matches(pattern, *bits),
        (WastRetCore::V128(pattern), Val::V128(bits)) => v128_matches(pattern, *bits),
        (WastRetCore::RefNull(None), found) => found.is_null(),
        (WastRetCore::RefNull(Some(HeapType::Abstract { ty, .. })), Val::FuncRef(None)) => {
            matches!(ty, AbstractHeapType::Func | AbstractHeapType::NoFunc)
        }
        (WastRetCore::RefNull(Some(HeapType::Abstract { ty, .. })), Val::ExternRef(None)) => {
            matches!(ty, AbstractHeapType::Extern | AbstractHeapType::NoExtern)
        }
        (WastRetCore::RefNull(Some(HeapType::Abstract { ty, .. })), Val::ExnRef(None)) => {
            matches!(ty, AbstractHeapType::Exn | AbstractHeapType::NoExn)
        }
        (WastRetCore::RefFunc(None), Val::FuncRef(Some(_))) => true,
        (WastRetCore::RefExtern(None), Val::ExternRef(Some(_))) => true,
        (WastRetCore::RefExtern(Some(number)), Val::ExternRef(Some(found))) => {
            found.data().downcast_ref() == Some(number)
        }
        (WastRetCore::Either(cases), found) => cases.iter().any(|case| matches(case, found)),
        _ => false,
    }
}

/// Canonical: only the top bit of the payload is set. Arithmetic: at least the top bit is.
fn f32_matches(pattern: &NanPattern<wast::token::F32>, bits: u32) -> bool {
    match pattern {
        NanPattern::CanonicalNan => bits & 0x7fff_ffff == 0x7fc0_0000,
        NanPattern::ArithmeticNan => bits & 0x7fc0_0000 == 0x7fc0_0000,
        NanPattern::Value(value) => bits == value.bits,
    }
}

fn f64_matches(pattern: &NanPattern<wast::token::F64>, bits: u64) -> bool {
    match pattern {
        NanPattern::CanonicalNan => bits & 0x7fff_ffff_ffff_ffff == 0x7ff8_0000_0000_0000,
        NanPattern::ArithmeticNan => bits & 0x7ff8_0000_0000_0000 == 0x7ff8_0000_0000_0000,
        NanPattern::Value(value) => bits == value.bits,
    }
}

fn v128_matches(pattern: &V128Pattern, bits: u128) -> bool {
    let lane32 = |i: usize| (bits >> (32 * i)) as u32;
    let lane64 = |i: usize| (bits >> (64 * i)) as u64;
    match pattern {
        V128Pattern::I8x16(lanes) => lanes.iter().enumerate().all(|(i, &lane)| (bits >> (8 * i)) as i8 == lane),
        V128Pattern::I16x8(lanes) => lanes.iter().enumerate().all(|(i, &lane)| (bits >> (16 * i)) as i16 == lane),
        V128Pattern::I32x4(lanes) => lanes.iter().enumerate().all(|(i, &lane)| lane32(i) as i32 == lane),
        V128Pattern::I64x2(lanes) => lanes.iter().enumerate().all(|(i, &lane)| lane64(i) as i64 == lane),
        V128Pattern::F32x4(lanes) => lanes.iter().enumerate().all(|(i, lane)| f32_matches(lane, lane32(i))),
        V128Pattern::F64x2(lanes) => lanes.iter().enumerate().all(|(i, lane)| f64_matches(lane, lane64(i))),
    }
}

fn describe_expected(expected: &WastRetCore<'_>) -> String {
    match expected {
        WastRetCore::I32(value) => describe(&Val::I32(*value)),
        WastRetCore::I64(value) => describe(&Val::I64(*value)),
        WastRetCore::F32(NanPattern::Value(value)) => describe(&Val::F32(value.bits)),
        WastRetCore::F64(NanPattern::Value(value)) => describe(&Val::F64(value.bits)),
        WastRetCore::F32(NanPattern::CanonicalNan) => "f32 nan:canonical".into(),
        WastRetCore::F64(NanPattern::CanonicalNan) => "f64 nan:canonical".into(),
        WastRetCore::F32(NanPattern::ArithmeticNan) => "f32 nan:arithmetic".into(),
        WastRetCore::F64(NanPattern::ArithmeticNan) => "f64 nan:arithmetic".into(),
        WastRetCore::Either(cases) => cases.iter().map(describe_expected).collect::<Vec<_>>().join(" or "),
        other => format!("{other:?}"),
    }
}

fn describe(value: &Val) -> String {
    match value {
        Val::I32(value) => format!("i32 {value}"),
        Val::I64(value) => format!("i64 {value}"),
        Val::F32(bits) => format!("f32 {} ({bits:#010x})", f32::from_bits(*bits)),
        Val::F64(bits) => format!("f64 {} ({bits:#018x})", f64::from_bits(*bits)),
        Val::V128(bits) => format!("v128 {bits:#034x}"),
        Val::ExternRef(Some(reference)) => match reference.data().downcast_ref::<u32>() {
            Some(number) => format!("externref {number}"),
            None => "externref".into(),
        },
        reference if reference.is_null() => format!("null {}", reference.ty()),
        reference => reference.ty().to_string(),
    }
}
