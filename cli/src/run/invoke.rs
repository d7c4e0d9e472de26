//! `--invoke`: arguments from the command line by the function's types, results to stdout.

use std::ffi::OsString;

use hostel_engine::{Error, Instance, Store, Val, ValType};

use super::Guest;
use super::check::Entry;
use crate::failure::Failure;
use crate::output;

/// The arguments' values.
pub(super) fn arguments(entry: &Entry, args: &[OsString]) -> Result<Vec<Val>, String> {
    let types = entry.ty.params();
    if types.len() != args.len() {
        let (name, ty, count) = (&entry.name, &entry.ty, args.len());
        return Err(format!("function {name:?} is {ty}: expected {} arguments, found {count}", types.len()));
    }
    let values = args.iter().zip(types).enumerate();
    values
        .map(|(number, (arg, &ty))| {
            let text = arg.to_string_lossy();
            value(&text, ty)
                .ok_or_else(|| format!("argument {} of {:?}: expected {ty}, found {text:?}", number + 1, entry.name))
        })
        .collect()
}

/// A number of that type: integers decimal or hexadecimal, as signed or unsigned ones; of references only null.
fn value(text: &str, ty: ValType) -> Option<Val> {
    Some(match ty {
        ValType::I32 => Val::I32(integer(text, i32::MIN.into(), u32::MAX.into())? as i32),
        ValType::I64 => Val::I64(integer(text, i64::MIN.into(), u64::MAX.into())? as i64),
        ValType::F32 => Val::from(text.parse::<f32>().ok()?),
        ValType::F64 => Val::from(text.parse::<f64>().ok()?),
        ValType::V128 => Val::V128(u128::from_str_radix(text.strip_prefix("0x")?, 16).ok()?),
        ty if ty.is_ref() && text == "null" => Val::default_for_ty(ty),
        _ => return None,
    })
}

fn integer(text: &str, min: i128, max: i128) -> Option<i128> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let size = match digits.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok()?,
        None => digits.parse::<u64>().ok()?,
    };
    let value = if negative { -i128::from(size) } else { size.into() };
    (min..=max).contains(&value).then_some(value)
}

/// Calls the function, after `_initialize` where the module has one: then it is a library that wants to be set up.
/// Returns a status other than 0 when the guest exited in between.
pub(super) fn call(
    store: &mut Store<Guest>,
    instance: Instance,
    entry: &Entry,
    args: &[Val],
) -> Result<(u32, Vec<Val>), Error> {
    if entry.name != "_initialize"
        && let Some(status) = hostel_wasi::initialize(&mut *store, instance)?
    {
        return Ok((status, Vec::new()));
    }
    let mut results: Vec<Val> = entry.ty.results().iter().copied().map(Val::default_for_ty).collect();
    if let Some(func) = instance.get_func(&*store, &entry.name) {
        func.call(store, args, &mut results)?;
    }
    Ok((0, results))
}

/// Prints results, one per line.
pub(super) fn print(results: &[Val]) -> Result<(), Failure> {
    let lines: String = results.iter().map(|value| show(value) + "\n").collect();
    output::print(&lines)
}

fn show(value: &Val) -> String {
    match value {
        Val::I32(value) => value.to_string(),
        Val::I64(value) => value.to_string(),
        Val::F32(bits) => f32::from_bits(*bits).to_string(),
        Val::F64(bits) => f64::from_bits(*bits).to_string(),
        Val::V128(bits) => format!("{bits:#034x}"),
        reference if reference.is_null() => "null".into(),
        reference => reference.ty().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn i32(text: &str) -> Option<i32> {
        value(text, ValType::I32)?.i32()
    }

    #[test]
    fn integers_are_signed_or_unsigned() {
        assert_eq!(i32("-1"), Some(-1));
        assert_eq!(i32("4294967295"), Some(-1));
        assert_eq!(i32("0xffffffff"), Some(-1));
        assert_eq!(i32("-0x80000000"), Some(i32::MIN));
        for wrong in ["4294967296", "-2147483649", "", "-", "0x", "1.0", " 1", "--1", "one"] {
            assert_eq!(i32(wrong), None, "{wrong}");
        }
        assert_eq!(value("18446744073709551615", ValType::I64).and_then(|value| value.i64()), Some(-1));
    }

    #[test]
    fn floats_are_written_as_in_rust() {
        assert_eq!(value("1.5", ValType::F32).and_then(|value| value.f32()), Some(1.5));
        assert_eq!(value("-inf", ValType::F64).and_then(|value| value.f64()), Some(f64::NEG_INFINITY));
        assert_eq!(show(&Val::from(0.1f32)), "0.1");
        assert!(value("x", ValType::F64).is_none());
    }
}
