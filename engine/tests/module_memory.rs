//! What a module takes in memory while it is loaded: no more than it is charged (`Limits::loaded_bytes`), and no more than
//! so many bytes for a byte of its own, whatever its shape. A file of its own, as it counts all that the process allocates.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use hostel_engine::{CompilationMode, Config, Engine, Error, ErrorKind, Limits, Module};

/// The system's allocator, which counts the bytes that are in use and the most that were.
struct Counting;

static USED: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn add(bytes: usize) {
    PEAK.fetch_max(USED.fetch_add(bytes, Relaxed) + bytes, Relaxed);
}

// SAFETY: every call is the system allocator's with the same arguments; counting touches no memory but two numbers.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller's promise is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both are there while the contents move.
        add(size);
        USED.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(ptr, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn leb(mut number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// A list of items, with their number before them.
fn list(items: impl ExactSizeIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut bytes = leb(items.len() as u32);
    items.for_each(|item| bytes.extend(item));
    bytes
}

/// A name or body with its length before it.
fn sized(bytes: &[u8]) -> Vec<u8> {
    [&leb(bytes.len() as u32), bytes].concat()
}

fn module(sections: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    for (id, contents) in sections {
        bytes.push(*id);
        bytes.extend(sized(contents));
    }
    bytes
}

/// The shortest names that differ.
fn name(mut number: usize) -> Vec<u8> {
    let mut name = Vec::new();
    loop {
        name.push(b'!' + (number % 90) as u8);
        number /= 90;
        if number == 0 {
            return sized(&name);
        }
    }
}

/// The shortest function types that differ: numbers to the base of four.
fn small_type(mut number: usize) -> Vec<u8> {
    let mut types = Vec::new();
    while number > 0 {
        number -= 1;
        types.push(0x7f - (number % 4) as u8);
        number /= 4;
    }
    [&[0x60][..], &sized(&types), &[0]].concat()
}

/// The type section of one type, without parameters and results.
fn one_type() -> (u8, Vec<u8>) {
    (1, vec![1, 0x60, 0, 0])
}

fn functions(count: usize, body: &[u8]) -> [(u8, Vec<u8>); 3] {
    [one_type(), (3, list((0..count).map(|_| vec![0]))), (10, list((0..count).map(|_| sized(body))))]
}

/// One function, of a body of that many repetitions.
fn repeated(before: &[u8], part: &[u8], count: usize, after: &[u8]) -> Vec<u8> {
    module(&functions(1, &[before, &part.repeat(count), after].concat()))
}

/// Modules that have nothing but many of one thing, as short as it can be: what takes the most memory for a byte.
fn shapes(n: usize) -> Vec<(&'static str, Vec<u8>)> {
    let wide = |i: usize| {
        let mut types: Vec<u8> = [0x7f, 0x7e, 0x7d, 0x7c].repeat(228)[..910].to_vec();
        (0..8).for_each(|at| types[at] = 0x7f - (i >> (2 * at) & 3) as u8);
        [&[0x60][..], &sized(&types), &[0]].concat()
    };
    let with_one = |id: u8, contents: Vec<u8>| {
        let [types, functions, code] = functions(1, &[0, 0x0b]);
        let mut sections = vec![types, functions, (4, vec![1, 0x70, 0, 1]), (5, vec![1, 0, 1])];
        sections.push((id, contents));
        sections.push(code);
        sections.sort_by_key(|(id, _)| *id);
        if id == 11 {
            // Data comes after code; all others before.
            sections.sort_by_key(|(id, _)| if *id == 11 { 99 } else { *id });
        }
        module(&sections)
    };
    vec![
        ("wide types", module(&[(1, list((0..n / 10).map(wide)))])),
        ("small types", module(&[(1, list((0..n).map(small_type)))])),
        ("one type again and again", module(&[(1, list((0..n).map(|_| vec![0x60, 0, 0])))])),
        ("groups of one type", module(&[(1, list((0..n).map(|i| [&[0x4e, 1][..], &small_type(i)].concat())))])),
        ("one large group", module(&[(1, [&[1, 0x4e][..], &list((0..n).map(|_| vec![0x60, 0, 0]))].concat())])),
        ("groups of none", module(&[(1, list((0..n).map(|_| vec![0x4e, 0])))])),
        ("functions", module(&functions(n, &[0, 0x0b]))),
        ("imported functions", module(&[one_type(), (2, list((0..n).map(|_| vec![0, 0, 0, 0])))])),
        ("imported globals", module(&[(2, list((0..n).map(|_| vec![0, 0, 3, 0x7f, 0])))])),
        ("imported tables", module(&[(2, list((0..n).map(|_| vec![0, 0, 1, 0x70, 0, 0])))])),
        (
            "imports of many names",
            module(&[one_type(), (2, list((0..n).map(|i| [&name(i)[..], &name(i), &[0, 0]].concat())))]),
        ),
        ("tables", module(&[(4, list((0..n).map(|_| vec![0x70, 0, 0])))])),
        ("tables with a value", module(&[(4, list((0..n).map(|_| vec![0x40, 0, 0x70, 0, 0, 0xd0, 0x70, 0x0b])))])),
        ("globals", module(&[(6, list((0..n).map(|_| vec![0x7f, 0, 0x41, 0, 0x0b])))])),
        (
            "a global of a long expression",
            module(&[(6, [&[1, 0x7f, 0, 0x41, 0][..], &[0x41, 0, 0x6a].repeat(n), &[0x0b]].concat())]),
        ),
        ("tags", module(&[one_type(), (13, list((0..n).map(|_| vec![0, 0])))])),
        ("exports", with_one(7, list((0..n).map(|i| [&name(i)[..], &[0, 0]].concat())))),
        ("element segments", with_one(9, list((0..n).map(|_| vec![1, 0, 0])))),
        ("active element segments", with_one(9, list((0..n).map(|_| vec![0, 0x41, 0, 0x0b, 0])))),
        ("elements", with_one(9, [&[1, 1, 0][..], &list((0..n).map(|_| vec![0]))].concat())),
        (
            "elements as expressions",
            with_one(9, [&[1, 5, 0x70][..], &list((0..n).map(|_| vec![0xd2, 0, 0x0b]))].concat()),
        ),
        ("data segments", with_one(11, list((0..n).map(|_| vec![1, 0])))),
        ("active data segments", with_one(11, list((0..n).map(|_| vec![0, 0x41, 0, 0x0b, 0])))),
        ("custom sections", module(&(0..n).map(|_| (0, vec![0])).collect::<Vec<_>>())),
        (
            "a name section",
            module(&[(
                0,
                [&sized(b"name")[..], &[1], &sized(&list((0..n).map(|i| [leb(i as u32), vec![0]].concat())))].concat(),
            )]),
        ),
        ("declarations of locals", repeated(&leb(n as u32), &[1, 0x7f], n, &[0x0b])),
        ("blocks in blocks", repeated(&[0], &[0x02, 0x40], n, &vec![0x0b; n + 1])),
        ("blocks after blocks", repeated(&[0], &[0x02, 0x40, 0x0b], n, &[0x0b])),
        ("operands", repeated(&[0], &[0x41, 0], n, &[&vec![0x1a; n][..], &[0x0b]].concat())),
        ("one br_table", repeated(&[&[0, 0x41, 0, 0x0e][..], &leb(n as u32)].concat(), &[0], n, &[0, 0x0b])),
        ("br_tables", repeated(&[0], &[0x02, 0x40, 0x41, 0, 0x0e, 0, 0, 0x0b], n, &[0x0b])),
        ("loops", repeated(&[0], &[0x03, 0x40, 0x0b], n, &[0x0b])),
        (
            "expressions of many operands",
            module(&[(6, [&[1, 0x7f, 0][..], &[0x41, 0].repeat(n), &vec![0x6a; n - 1], &[0x0b]].concat())]),
        ),
        (
            "an offset of many operands",
            with_one(11, [&[1, 0][..], &[0x41, 0].repeat(n), &vec![0x6a; n - 1], &[0x0b, 0]].concat()),
        ),
        (
            "groups of two types",
            module(&[(1, list((0..n).map(|i| [&[0x4e, 2][..], &small_type(i), &[0x60, 0, 0]].concat())))]),
        ),
        ("blocks without an end", repeated(&[0], &[0x02, 0x40], n, &[])),
        ("operands without an end", repeated(&[0], &[0x41, 0], n, &[])),
        (
            "long names of exports",
            with_one(
                7,
                list((0..n / 100).map(|i| [&sized(&[&name(i)[..], &[b'x'; 400]].concat())[..], &[0, 0]].concat())),
            ),
        ),
        (
            "long names of imports",
            module(&[
                one_type(),
                (
                    2,
                    list((0..n / 100).map(|i| {
                        [&sized(&[b'y'; 300])[..], &sized(&[&name(i)[..], &[b'x'; 400]].concat()), &[0, 0]].concat()
                    })),
                ),
            ]),
        ),
        ("calls of many results", {
            let ty = [&[1, 0x60, 0][..], &sized(&[0x7f; 1000])].concat();
            module(&[
                (1, ty),
                (3, vec![1, 0]),
                (10, [&[1][..], &sized(&[&[0, 0][..], &[0x10, 0].repeat(n), &[0, 0x0b]].concat())].concat()),
            ])
        }),
        ("code that is not reached", repeated(&[0, 0], &[0x1a], n, &[0x0b])),
    ]
}

/// The most that loading takes for a byte of the module, besides what is fixed. SECURITY tells it.
const FACTOR: usize = 200;
/// Of any module: the validator's and the engine's own.
const FIXED: usize = 16 << 10;
/// While a body of a thousand operands a byte and of nothing but blocks is validated, with the limits there are by default.
const BODY: usize = 8 << 20;
/// Of a byte of the largest body, while it is translated, the code included.
const TRANSLATED: usize = 320;
/// Of a function, when it is translated.
const RECORD: usize = 200;

/// Loading on an engine of its own: the most that was taken for it, and what is kept.
fn load(mode: CompilationMode, limits: Limits, bytes: Vec<u8>) -> (usize, usize, Result<Module, Error>) {
    let start = USED.load(Relaxed) - bytes.capacity();
    let engine = Engine::new(Config::new().compilation_mode(mode).limits(limits)).unwrap();
    // The module's own bytes count, which are there already.
    let before = USED.load(Relaxed) - bytes.capacity();
    PEAK.store(before, Relaxed);
    let module = Module::new(&engine, bytes);
    let peak = PEAK.load(Relaxed) - before;
    // Types stay in the engine, which a module keeps.
    drop(engine);
    (peak, USED.load(Relaxed) - start, module)
}

/// Lists and maps grow by doubling, so the worst are just above a power of two, or above seven eighths of one.
const COUNTS: [usize; 4] = [1, 14_500, 16_400, 29_000];

/// All of it in one test: others in this process would move its memory.
#[test]
fn loading_takes_no_more_than_is_charged() {
    for count in COUNTS {
        for (what, bytes) in shapes(count) {
            for mode in [CompilationMode::Lazy, CompilationMode::LazyTranslation] {
                let length = bytes.len();
                let (peak, kept, module) = load(mode, Limits::default(), bytes.clone());
                let text = format!("{what}, {count} times, {mode:?}: {length} bytes took {peak} and keep {kept}");
                assert!(peak >= length && peak <= length * FACTOR + FIXED, "{text}");
                // An invalid body is one of those that take the most before that is found.
                let Ok(module) = module else { continue };
                let charged = module.loaded_bytes() as usize;
                assert!(peak <= charged, "{text}; charged {charged}");
                assert!(charged <= length * 2 * FACTOR + FIXED + BODY, "{text}; charged {charged}");
            }
            let largest = if bytes.len() > 40 { bytes.len() } else { 0 };
            let (peak, _, module) = load(CompilationMode::Eager, Limits::default(), bytes.clone());
            let records = if what == "functions" { count * RECORD } else { 0 };
            let most = bytes.len() * FACTOR + FIXED + largest * TRANSLATED + records;
            assert!(
                peak <= most,
                "{what}, {count} times: {peak} to translate {} bytes: {:?}",
                bytes.len(),
                module.err()
            );
        }
    }
    refusals();
    many_wide_types();
    real_programs();
}

/// A module that is over the limit takes no more than that before it is refused, and the error says where.
fn refusals() {
    for (what, bytes) in shapes(16_400) {
        let (_, _, module) = load(CompilationMode::Lazy, Limits::default(), bytes.clone());
        let charged = module.expect("nothing looks at bodies").loaded_bytes();
        for limit in [charged - 1, charged - charged / 8, bytes.len() as u64, 0] {
            let limits = Limits { loaded_bytes: limit, ..Limits::default() };
            let (peak, kept, module) = load(CompilationMode::Lazy, limits, bytes.clone());
            let error = module.expect_err(what);
            assert!(matches!(error.kind(), ErrorKind::Limit { limit: "loaded_bytes", .. }), "{what}: {error}");
            assert!(error.to_string().contains("(at offset 0x"), "{error}");
            // And the error.
            assert!(peak <= bytes.len() + limit as usize + 1024, "{what}: took {peak} with a limit of {limit}");
            assert!(kept <= 1024, "{what}: keeps {kept}");
        }
    }
}

/// The module of issue 12: 10 000 types of 910 parameters took 45 bytes a byte.
fn many_wide_types() {
    let (_, bytes) = shapes(100_000).swap_remove(0);
    let (length, (peak, kept, module)) = (bytes.len(), load(CompilationMode::Lazy, Limits::default(), bytes));
    assert!((9_000_000..9_400_000).contains(&length) && module.is_ok());
    assert!(peak <= 24 * length && kept <= 8 * length, "{length} bytes took {peak} and keep {kept}");
}

/// Of what compilers make, little is charged besides the bytes: the default limit does not hinder them.
fn real_programs() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/guests/wasm");
    let mut programs = 0;
    for entry in std::fs::read_dir(folder).expect("the guests of the examples") {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        if !bytes.starts_with(b"\0asm") || bytes.len() < 20_000 {
            continue;
        }
        let length = bytes.len();
        let (peak, _, module) = load(CompilationMode::Lazy, Limits::default(), bytes);
        let charged = module.unwrap().loaded_bytes() as usize;
        assert!(
            peak <= charged && charged <= 2 * length + 64 * 1024,
            "{}: {length}, {peak}, {charged}",
            path.display()
        );
        programs += 1;
    }
    assert!(programs >= 3, "{programs}");
}
