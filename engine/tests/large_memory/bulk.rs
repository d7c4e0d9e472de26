//! `memory.fill`, `memory.copy`, `memory.init`, `memory.grow`, `memory.size`, and data segments. Tables have 64-bit indices
//! too, but no room for so many elements: there an index must not lose its upper half.

use hostel_engine::{Config, Engine, ErrorKind, Instance, Limits, Linker, Module, Store, Trap, TrapCode};

use super::kit::{self, call};
use super::{END, GIB4, MEMORY, PAGES, bytes, configs, guest, guest_of, memory, put};

/// More than a metered instruction does between two looks at its budget.
const MIB3: u64 = 3 << 20;

fn text() -> String {
    format!(
        r#"(module {MEMORY} (memory $small (export "small") 64) (data $data "0123456789abcdef")
        (func (export "fill") (param i64 i32 i64) (memory.fill $large (local.get 0) (local.get 1) (local.get 2)))
        (func (export "copy") (param i64 i64 i64) (memory.copy $large $large (local.get 0) (local.get 1) (local.get 2)))
        (func (export "down") (param i32 i64 i32) (memory.copy $small $large (local.get 0) (local.get 1) (local.get 2)))
        (func (export "up") (param i64 i32 i32) (memory.copy $large $small (local.get 0) (local.get 1) (local.get 2)))
        (func (export "init") (param i64 i32 i32)
            (memory.init $large $data (local.get 0) (local.get 1) (local.get 2))))"#
    )
}

#[track_caller]
fn is_outside(result: Result<(), Trap>) {
    assert_eq!(result.expect_err("it is outside").code(), Some(TrapCode::MemoryOutOfBounds));
}

/// Whether all bytes from `at` on are `value`.
fn all(store: &Store<()>, memory: hostel_engine::Memory, at: u64, len: u64, value: u8) -> bool {
    memory.data(store)[at as usize..(at + len) as usize].iter().all(|&byte| byte == value)
}

#[test]
fn fill() {
    for config in configs() {
        let Some((mut store, instance)) = guest(&config, &text()) else { return };
        let memory = memory(&store, instance);
        let fill = |store: &mut Store<()>, at: u64, value: i32, len: u64| {
            call::<_, ()>(store, instance, "fill", (at as i64, value, len as i64))
        };
        // Across 4 GiB, behind it, and up to the end.
        for (at, value) in [(GIB4 - MIB3 / 2, 1), (GIB4 + MIB3, 2), (END - MIB3, 3)] {
            fill(&mut store, at, value, MIB3).unwrap();
            assert!(all(&store, memory, at, MIB3, value as u8), "{at:#x}");
            assert_eq!(bytes(&store, memory, at - 1), [0]);
            // 4 GiB lower is nothing.
            let lower = at.saturating_sub(GIB4);
            assert!(all(&store, memory, lower, MIB3 / 2, 0), "{at:#x}");
        }
        // Nothing at the end is fine, and no farther; lengths that are 0 or small without their upper half are not.
        fill(&mut store, END, 9, 0).unwrap();
        for (at, len) in [
            (END + 1, 0),
            (END, 1),
            (END - 1, 2),
            (3 << 30, GIB4),
            (END - GIB4 + 1, GIB4),
            (END, GIB4),
            (0, END + 1),
            (0, 2 * GIB4),
            (0, u64::MAX),
            (u64::MAX, 1),
            (u64::MAX, u64::MAX),
            (2 * GIB4, 1),
        ] {
            is_outside(fill(&mut store, at, 9, len));
        }
        assert!(all(&store, memory, END - MIB3, MIB3, 3) && all(&store, memory, 0, 65536, 0));
    }
}

#[test]
fn copy() {
    let pattern: Vec<u8> = (0..MIB3).map(|i| (i * 31 % 251) as u8).collect();
    for config in configs() {
        let Some((mut store, instance)) = guest(&config, &text()) else { return };
        let memory = memory(&store, instance);
        let copy = |store: &mut Store<()>, to: u64, from: u64, len: u64| {
            call::<_, ()>(store, instance, "copy", (to as i64, from as i64, len as i64))
        };
        let read =
            |store: &Store<()>, at: u64| memory.data(store)[at as usize..].get(..MIB3 as usize).unwrap().to_vec();
        // Up, down, and overlapping itself in both directions, across 4 GiB.
        put(&mut store, memory, 16, &pattern);
        for (to, from) in [
            (END - MIB3, 16),
            (GIB4 - MIB3 / 2, END - MIB3),
            (GIB4 - MIB3 / 2 + 5000, GIB4 - MIB3 / 2),
            (GIB4 - MIB3 / 2 - 3, GIB4 - MIB3 / 2 + 5000),
            (1 << 30, GIB4 - MIB3 / 2 - 3),
        ] {
            copy(&mut store, to, from, MIB3).unwrap();
            assert!(read(&store, to) == pattern, "{from:#x} to {to:#x}");
        }
        assert!(all(&store, memory, END - MIB3 - GIB4, MIB3, 0), "4 GiB lower");
        copy(&mut store, END, END, 0).unwrap();
        for (to, from, len) in [
            (END + 1, 0, 0),
            (0, END + 1, 0),
            (END - 1, 0, 2),
            (0, END - 1, 2),
            (GIB4, 0, GIB4),
            (0, GIB4, GIB4),
            (0, 0, END + 1),
            (0, 0, 2 * GIB4 + 1),
            (u64::MAX, 0, 1),
            (0, u64::MAX, u64::MAX),
        ] {
            is_outside(copy(&mut store, to, from, len));
        }
        assert!(read(&store, 16) == pattern);
        assert!(read(&store, END - MIB3) == pattern);
    }
}

/// Between a 32-bit and a 64-bit memory, where lengths have 32 bits, and from a data segment.
#[test]
fn copy_from_elsewhere() {
    for config in configs() {
        let Some((mut store, instance)) = guest(&config, &text()) else { return };
        let large = memory(&store, instance);
        let small = instance.get_memory(&store, "small").unwrap();
        put(&mut store, small, 0, b"from the small memory");
        for at in [GIB4 - 8, GIB4 + 8, END - 21] {
            call::<_, ()>(&mut store, instance, "up", (at as i64, 0, 21)).unwrap();
            assert_eq!(&bytes(&store, large, at), b"from the small memory");
            put(&mut store, large, at, b"from the LARGE memory");
            call::<_, ()>(&mut store, instance, "down", (100, at as i64, 21)).unwrap();
            assert_eq!(&bytes(&store, small, 100), b"from the LARGE memory");
        }
        is_outside(call(&mut store, instance, "up", ((END - 20) as i64, 0, 21)));
        is_outside(call(&mut store, instance, "up", (2 * GIB4 as i64, 0, 21)));
        is_outside(call(&mut store, instance, "down", (0, (END - 20) as i64, 21)));
        is_outside(call(&mut store, instance, "down", (0, -21i64, 21)));
        // −1 is a length of 32 bits here.
        is_outside(call(&mut store, instance, "up", (0i64, 0, -1)));
        for at in [GIB4 - 3, GIB4, END - 6] {
            call::<_, ()>(&mut store, instance, "init", (at as i64, 10, 6)).unwrap();
            assert_eq!(&bytes(&store, large, at), b"abcdef");
        }
        is_outside(call(&mut store, instance, "init", ((END - 5) as i64, 10, 6)));
        is_outside(call(&mut store, instance, "init", (2 * GIB4 as i64, 0, 16)));
        is_outside(call(&mut store, instance, "init", (-16i64, 0, 16)));
        assert_eq!(bytes(&store, large, 0), [0; 64]);
        assert_eq!(bytes(&store, large, END - GIB4 - 64), [0; 128]);
    }
}

#[test]
fn segments() {
    let module = |at: u64| format!(r#"(module {MEMORY} (data (i64.const {at}) "0123456789abcdef"))"#);
    let config = &configs()[0];
    for at in [GIB4 - 8, GIB4, END - 16] {
        let Some((store, instance)) = guest(config, &module(at)) else { return };
        let memory = memory(&store, instance);
        assert_eq!(&bytes(&store, memory, at), b"0123456789abcdef");
        assert_eq!(bytes(&store, memory, at.saturating_sub(GIB4)), [0; 16]);
    }
    for at in [END - 15, END, 2 * GIB4, u64::MAX - 15, u64::MAX] {
        let engine = Engine::new(config).unwrap();
        let module = Module::new(&engine, kit::wasm(&module(at))).unwrap();
        let error = Linker::new(&engine).instantiate(Store::new(&engine, ()), &module).unwrap_err();
        if matches!(error.kind(), ErrorKind::OutOfMemory(_)) {
            return eprintln!("skipped: {error}");
        }
        assert_eq!(error.trap().and_then(Trap::code), Some(TrapCode::MemoryOutOfBounds), "{at:#x}");
    }
}

#[test]
fn grow() {
    let text = r#"(module (memory (export "memory") i64 65535 98304)
        (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0)))
        (func (export "size") (result i64) (memory.size))
        (func (export "last") (result i64) (i64.load8_u (i64.sub (i64.shl (memory.size) (i64.const 16)) (i64.const 1))))
        (func (export "put") (param i64) (i64.store8 (local.get 0) (i64.const 7))))"#;
    for config in configs() {
        let Some((mut store, instance)) = guest(&config, text) else { return };
        let grow = |store: &mut Store<()>, pages: i64| call::<_, i64>(store, instance, "grow", pages).unwrap();
        let size = |store: &mut Store<()>| call::<_, i64>(store, instance, "size", ()).unwrap() as u64;
        let put = |store: &mut Store<()>, at: u64| call::<_, ()>(store, instance, "put", at as i64);
        put(&mut store, GIB4 - 65537).unwrap();
        is_outside(put(&mut store, GIB4 - 65536));
        // Up to 4 GiB, one page more, and to the end; the system may have no room to move it to.
        for (delta, old) in [(1, 65535), (1, 65536), (32767, 65537)] {
            match grow(&mut store, delta) {
                -1 => return eprintln!("skipped: the system has no room for so much"),
                found => assert_eq!(found, old),
            }
            let end = size(&mut store) * 65536;
            assert_eq!(size(&mut store), (old + delta) as u64);
            put(&mut store, end - 1).unwrap();
            is_outside(put(&mut store, end));
            assert_eq!(call::<_, i64>(&mut store, instance, "last", ()).unwrap(), 7);
        }
        assert_eq!(size(&mut store), PAGES);
        // What was stored before is where it was, and 4 GiB lower than the last byte is nothing.
        let memory = memory(&store, instance);
        for (at, value) in [(GIB4 - 65537, 7), (GIB4 - 1, 7), (END - 1, 7), (END - GIB4 - 1, 0), (65535, 0)] {
            assert_eq!(bytes(&store, memory, at), [value], "{at:#x}");
        }
        // No farther, also by a number whose lower half is 0.
        for delta in [1, 1 << 32, 1 << 48, 1 << 63, u64::MAX, PAGES.wrapping_neg()] {
            assert_eq!(grow(&mut store, delta as i64), -1, "{delta:#x}");
        }
        assert_eq!(grow(&mut store, 0) as u64, PAGES);
    }
}

#[test]
fn limits_end_where_they_say() {
    let text = r#"(module (memory (export "memory") i64 65536)
        (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0))))"#;
    let mut config = Config::new();
    config.limits(Limits { memory_bytes: GIB4 + 65536, ..Limits::default() });
    let Some((mut store, instance)) = guest(&config, text) else { return };
    assert_eq!(call::<_, i64>(&mut store, instance, "grow", 2i64).unwrap(), -1);
    if call::<_, i64>(&mut store, instance, "grow", 1i64).unwrap() == -1 {
        return eprintln!("skipped: the system has no room for so much");
    }
    let error = memory(&store, instance).grow(&mut store, 1).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Limit { limit: "memory_bytes", .. }), "{error:?}");
    // By default a memory has 4 GiB at most, and a module that wants more is told so.
    let engine = Engine::default();
    let module = Module::new(&engine, kit::wasm("(module (memory i64 65537))")).unwrap();
    let error = Linker::new(&engine).instantiate(Store::new(&engine, ()), &module).unwrap_err();
    assert!(error.to_string().contains("4295032832 bytes (65537 pages)"), "{error}");
}

/// Pages of one byte: sizes in pages have more than 32 bits.
#[test]
fn pages_of_one_byte() {
    let text = r#"(module (memory (export "memory") i64 6442450943 6442450944 (pagesize 1))
        (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0)))
        (func (export "size") (result i64) (memory.size))
        (func (export "put") (param i64) (i64.store8 (local.get 0) (i64.const 7))))"#;
    for config in configs() {
        let Some((mut store, instance)) = guest(&config, text) else { return };
        let mut call = |name: &str, param: u64| call::<_, i64>(&mut store, instance, name, param as i64);
        assert_eq!(call("grow", 0).unwrap() as u64, END - 1);
        assert_eq!(call("grow", 1 << 32).unwrap(), -1);
        if call("grow", 1).unwrap() == -1 {
            return eprintln!("skipped: the system has no room for so much");
        }
        assert_eq!(kit::call::<_, i64>(&mut store, instance, "size", ()).unwrap() as u64, END);
        kit::call::<_, ()>(&mut store, instance, "put", (END - 1) as i64).unwrap();
        assert_eq!(memory(&store, instance).size(&store), END);
    }
}

/// Indices of 64-bit tables that are inside without their upper half.
#[test]
fn indices_of_tables() {
    let text = r#"(module (table $t (export "t") i64 10 20 funcref) (type $v (func))
        (elem (table $t) (i64.const 0) func $f $f $f $f $f $f $f $f $f $f) (elem $e func $f $f)
        (func $f)
        (func (export "get") (param i64) (drop (table.get $t (local.get 0))))
        (func (export "set") (param i64) (table.set $t (local.get 0) (ref.null func)))
        (func (export "fill") (param i64) (table.fill $t (local.get 0) (ref.null func) (i64.const 2)))
        (func (export "fill length") (param i64) (table.fill $t (i64.const 0) (ref.null func) (local.get 0)))
        (func (export "copy to") (param i64) (table.copy $t $t (local.get 0) (i64.const 2) (i64.const 2)))
        (func (export "copy from") (param i64) (table.copy $t $t (i64.const 2) (local.get 0) (i64.const 2)))
        (func (export "copy length") (param i64) (table.copy $t $t (i64.const 2) (i64.const 0) (local.get 0)))
        (func (export "init") (param i64) (table.init $t $e (local.get 0) (i32.const 0) (i32.const 2)))
        (func (export "call") (param i64) (call_indirect $t (type $v) (local.get 0)))
        (func (export "tail") (param i64) (return_call_indirect $t (type $v) (local.get 0)))
        (func (export "grow") (param i64) (result i64) (table.grow $t (ref.null func) (local.get 0))))"#;
    for config in configs() {
        let engine = Engine::new(&config).unwrap();
        let Some((mut store, instance)) = guest_of(&Linker::new(&engine), text) else { return };
        let names =
            ["get", "set", "fill", "fill length", "copy to", "copy from", "copy length", "init", "call", "tail"];
        for name in names {
            for index in [GIB4, GIB4 + 1, 1 << 63, u64::MAX << 32] {
                let trap = call::<_, ()>(&mut store, instance, name, index as i64).expect_err(name);
                let expected = if matches!(name, "call" | "tail") {
                    TrapCode::UndefinedElement
                } else {
                    TrapCode::TableOutOfBounds
                };
                assert_eq!(trap.code(), Some(expected), "{name} {index:#x}");
            }
        }
        let all_there = |store: &mut Store<()>, instance: Instance| {
            (0..10).all(|index| call::<_, ()>(store, instance, "call", index as i64).is_ok())
        };
        assert!(all_there(&mut store, instance), "nothing was changed");
        for delta in [GIB4, GIB4 + 1, u64::MAX] {
            assert_eq!(call::<_, i64>(&mut store, instance, "grow", delta as i64).unwrap(), -1);
        }
        // Inside, each does what it should.
        for name in names {
            call::<_, ()>(&mut store, instance, name, 1i64).unwrap_or_else(|trap| {
                // `set` and `fill` have left nulls.
                assert_eq!(trap.code(), Some(TrapCode::UninitializedElement), "{name}");
            });
        }
    }
}
