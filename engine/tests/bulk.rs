//! Instructions on whole memories and tables when they are metered: they pay by length, stop half way, and go on.

mod kit;

use std::thread;
use std::time::Duration;

use hostel_engine::{Config, Engine, Instance, InterruptHandle, Linker, ResumableCall, Store, TrapCode, Val};
use kit::{backends, guest, instantiate};

const MIB: u32 = 1 << 20;

const GUESTS: &str = r#"(module
    (memory (export "memory") 160) (memory $b (export "b") 160)
    (table $s (export "s") 300000 funcref) (table $t (export "t") 300000 funcref)
    (elem $elements func $f $f) (elem declare func $g)
    (func $f) (func $g)
    (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
    (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
    (func (export "copy_b") (param i32 i32 i32) (memory.copy $b 0 (local.get 0) (local.get 1) (local.get 2)))
    (func (export "number") (param i32 i32 i32)
        (loop $l (i32.store (local.get 0) (local.get 0))
            (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 4))) (local.get 2)))))
    (func (export "table_fill") (param i32 i32 i32) (table.fill $s (local.get 0) (ref.func $f) (local.get 2)))
    (func (export "table_copy") (param i32 i32 i32) (table.copy $s $s (local.get 0) (local.get 1) (local.get 2)))
    (func (export "table_copy_t") (param i32 i32 i32) (table.copy $t $s (local.get 0) (local.get 1) (local.get 2)))
    (func (export "table_init") (param i32 i32 i32) (table.init $s $elements (local.get 0) (local.get 1) (local.get 2)))
    (func (export "table_grow") (param i32 i32 i32) (result i32) (table.grow $t (ref.func $g) (local.get 0)))
    (func (export "grow_all") (param i32 i32 i32) (drop (memory.grow (local.get 0))) (drop (memory.grow $b (local.get 0))))
    (func (export "nulls") (param i32 i32 i32) (result i32) (local $n i32)
        (loop $l (local.set $n (i32.add (local.get $n) (ref.is_null (table.get $s (local.get 0)))))
            (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (local.get 1))))
        (local.get $n)))"#;

fn metered(config: &Config) -> (Store<()>, Instance) {
    let mut config = config.clone();
    guest(config.consume_fuel(true).interruptible(true), GUESTS)
}

/// What is done to guests, in order.
const STEPS: &[(&str, [u32; 3])] = &[
    ("number", [0, 0, 10 * MIB - 8]),
    ("copy", [3 * MIB + 17, 5, 6 * MIB]),
    ("copy", [5, 3 * MIB + 17, 6 * MIB + 100]),
    ("copy", [1, 0, 10 * MIB - 2]),
    ("copy_b", [77, 3, 9 * MIB]),
    ("fill", [MIB, 0x5a, 7 * MIB + 3]),
    ("fill", [0, 1, 0]),
    ("table_init", [100, 0, 2]),
    ("table_fill", [1000, 0, 290_000]),
    ("table_copy", [0, 100, 299_000]),
    ("table_copy", [300, 0, 299_000]),
    ("table_copy_t", [0, 1, 280_000]),
    ("table_grow", [300_000, 0, 0]),
];

fn call(store: &mut Store<()>, instance: Instance, name: &str, arguments: [u32; 3], slice: u64) -> usize {
    let function = instance.get_func(&*store, name).unwrap();
    let params = arguments.map(|argument| Val::I32(argument as i32));
    let mut call = function.call_resumable(&mut *store, &params).unwrap();
    let mut pauses = 0;
    while let ResumableCall::Paused(guest) = call {
        store.add_fuel(slice).unwrap();
        if pauses % 4 == 3 {
            // Memories move when they grow.
            for name in ["memory", "b"] {
                let memory = instance.get_memory(&*store, name).unwrap();
                memory.grow(&mut *store, 1).unwrap();
            }
        }
        pauses += 1;
        call = guest.resume(&mut *store).unwrap();
    }
    pauses
}

fn state(store: &Store<()>, instance: Instance) -> Vec<u64> {
    // Of the memories what was there before some of them grew; a checksum, as comparing is all that is done with it.
    let sum = |bytes: &[u8]| bytes.iter().fold(0u64, |sum, &b| (sum ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    let mut state = Vec::new();
    for name in ["memory", "b"] {
        let memory = instance.get_memory(store, name).unwrap();
        state.push(sum(&memory.data(store)[..10 * MIB as usize]));
    }
    for name in ["s", "t"] {
        let table = instance.get_table(store, name).unwrap();
        let elements = (0..table.size(store)).map(|index| format!("{:?}", table.get(store, index)));
        let elements: Vec<u8> = elements.flat_map(String::into_bytes).collect();
        state.push(sum(&elements));
    }
    state
}

#[test]
fn in_slices_they_do_the_same_at_the_same_price() {
    for config in backends() {
        let (mut store, instance) = metered(&config);
        store.set_fuel(u64::MAX).unwrap();
        for &(name, arguments) in STEPS {
            assert_eq!(call(&mut store, instance, name, arguments, 0), 0, "{name}");
        }
        let (whole, price) = (state(&store, instance), store.fuel_consumed().unwrap());
        let (mut store, instance) = metered(&config);
        let mut pauses = 0;
        for &(name, arguments) in STEPS {
            // Loops would pause all too often.
            let slice = if name == "number" { u64::MAX / 4 } else { 9_001 };
            let paused = call(&mut store, instance, name, arguments, slice);
            pauses += if name == "number" { 0 } else { paused };
            store.set_fuel(0).unwrap();
        }
        assert!(pauses > 50, "{pauses}");
        assert_eq!((state(&store, instance), store.fuel_consumed().unwrap()), (whole, price));
        // Long instructions pay 1 unit for 64 bytes.
        let bytes: u64 = STEPS
            .iter()
            .skip(1)
            .map(|(name, [delta, _, len])| match *name {
                "table_grow" => 8 * u64::from(*delta),
                name if name.starts_with("table") => 8 * u64::from(*len),
                _ => u64::from(*len),
            })
            .sum();
        let (mut store, instance) = metered(&config);
        store.set_fuel(u64::MAX).unwrap();
        call(&mut store, instance, "number", STEPS[0].1, 0);
        let others = price - store.fuel_consumed().unwrap();
        assert!((bytes / 64 - 20..bytes / 64 + 100).contains(&others), "{others} for {bytes} bytes");
    }
}

/// A request that comes while a gigabyte is filled stops it long before its end; resumed, it fills the rest.
#[test]
fn long_instructions_are_interrupted() {
    const PAGES: u64 = 16384;
    const LEN: usize = PAGES as usize * 65536;
    for mut config in backends() {
        let (mut store, instance) = guest(
            config.interruptible(true),
            &format!(
                r#"(module (memory (export "memory") {PAGES})
                    (func (export "fill") (param i32 i32) (memory.fill (i32.const 0) (local.get 0) (local.get 1)))
                    (func (export "fine") (result i32) (i32.load8_u (i32.const 0))))"#
            ),
        );
        let memory = instance.get_memory(&store, "memory").unwrap();
        let fill = instance.get_typed_func::<(i32, u32), ()>(&store, "fill").unwrap();
        let handle = store.interrupt_handle().unwrap();
        let later = || {
            let handle = handle.clone();
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(3));
                handle.interrupt();
            })
        };
        let other = later();
        let guest = fill.call_resumable(&mut store, (7, LEN as u32)).unwrap().paused().expect("interrupted");
        other.join().unwrap();
        assert_eq!(guest.trap().code(), Some(TrapCode::Interrupted));
        assert_eq!(memory.data(&store)[LEN - 1], 0, "stopped before its end");
        assert_eq!(guest.resume(&mut store).unwrap().finished(), Some(()));
        assert_eq!((memory.data(&store)[0], memory.data(&store)[LEN / 2], memory.data(&store)[LEN - 1]), (7, 7, 7));
        // Finally, and the store goes on.
        let other = later();
        assert_eq!(fill.call(&mut store, (9, LEN as u32)).unwrap_err().code(), Some(TrapCode::Interrupted));
        other.join().unwrap();
        assert_eq!(memory.data(&store)[LEN - 1], 7);
        assert_eq!(kit::call::<(), i32>(&mut store, instance, "fine", ()).unwrap(), 9);
    }
}

/// What stopped half way and is not resumed leaves nothing that a later instruction could take for its own.
#[test]
fn an_instruction_begins_at_its_beginning() {
    for config in backends() {
        let (mut store, instance) = metered(&config);
        store.set_fuel(20_000).unwrap();
        let fill = instance.get_typed_func::<(i32, i32, i32), ()>(&store, "fill").unwrap();
        let trap = fill.call(&mut store, (0, 1, 8 << 20)).unwrap_err();
        assert_eq!(trap.code(), Some(TrapCode::OutOfFuel));
        store.set_fuel(1_000_000).unwrap();
        drop(fill.call_resumable(&mut store, (0, 1, 0)).unwrap());
        fill.call(&mut store, (0, 2, 100)).unwrap();
        let memory = instance.get_memory(&store, "memory").unwrap();
        assert_eq!(memory.data(&store)[..100], [2; 100]);
        assert_eq!((memory.data(&store)[100], memory.data(&store)[(8 << 20) - 1]), (1, 0));
    }
}

/// A table does not grow half way.
#[test]
fn a_table_grows_all_at_once() {
    for config in backends() {
        let (mut store, instance) = metered(&config);
        let table = instance.get_table(&store, "t").unwrap();
        let grow = instance.get_typed_func::<(u32, i32, i32), i32>(&store, "table_grow").unwrap();
        store.set_fuel(50_000).unwrap();
        let guest = grow.call_resumable(&mut store, (5_000_000, 0, 0)).unwrap().paused().expect("out of fuel");
        assert_eq!((table.size(&store), guest.fuel_needed()), (300_000, 625_000));
        store.set_fuel(guest.fuel_needed()).unwrap();
        assert_eq!(guest.resume(&mut store).unwrap().finished(), Some(300_000));
        assert_eq!((table.size(&store), store.get_fuel().unwrap()), (5_300_000, 0));
        // More than the limit is refused at no price but the operator's.
        store.set_fuel(100).unwrap();
        assert_eq!(grow.call(&mut store, (5_000_000, 0, 0)).unwrap(), -1);
        assert!(store.get_fuel().unwrap() > 90);
    }
}

/// Interrupted again and again, a growing table comes a step farther each time, and costs what it does at once.
#[test]
fn a_growing_table_is_interrupted_at_each_step() {
    for mut config in backends() {
        let engine = Engine::new(config.consume_fuel(true).interruptible(true)).unwrap();
        let mut linker = Linker::<Option<InterruptHandle>>::new(&engine);
        // No check stands between this call and the instruction.
        linker.func_wrap("h", "interrupt", |handle: &mut Option<InterruptHandle>| {
            if let Some(handle) = handle {
                handle.interrupt();
            }
        });
        let mut store = Store::new(&engine, None);
        store.set_fuel(1 << 40).unwrap();
        let text = r#"(module (import "h" "interrupt" (func $interrupt)) (table $t 0 funcref)
            (func (export "grow") (result i32) (call $interrupt) (table.grow $t (ref.null func) (i32.const 1000000))))"#;
        let instance = instantiate(&linker, &mut store, text).unwrap();
        let grow = instance.get_typed_func::<(), i32>(&store, "grow").unwrap();
        assert_eq!(grow.call_resumable(&mut store, ()).unwrap().finished(), Some(0));
        let at_once = store.fuel_consumed().unwrap();
        let handle = store.interrupt_handle().unwrap();
        *store.data_mut() = Some(handle.clone());
        let mut call = grow.call_resumable(&mut store, ()).unwrap();
        let mut pauses = 0;
        while let ResumableCall::Paused(guest) = call {
            assert_eq!(guest.trap().code(), Some(TrapCode::Interrupted));
            pauses += 1;
            handle.interrupt();
            call = guest.resume(&mut store).unwrap();
        }
        assert_eq!(call.finished(), Some(1_000_000));
        // Steps are of a MiB, eight bytes an element.
        assert_eq!(pauses, 1_000_000usize.div_ceil(1 << 17));
        assert_eq!(store.fuel_consumed().unwrap(), 2 * at_once);
    }
}
