//! Every instruction that loads, stores or modifies, compared with itself at the beginning of a small 32-bit memory.

use std::fmt::Write;

use hostel_engine::{Instance, Memory, Store, TrapCode, Val, ValType};

use super::{END, GIB4, MEMORY, bytes, configs, guest, memory, put};

/// An instruction.
struct Access {
    name: String,
    /// Behind the name: a lane.
    lane: &'static str,
    width: u64,
    operands: Vec<ValType>,
    result: Option<ValType>,
}

impl Access {
    fn atomic(&self) -> bool {
        self.name.contains("atomic")
    }
}

fn accesses() -> Vec<Access> {
    use ValType::*;
    let mut list = Vec::new();
    let mut add = |name: &str, lane, width, operands: &[ValType], result| {
        list.push(Access { name: name.into(), lane, width, operands: operands.to_vec(), result });
    };
    for (ty, name, bits) in [(I32, "i32", 32), (I64, "i64", 64), (F32, "f32", 32), (F64, "f64", 64)] {
        add(&format!("{name}.load"), "", bits / 8, &[], Some(ty));
        add(&format!("{name}.store"), "", bits / 8, &[ty], None);
    }
    for (ty, name, full) in [(I32, "i32", 32), (I64, "i64", 64)] {
        for bits in [8, 16, 32].into_iter().filter(|&bits| bits < full) {
            add(&format!("{name}.load{bits}_s"), "", bits / 8, &[], Some(ty));
            add(&format!("{name}.load{bits}_u"), "", bits / 8, &[], Some(ty));
            add(&format!("{name}.store{bits}"), "", bits / 8, &[ty], None);
        }
        for bits in [8, 16, 32, 64].into_iter().filter(|&bits| bits <= full) {
            let (size, suffix) = if bits == full { (String::new(), "") } else { (bits.to_string(), "_u") };
            add(&format!("{name}.atomic.load{size}{suffix}"), "", bits / 8, &[], Some(ty));
            add(&format!("{name}.atomic.store{size}"), "", bits / 8, &[ty], None);
            for modify in ["add", "sub", "and", "or", "xor", "xchg"] {
                add(&format!("{name}.atomic.rmw{size}.{modify}{suffix}"), "", bits / 8, &[ty], Some(ty));
            }
            add(&format!("{name}.atomic.rmw{size}.cmpxchg{suffix}"), "", bits / 8, &[ty, ty], Some(ty));
        }
    }
    add("memory.atomic.notify", "", 4, &[I32], Some(I32));
    if cfg!(feature = "simd") {
        add("v128.load", "", 16, &[], Some(V128));
        add("v128.store", "", 16, &[V128], None);
        for shape in ["8x8", "16x4", "32x2"] {
            add(&format!("v128.load{shape}_s"), "", 8, &[], Some(V128));
            add(&format!("v128.load{shape}_u"), "", 8, &[], Some(V128));
        }
        for (bits, lane) in [(8, "15"), (16, "7"), (32, "3"), (64, "1")] {
            add(&format!("v128.load{bits}_splat"), "", bits / 8, &[], Some(V128));
            add(&format!("v128.load{bits}_lane"), lane, bits / 8, &[V128], Some(V128));
            add(&format!("v128.store{bits}_lane"), lane, bits / 8, &[V128], None);
        }
        add("v128.load32_zero", "", 4, &[], Some(V128));
        add("v128.load64_zero", "", 8, &[], Some(V128));
    }
    list
}

/// How an access comes to its address.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// A parameter.
    Local,
    /// A sum, computed just before.
    Sum,
    /// Most of it is the instruction's own offset.
    Offset,
}

/// What the offset of [`Form::Offset`] is in the large memory: more than 32 bits have.
const OFFSET: u64 = GIB4 + 16;

/// A module with all accesses, each in a function of its name.
fn module(memory: &str, address: &str, form: Form) -> String {
    let mut text = format!("(module {memory}");
    for access in accesses() {
        let types = |types: &mut dyn Iterator<Item = &ValType>| types.map(|ty| format!(" {ty}")).collect::<String>();
        let operands: String = (1..=access.operands.len()).map(|index| format!(" (local.get {index})")).collect();
        let (offset, at) = match form {
            Form::Offset if address == "i64" => (format!(" offset={OFFSET}"), "(local.get 0)".to_owned()),
            Form::Sum => (String::new(), format!("({address}.add (local.get 0) ({address}.const 8))")),
            _ => (String::new(), "(local.get 0)".to_owned()),
        };
        writeln!(
            text,
            "(func (export {:?}) (param {address}{}) (result{}) ({}{offset} {} {at}{operands}))",
            access.name,
            types(&mut access.operands.iter()),
            types(&mut access.result.iter()),
            access.name,
            access.lane,
        )
        .expect("writing to a string");
    }
    text + ")"
}

/// Calls the function of an access; its result's bits.
fn run(
    (store, instance): (&mut Store<()>, Instance),
    access: &Access,
    address: Val,
) -> Result<Option<u128>, hostel_engine::Error> {
    let value = |(number, ty): (usize, &ValType)| match ty {
        ValType::I32 => Val::I32(0x8182_8384_u32 as i32 + number as i32),
        ValType::I64 => Val::I64(0x9192_9394_9596_9798_u64 as i64 + number as i64),
        ValType::F32 => Val::F32(0xa1a2_a3a4),
        ValType::F64 => Val::F64(0xb1b2_b3b4_b5b6_b7b8),
        _ => Val::V128(0xc1c2_c3c4_c5c6_c7c8_d1d2_d3d4_d5d6_d7d8),
    };
    let mut params = vec![address];
    params.extend(access.operands.iter().enumerate().map(value));
    let mut results: Vec<Val> = access.result.iter().copied().map(Val::default_for_ty).collect();
    let func = instance.get_func(&*store, &access.name).expect("it is exported");
    func.call(store, &params, &mut results)?;
    Ok(results.first().map(|result| match *result {
        Val::I32(value) => value as u32 as u128,
        Val::I64(value) => value as u64 as u128,
        Val::F32(bits) => bits.into(),
        Val::F64(bits) => bits.into(),
        Val::V128(bits) => bits,
        ref other => panic!("{other:?}"),
    }))
}

/// The parameter that leads to a place.
fn parameter(form: Form, place: u64, large: bool) -> u64 {
    match form {
        Form::Local => place,
        Form::Sum => place.wrapping_sub(8),
        Form::Offset if large => place.wrapping_sub(OFFSET),
        Form::Offset => place,
    }
}

/// What is in memory around an access. No two bytes are the same, and the upper bits of some are set.
const AROUND: [u8; 32] = {
    let mut bytes = [0; 32];
    let mut i = 0;
    while i < 32 {
        bytes[i] = (i * 7 + 0x79) as u8;
        i += 1;
    }
    bytes
};
const DECOY: [u8; 32] = [0x5a; 32];
/// Where the access is in the small memory, and how many bytes before it are compared.
const BEFORE: u64 = 8;

/// Compares one access at one place.
fn compare(
    access: &Access,
    form: Form,
    place: u64,
    (large, large_memory): ((&mut Store<()>, Instance), Memory),
    (small, small_memory): ((&mut Store<()>, Instance), Memory),
) {
    let what = format!("{} at {place:#x}, {form:?}", access.name);
    // Around the place, as far as there is memory.
    let start = place.saturating_sub(BEFORE);
    let count = (END - start).min(32) as usize;
    let before = (place - start) as usize;
    put(large.0, large_memory, start, &AROUND[..count]);
    put(small.0, small_memory, 64 - before as u64, &AROUND[..count]);
    // What an address without its upper half would reach.
    let decoy = start.checked_sub(GIB4).filter(|&decoy| decoy + 32 <= GIB4);
    if let Some(decoy) = decoy {
        put(large.0, large_memory, decoy, &DECOY);
    }
    let expected = run((&mut *small.0, small.1), access, Val::I32(parameter(form, 64, false) as i32)).expect("inside");
    let address = Val::I64(parameter(form, place, true) as i64);
    let found = run((&mut *large.0, large.1), access, address).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(found, expected, "{what}");
    let found: [u8; 32] =
        std::array::from_fn(|i| if i < count { bytes::<1>(large.0, large_memory, start + i as u64)[0] } else { 0 });
    let expected: [u8; 32] = bytes(small.0, small_memory, 64 - before as u64);
    assert_eq!(found[..count], expected[..count], "{what}: memory");
    if let Some(decoy) = decoy {
        assert_eq!(bytes::<32>(large.0, large_memory, decoy), DECOY, "{what}: 4 GiB lower");
    }
}

#[test]
fn every_access_reaches_its_place() {
    for config in configs() {
        for form in [Form::Local, Form::Sum, Form::Offset] {
            let Some((mut large, large_instance)) = guest(&config, &module(MEMORY, "i64", form)) else { return };
            let small = module("(memory (export \"memory\") 1)", "i32", form);
            let (mut small, small_instance) = guest(&config, &small).expect("a page");
            let large_memory = memory(&large, large_instance);
            let small_memory = memory(&small, small_instance);
            for access in accesses() {
                let width = access.width;
                let mut places = vec![0, GIB4 - 32, GIB4 - width, GIB4, GIB4 + 32, 5 << 30, END - width];
                // Across the place where 32 bits end, and where nothing is aligned.
                if !access.atomic() {
                    places.extend([GIB4 - width.div_ceil(2), GIB4 - 1, GIB4 + 1, END - width - 1]);
                }
                // An unsigned offset cannot lead to what is below it.
                places.retain(|&place| !matches!(form, Form::Offset) || place >= OFFSET);
                for place in places {
                    compare(
                        &access,
                        form,
                        place,
                        ((&mut large, large_instance), large_memory),
                        ((&mut small, small_instance), small_memory),
                    );
                }
            }
        }
    }
}

#[test]
fn every_access_beyond_the_end_traps() {
    for config in configs() {
        for form in [Form::Local, Form::Sum, Form::Offset] {
            let Some((mut store, instance)) = guest(&config, &module(MEMORY, "i64", form)) else { return };
            let memory = memory(&store, instance);
            put(&mut store, memory, 0, &DECOY);
            put(&mut store, memory, END - GIB4 - 16, &DECOY);
            put(&mut store, memory, END - 16, &DECOY[..16]);
            for access in accesses() {
                let width = access.width;
                let mut places = vec![END, END + 32, 2 * GIB4, 4 * GIB4, 1 << 40, 1 << 63, width.wrapping_neg()];
                if !access.atomic() {
                    places.extend([END - width + 1, END - 1, u64::MAX]);
                    places.retain(|&place| place.checked_add(width).is_none_or(|end| end > END));
                }
                let mut parameters: Vec<u64> = places.iter().map(|&place| parameter(form, place, true)).collect();
                if let Form::Offset = form {
                    // The sum of address and offset would need one bit more; without it, it is 0 or 16.
                    parameters = vec![END - OFFSET, OFFSET.wrapping_neg(), GIB4.wrapping_neg(), 1 << 63];
                }
                for address in parameters {
                    let what = format!("{} of {address:#x}, {form:?}", access.name);
                    let error = run((&mut store, instance), &access, Val::I64(address as i64)).expect_err(&what);
                    let code = error.trap().and_then(|trap| trap.code());
                    assert_eq!(code, Some(TrapCode::MemoryOutOfBounds), "{what}: {error}");
                }
            }
            assert_eq!(bytes(&store, memory, 0), DECOY);
            assert_eq!(bytes(&store, memory, END - GIB4 - 16), DECOY);
            assert_eq!(bytes::<16>(&store, memory, END - 16), DECOY[..16]);
        }
    }
}

/// Addresses that are constants, and several accesses in one function, where addresses and values are folded.
#[test]
fn constants_and_expressions() {
    let text = format!(
        r#"(module {MEMORY}
        (func (export "run") (param i64 i32) (result i64) (local i64)
            (i32.store (i64.const 0x100000000) (i32.const 0x01010101))
            (i32.store (i64.const 0x17ffffffc) (i32.const 0x02020202))
            (i64.store offset=0x100000008 (i64.const 0) (i64.const 0x0303030303030303))
            (local.set 2 (i64.shl (local.get 0) (i64.const 3)))
            (i64.store (local.get 2) (i64.extend_i32_u (local.get 1)))
            (i64.store8 (i64.add (local.get 2) (i64.mul (local.get 0) (i64.const 2))) (i64.const 5))
            (i32.store16 (i64.add (i64.extend_i32_u (local.get 1)) (i64.const 0x100000000)) (local.get 1))
            (i64.add
                (i64.add (i64.load (i64.const 0x100000000)) (i64.load32_u (i64.const 0x17ffffffc)))
                (i64.add (i64.load offset=0x100000000 (i64.const 8)) (i64.load (local.get 2))))))"#
    );
    for config in configs() {
        let Some((mut store, instance)) = guest(&config, &text) else { return };
        let memory = memory(&store, instance);
        // Eight and ten times this are beyond 4 GiB, and inside.
        let base = 0x2000_0008u64;
        let result: i64 = super::kit::call(&mut store, instance, "run", (base as i64, 0x60_0000i32)).unwrap();
        assert_eq!(result, 0x0101_0101 + 0x0202_0202 + 0x0303_0303_0303_0303 + 0x60_0000);
        assert_eq!(bytes(&store, memory, GIB4), [1, 1, 1, 1, 0, 0, 0, 0, 3, 3, 3, 3, 3, 3, 3, 3]);
        assert_eq!(bytes(&store, memory, END - 4), [2; 4]);
        assert_eq!(bytes(&store, memory, base * 8), 0x60_0000u64.to_le_bytes());
        assert_eq!(bytes(&store, memory, base * 10), [5, 0]);
        assert_eq!(bytes(&store, memory, GIB4 + 0x60_0000), [0, 0]);
        for at in [0, END - 4 - GIB4, base * 8 - GIB4, base * 10 - GIB4, 0x60_0000] {
            assert_eq!(bytes(&store, memory, at), [0; 16], "{at:#x}");
        }
    }
}
