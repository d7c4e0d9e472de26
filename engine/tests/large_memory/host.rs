//! The host's side: `Memory`, and host functions that are given addresses.

use hostel_engine::{
    Caller, Engine, ErrorKind, HostModuleBuilder, Limits, Linker, Memory, MemoryType, Store, Trap, ValType,
};

use super::kit::call;
use super::{END, GIB4, MEMORY, PAGES, bytes, configs, guest, guest_of, memory, put};

#[test]
fn reads_and_writes() {
    let Some((mut store, instance)) = guest(&configs()[0], &format!("(module {MEMORY})")) else { return };
    let memory = memory(&store, instance);
    assert_eq!((memory.size(&store), memory.data(&store).len() as u64), (PAGES, END));
    assert_eq!(memory.ty(&store), MemoryType { memory64: true, ..MemoryType::new(PAGES) });
    let places = [0, GIB4 - 8, GIB4 - 4, GIB4, 5 << 30, END - 8];
    for (number, at) in places.into_iter().enumerate() {
        let value = [number as u8 + 1; 8];
        put(&mut store, memory, at, &value);
        assert_eq!(bytes(&store, memory, at), value);
        assert_eq!(&memory.data(&store)[at as usize..][..8], value);
        memory.data_mut(&mut store)[at as usize] = 0xff;
        assert_eq!(bytes(&store, memory, at), [0xff, value[0]]);
    }
    assert_eq!(bytes(&store, memory, END - 8 - GIB4), [0; 8]);
    for (at, len) in [(END - 7, 8), (END, 1), (END + 1, 0), (u64::MAX, 1), (u64::MAX - 7, 8), (2 * GIB4, 8)] {
        assert!(memory.read(&store, at as usize, &mut vec![0; len]).is_err(), "{at:#x}");
        assert!(memory.write(&mut store, at as usize, &vec![1; len]).is_err(), "{at:#x}");
    }
    assert!(memory.read(&store, END as usize, &mut []).is_ok());
}

/// A memory that the host makes, grows, and gives to a guest.
#[test]
fn a_memory_of_the_hosts() {
    let mut config = configs().remove(0);
    config.limits(Limits { memory_bytes: END, store_memory_bytes: END + 65536, ..Limits::default() });
    let engine = Engine::new(&config).unwrap();
    let mut store = Store::new(&engine, ());
    let ty = MemoryType { memory64: true, max: Some(PAGES + 1), ..MemoryType::new(PAGES - 1) };
    let memory = match Memory::new(&mut store, ty) {
        Ok(memory) => memory,
        Err(error) if matches!(error.kind(), ErrorKind::OutOfMemory(_)) => return eprintln!("skipped: {error}"),
        Err(error) => panic!("{error}"),
    };
    put(&mut store, memory, GIB4 + 5, b"kept");
    match memory.grow(&mut store, 1) {
        Ok(old) => assert_eq!(old, PAGES - 1),
        Err(error) if matches!(error.kind(), ErrorKind::OutOfMemory(_)) => return eprintln!("skipped: {error}"),
        Err(error) => panic!("{error}"),
    }
    assert_eq!(&bytes(&store, memory, GIB4 + 5), b"kept");
    for delta in [1, GIB4, u64::MAX] {
        let error = memory.grow(&mut store, delta).unwrap_err();
        let expected = if delta == 1 { "memory_bytes" } else { "its type allows 98305 pages" };
        assert!(error.to_string().contains(expected), "{error}");
    }
    // The store's limit counts in 64 bits, too.
    let small = Memory::new(&mut store, MemoryType::new(1)).unwrap();
    let error = small.grow(&mut store, 1).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Limit { limit: "store_memory_bytes", .. }), "{error:?}");
    let mut linker = Linker::new(&engine);
    linker.define("host", "memory", memory);
    let text = r#"(module (import "host" "memory" (memory i64 98304 98305))
        (func (export "sum") (param i64) (result i32) (i32.add (i32.load (local.get 0)) (i32.load offset=0x100000005 (i64.const 0)))))"#;
    let instance = super::kit::instantiate(&linker, &mut store, text).unwrap();
    put(&mut store, memory, END - 4, &1u32.to_le_bytes());
    let sum: u32 = call(&mut store, instance, "sum", (END - 4) as i64).unwrap();
    assert_eq!(sum, u32::from_le_bytes(*b"kept") + 1);
}

#[test]
fn host_functions() {
    let text = format!(
        r#"(module
        (import "host" "swap" (func $swap (param i64 i64) (result i64)))
        (import "host" "typed" (func $typed (param i64) (result i64)))
        {MEMORY}
        (func (export "swap") (param i64 i64) (result i64) (call $swap (local.get 0) (local.get 1)))
        (func (export "typed") (param i64) (result i64) (call $typed (local.get 0))))"#
    );
    for config in configs() {
        let engine = Engine::new(&config).unwrap();
        let mut linker = Linker::new(&engine);
        HostModuleBuilder::new("host")
            .new_function()
            // Swaps two u64s in the guest's memory and returns the memory's length.
            .with_raw_module_function([ValType::I64; 2], [ValType::I64], |_, module: &mut Caller<'_>, stack| {
                let memory = module.memory().ok_or_else(|| Trap::message("no memory"))?;
                let (a, b) = (stack[0] as usize, stack[1] as usize);
                let inside = |at: usize| at.checked_add(8).is_some_and(|end| end <= memory.len());
                if !inside(a) || !inside(b) {
                    return Err(Trap::message("outside"));
                }
                for i in 0..8 {
                    memory.swap(a + i, b + i);
                }
                stack[0] = memory.len() as u64;
                Ok(())
            })
            .export("swap")
            .new_function()
            .with_func(|_: &mut (), module: &mut Caller<'_>, at: u64| -> Result<u64, Trap> {
                let memory = module.memory().ok_or_else(|| Trap::message("no memory"))?;
                let bytes = memory.get(at as usize..).and_then(|rest| rest.first_chunk::<8>());
                Ok(u64::from_le_bytes(*bytes.ok_or_else(|| Trap::message("outside"))?))
            })
            .export("typed")
            .instantiate(&mut linker)
            .unwrap();
        let Some((mut store, instance)) = guest_of(&linker, &text) else { return };
        let memory = memory(&store, instance);
        put(&mut store, memory, 0, &1u64.to_le_bytes());
        put(&mut store, memory, END - 8, &2u64.to_le_bytes());
        put(&mut store, memory, GIB4 - 4, &3u64.to_le_bytes());
        let swap =
            |store: &mut Store<()>, a: u64, b: u64| call::<_, i64>(store, instance, "swap", (a as i64, b as i64));
        assert_eq!(swap(&mut store, 0, END - 8).unwrap() as u64, END);
        assert_eq!(swap(&mut store, GIB4 - 4, END - 8).unwrap() as u64, END);
        assert!(swap(&mut store, 0, END - 7).is_err());
        let mut typed = |at: u64| call::<_, i64>(&mut store, instance, "typed", at as i64);
        assert_eq!(typed(0).unwrap(), 2);
        assert_eq!(typed(END - 8).unwrap(), 3);
        assert_eq!(typed(GIB4 - 4).unwrap(), 1);
        assert_eq!(typed(END - 8 - GIB4).unwrap(), 0);
        assert!(typed(END - 7).is_err() && typed(u64::MAX).is_err());
    }
}
