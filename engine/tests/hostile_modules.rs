//! Modules that lie about themselves: counts, lengths, numbers, names, places. Each is an error or harmless, in every mode, and
//! none makes the engine allocate what it merely claims. A file of its own, as it watches the whole process's memory.

mod kit;

use hostel_engine::{Config, Engine, Error, Instance, Limits, Linker, Module, Store, TrapCode};
use kit::configs;

const HEADER: [u8; 8] = *b"\0asm\x01\0\0\0";
/// 2³² − 1 as LEB128.
const HUGE: [u8; 5] = [0xff, 0xff, 0xff, 0xff, 0x0f];

fn leb(mut number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn section(id: u8, contents: &[u8]) -> Vec<u8> {
    [&[id][..], &leb(contents.len() as u32), contents].concat()
}

fn module(sections: &[Vec<u8>]) -> Vec<u8> {
    [&HEADER[..], &sections.concat()].concat()
}

/// One function type without parameters and results, and one function of it.
fn one_function(body: &[u8]) -> [Vec<u8>; 3] {
    let body = [&leb(body.len() as u32)[..], body].concat();
    [section(1, &[1, 0x60, 0, 0]), section(3, &[1, 0]), section(10, &[&[1], &body[..]].concat())]
}

/// The errors of all modes; `None` where a mode takes the module.
fn load(wasm: &[u8]) -> Vec<Option<Error>> {
    configs().iter().map(|config| Module::new(&Engine::new(config).unwrap(), wasm.to_vec()).err()).collect()
}

#[track_caller]
fn refused(what: &str, wasm: &[u8]) {
    for error in load(wasm) {
        let error = error.unwrap_or_else(|| panic!("{what} is taken"));
        assert!(!error.to_string().is_empty(), "{what}");
    }
}

/// Instantiates on every configuration and tells what the engine says.
fn instantiate(wasm: &[u8], mut look: impl FnMut(Result<(Store<()>, Instance), Error>)) {
    for config in configs() {
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, wasm.to_vec()).expect("a valid module");
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate(&mut store, &module);
        look(instance.map(|instance| (store, instance)));
    }
}

/// The most memory that the process has had, in KiB; 0 where that is not known.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

/// All of it in one test: others in this process would move its memory.
#[test]
fn claims_are_checked_before_they_are_believed() {
    counts();
    let before = peak();
    counts();
    lengths();
    numbers();
    names();
    assert!(peak() < before + 8 * 1024, "grew by {} KiB", peak() - before);
    sizes();
    places();
    nesting();
}

/// Sections, and lists in them, that claim to have four billion items.
fn counts() {
    for id in 1..=13 {
        refused(&format!("section {id}"), &module(&[section(id, &HUGE)]));
        // With something behind that could be taken for the first items.
        refused(&format!("section {id}"), &module(&[section(id, &[&HUGE[..], &[0; 100]].concat())]));
    }
    let list = |before: &[u8]| [before, &HUGE, &[0x7f; 100]].concat();
    refused("parameters", &module(&[section(1, &list(&[1, 0x60]))]));
    refused("results", &module(&[section(1, &list(&[1, 0x60, 0]))]));
    refused("types of a group", &module(&[section(1, &list(&[1, 0x4e]))]));
    let [types, functions, _] = one_function(&[]);
    refused("elements", &module(&[types.clone(), functions.clone(), section(9, &list(&[1, 1, 0]))]));
    refused("expressions", &module(&[types, functions, section(9, &list(&[1, 5, 0x70]))]));
    // Bodies: lazy loading takes them, and their calls trap.
    let bodies: [(&str, &[u8]); 4] = [
        ("declarations of locals", &[0xff, 0xff, 0xff, 0xff, 0x0f, 0x0b]),
        ("locals of a declaration", &[1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x0b]),
        ("targets", &[0, 0x02, 0x40, 0x41, 0, 0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0x0b, 0x0b]),
        ("types of a select", &[0, 0x41, 0, 0x41, 0, 0x41, 0, 0x1c, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x1a, 0x0b]),
    ];
    for (what, body) in bodies {
        let [types, functions, code] = one_function(body);
        let wasm = module(&[types, functions, section(7, &[1, 1, b'f', 0, 0]), code]);
        for config in configs() {
            let engine = Engine::new(&config).unwrap();
            let Ok(module) = Module::new(&engine, wasm.clone()) else { continue };
            let mut store = Store::new(&engine, ());
            let instance = Linker::new(&engine).instantiate(&mut store, &module).unwrap();
            let f = instance.get_func(&store, "f").unwrap();
            let trap = f.call_with_stack(&mut store, &mut []).unwrap_err();
            assert!(trap.code().is_none(), "{what}: {trap}");
        }
    }
}

/// Lengths beyond the end of what they are in.
fn lengths() {
    for id in 0..=13 {
        refused(&format!("section {id}"), &[&HEADER[..], &[id], &HUGE].concat());
        refused(&format!("section {id}"), &[&HEADER[..], &[id, 100, 1, 2, 3]].concat());
    }
    refused("a custom section's name", &module(&[section(0, &[100, b'x'])]));
    refused("an import's name", &module(&[section(2, &[&[1][..], &HUGE, b"x"].concat())]));
    refused("an export's name", &module(&[section(7, &[&[1][..], &HUGE, b"x"].concat())]));
    let [types, functions, _] = one_function(&[]);
    refused("a body", &module(&[types, functions, section(10, &[&[1][..], &HUGE, &[0, 0x0b]].concat())]));
    refused("data", &module(&[section(5, &[1, 0, 1]), section(11, &[&[1, 1][..], &HUGE, b"x"].concat())]));
    // A body longer and shorter than its code, with the section's length right.
    for length in [3, 1] {
        let [types, functions, _] = one_function(&[]);
        refused("a body", &module(&[types, functions, section(10, &[1, length, 0, 0x0b])]));
    }
}

/// Numbers that are longer than they may be, too large, or have no end.
fn numbers() {
    refused("six bytes", &module(&[section(1, &[0x80, 0x80, 0x80, 0x80, 0x80, 0])]));
    refused("33 bits", &module(&[section(1, &[0xff, 0xff, 0xff, 0xff, 0x1f])]));
    refused("no end", &[&HEADER[..], &[1, 0x80]].concat());
    refused("no end", &[&HEADER[..], &[1]].concat());
    let constant = |bytes: &[u8]| {
        let body = [&[0][..], bytes, &[0x1a, 0x0b]].concat();
        module(&one_function(&body))
    };
    let valid: [&[u8]; 4] = [
        &[0x41, 0x80, 0x80, 0x80, 0x80, 0x00],
        &[0x41, 0xff, 0xff, 0xff, 0xff, 0x7f],
        &[0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f],
        &[0x41, 0x80, 0x80, 0x80, 0x80, 0x78],
    ];
    for bytes in valid {
        assert!(load(&constant(bytes)).iter().all(Option::is_none), "{bytes:x?}");
    }
    let invalid: [&[u8]; 3] = [
        &[0x41, 0x80, 0x80, 0x80, 0x80, 0x10],
        &[0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
        &[0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02],
    ];
    for bytes in invalid {
        // Lazy loading finds it when the function is called.
        assert!(load(&constant(bytes)).iter().any(Option::is_some), "{bytes:x?}");
    }
    let [types, _, code] = one_function(&[0, 0x0b]);
    refused("a type that is not there", &module(&[types, section(3, &[&[1][..], &HUGE].concat()), code]));
    refused("a function that is not there", &module(&[section(8, &HUGE)]));
    refused("an export of nothing", &module(&[section(7, &[&[1, 1, b'f', 0][..], &HUGE].concat())]));
}

/// Name sections are hints: whatever they say, the module loads and traps have what could be read.
fn names() {
    let lies: [&[u8]; 9] = [
        &[],
        &[1],
        // The subsection's length; the map's; an index without a function; the same index twice.
        &[1, 0xff, 0xff, 0xff, 0xff, 0x0f],
        &[1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f],
        &[1, 8, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, b'x'],
        &[1, 7, 2, 0, 1, b'x', 0, 1, b'y'],
        // A name that is not UTF-8; one that is too long; an unknown subsection.
        &[1, 4, 1, 0, 1, 0xff],
        &[1, 4, 1, 0, 100, b'x'],
        &[77, 1, 0],
    ];
    for lie in lies {
        let [types, functions, code] = one_function(&[0, 0x00, 0x0b]);
        let name = section(0, &[&[4][..], b"name", lie].concat());
        let wasm = module(&[types, functions, section(7, &[1, 1, b'f', 0, 0]), code, name]);
        instantiate(&wasm, |made| {
            let (mut store, instance) = made.unwrap();
            let trap = instance.get_func(&store, "f").unwrap().call_with_stack(&mut store, &mut []).unwrap_err();
            assert_eq!(trap.code(), Some(TrapCode::Unreachable));
            assert_eq!(trap.frames().len(), 1, "{lie:x?}");
            assert!(format!("{trap:?} {:?}", instance.module(&store)).contains("unreachable"), "{lie:x?}");
        });
    }
}

/// Memories and tables larger than anything.
fn sizes() {
    let limited = |limits: Limits, text: &str| {
        let engine = Engine::new(Config::new().limits(limits)).unwrap();
        let module = Module::new(&engine, kit::wasm(text)).unwrap();
        Linker::new(&engine).instantiate(&mut Store::new(&engine, ()), &module).unwrap_err().to_string()
    };
    for text in ["(module (memory i64 0x1000000000000))", "(module (memory 65536) (memory i64 65537))"] {
        let error = limited(Limits::default(), text);
        assert!(error.contains("memory_bytes"), "{error}");
    }
    for text in ["(module (table 0xffffffff funcref))", "(module (table i64 0xffffffffffffffff externref))"] {
        let error = limited(Limits::default(), text);
        assert!(error.contains("table_elements"), "{error}");
    }
    let error = limited(Limits { memory_bytes: 65535, ..Limits::default() }, "(module (memory 1))");
    assert!(error.contains("memory_bytes"), "{error}");
}

/// Segments that go beyond what they fill.
fn places() {
    let data = [
        r#"(module (memory 1) (data (i32.const 65535) "ab"))"#,
        r#"(module (memory 1) (data (i32.const -1) "a"))"#,
        r#"(module (memory 0) (data (i32.const 0) "a"))"#,
        r#"(module (memory i64 1) (data (i64.const -1) "ab"))"#,
        r#"(module (memory i64 1) (data (i64.const 0x7fffffffffffffff) "ab"))"#,
        r#"(module (memory 1) (data (i32.const 65537) ""))"#,
    ];
    let elements = [
        r#"(module (table 1 funcref) (func $f) (elem (i32.const 1) $f))"#,
        r#"(module (table 1 funcref) (func $f) (elem (i32.const -1) $f $f))"#,
        r#"(module (table i64 1 funcref) (func $f) (elem (i64.const -1) func $f))"#,
    ];
    for (texts, code) in [(&data[..], TrapCode::MemoryOutOfBounds), (&elements[..], TrapCode::TableOutOfBounds)] {
        for text in texts {
            instantiate(&kit::wasm(text), |made| {
                let error = made.map(|_| ()).unwrap_err();
                assert_eq!(error.trap().and_then(hostel_engine::Trap::code), Some(code), "{text}: {error}");
            });
        }
    }
}

/// Depth: of blocks, and of constant expressions; with little native stack, as neither recurses.
fn nesting() {
    let deep = || {
        // As deep as the limit `nesting` allows.
        let depth = 49_000;
        let blocks: [(&[u8], &[u8]); 3] = [(&[0x02, 0x40], &[]), (&[0x03, 0x40], &[]), (&[0x41, 1, 0x04, 0x40], &[])];
        for (open, before_end) in blocks {
            let body = [&[0][..], &open.repeat(depth), before_end, &[0x0b].repeat(depth + 1)].concat();
            let [types, functions, code] = one_function(&body);
            let wasm = module(&[types, functions, section(7, &[1, 1, b'f', 0, 0]), code]);
            instantiate(&wasm, |made| {
                let (mut store, instance) = made.unwrap();
                instance.get_func(&store, "f").unwrap().call_with_stack(&mut store, &mut []).unwrap();
            });
        }
        let sum = [&[0x41, 1][..], &[0x41, 1, 0x6a].repeat(depth), &[0x0b]].concat();
        let wide = [&[0x41, 1].repeat(depth)[..], &[0x6a].repeat(depth - 1), &[0x0b]].concat();
        for (expr, expected) in [(sum, depth as i32 + 1), (wide, depth as i32)] {
            let global = section(6, &[&[1, 0x7f, 0][..], &expr].concat());
            instantiate(&module(&[global, section(7, &[1, 1, b'g', 3, 0])]), |made| {
                let (store, instance) = made.unwrap();
                assert_eq!(instance.get_global(&store, "g").unwrap().get(&store).i32(), Some(expected));
            });
        }
    };
    std::thread::Builder::new().stack_size(256 << 10).spawn(deep).unwrap().join().unwrap();
}
