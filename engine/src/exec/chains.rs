//! Every handler that continues runs ten thousand times in a row on a thread with a native stack of 64 KiB, where a native
//! frame for each would not fit, however small.
//!
//! The chains are made here, without a translator: for each row and variant an instruction with operands that suit its
//! shape, again and again, and accumulators loaded before each. What continues in another function's code (calls, returns,
//! throws) is `tests/native_stack.rs`'s to run. `assembly.rs` looks at the same handlers' machine code.

use std::sync::atomic::Ordering;
use std::thread;

use super::backend::BackendKind;
use super::{handlers, link};
use crate::code::{COMMUTATIVE_WIDE, Header, Op, Row, Shape, VARIANTS, VECTOR_INDEXED, fields, fields_imm};
use crate::{Backend, CompilationMode, Config, Engine, Instance, Linker, Module, Store};

const STACK: usize = 64 << 10;
/// Of eight bytes each, the return addresses alone would be 80 KB.
const ROUNDS: usize = 10_000;

/// Rows that go on in another function's code, or nowhere.
const ELSEWHERE: &str = "Return ReturnOne Unreachable Call CallImport CallIndirect ReturnCall ReturnCallImport
    ReturnCallIndirect CallRef ReturnCallRef Throw ThrowRef AtomicWait Lazy Halt LeaveInstance Illegal";

/// Slots of the frame that results go to and operands come from. Vectors take two.
const TO: u16 = 20;
const A: u16 = 4;
const B: u16 = 6;
const C: u16 = 8;
const SLOTS: u16 = 40;

/// What is in all slots: a number that is 1 or a bit more as an `f32` and an `f64`, an address, nothing.
const NUMBER: u64 = 0x3ff0_0000_3f80_0000;
const ADDRESS: u64 = 64;
const NOTHING: u64 = 0;

/// An instruction of this row and variant, its words as the translator leaves them, and what it wants in the slots.
/// `None`: there is none, or it is run elsewhere. Branches go to the instruction behind.
fn instruction(row: Row, variant: u16) -> Option<(Vec<u64>, u64)> {
    let op = Op::new(row, variant);
    let name = format!("{row:?}");
    if !handlers::exists(op) || ELSEWHERE.split_whitespace().any(|other| other == name) {
        return None;
    }
    let slots = fields(TO, A, B, C);
    // Stores and loads end 16 bytes behind their address; wide ones begin 8 behind it.
    let (indexed, wide) = (16 << 32, [8, 0]);
    let (operands, rest, value): (u64, Vec<u64>, u64) = match row.shape() {
        Shape::Commutative if variant >= COMMUTATIVE_WIDE => (slots, vec![NUMBER], NUMBER),
        Shape::Commutative | Shape::Binary | Shape::Unary => (slots, vec![], NUMBER),
        Shape::VectorUnary | Shape::VectorBinary | Shape::VectorTernary => (slots, vec![], NUMBER),
        Shape::Shift | Shape::Test | Shape::Splat => (slots, vec![], NUMBER),
        Shape::Extract => (fields(TO, A, 0, 0), vec![], NUMBER),
        Shape::Replace => (fields(TO, A, B, 0), vec![], NUMBER),
        Shape::Lane => (fields(TO, A, B, 0), wide.to_vec(), ADDRESS),
        Shape::SelectCompare => (slots, vec![u64::from(A) | u64::from(B) << 16], NUMBER),
        Shape::LoadIndexed | Shape::StoreIndexed => (fields(TO, A, B, 1), vec![indexed], ADDRESS),
        Shape::VectorLoad | Shape::VectorStore if variant >= VECTOR_INDEXED => {
            (fields(TO, A, B, 1), vec![indexed], ADDRESS)
        }
        Shape::Load if variant >= 4 => (slots, wide.to_vec(), ADDRESS),
        Shape::Store if variant >= 5 => (slots, wide.to_vec(), ADDRESS),
        Shape::VectorLoad | Shape::VectorStore if variant >= 2 => (slots, wide.to_vec(), ADDRESS),
        Shape::Load | Shape::Store | Shape::VectorLoad | Shape::VectorStore => (fields_imm(TO, A, 16), vec![], ADDRESS),
        Shape::BranchCompare => (slots, vec![3], NUMBER),
        Shape::BranchIncrement => (fields_imm(TO, A, 1), vec![4, B.into()], NUMBER),
        Shape::Branch(words) => (slots, vec![words.into(), 0], NUMBER),
        Shape::BranchTable => (fields_imm(0, A, 3), vec![5; 3], NUMBER),
        Shape::Call => return None,
        Shape::Plain(words) => {
            let words = usize::from(words) - 2;
            if name.starts_with("Atomic") {
                (slots, vec![0; words], ADDRESS)
            } else if name.contains("Wide") && name.starts_with("Global") {
                (fields_imm(TO, A, 1), vec![0; words], NUMBER)
            } else if ["Global", "Listen", "Check"].iter().any(|start| name.starts_with(start)) {
                (fields_imm(TO, A, 0), vec![0; words], NUMBER)
            } else if ["MemorySize", "MemoryGrow", "TableGet", "TableSet", "TableSize"].contains(&&*name)
                || ["DataDrop", "ElemDrop", "RefFunc"].contains(&&*name)
            {
                (fields_imm(TO, A, 0), vec![0; words], NOTHING)
            } else if name.starts_with("Memory") || name.starts_with("Table") {
                (slots, vec![0; words], NOTHING)
            } else if name.ends_with("128") {
                (slots, vec![TO.into()], NUMBER)
            } else if name.starts_with("Stage") {
                (slots, vec![fields(A, B, C, TO); words], NUMBER)
            } else {
                // Lanes of a shuffle, too: below 32 in all bytes.
                (slots, vec![0x0102_0304_0506_0708; words], NUMBER)
            }
        }
    };
    let mut words = vec![op.0.into(), operands];
    words.extend(rest);
    words.truncate(op.words(operands));
    assert_eq!(words.len(), op.words(operands), "{name}.{variant}");
    Some((words, value))
}

/// The whole function, linked for a backend; `None` as [`instruction`].
fn chain(backend: BackendKind, row: Row, variant: u16) -> Option<Box<[u64]>> {
    let (words, value) = instruction(row, variant)?;
    let targets = Op::new(row, variant).targets(words[1]);
    let op = |row, variant| u64::from(Op::new(row, variant).0);
    let mut code = vec![Header { frame_slots: SLOTS.into(), first_local: 2, locals: 0 }.to_bits()];
    for slot in 2..SLOTS {
        code.extend([op(Row::Const64, 0), fields(slot, 0, 0, 0), value]);
    }
    for _ in 0..ROUNDS {
        for copy in [Row::Copy, Row::CopyF32, Row::CopyF64] {
            code.extend([op(copy, 1), fields(0, A, 0, 0)]);
        }
        let at = code.len();
        code.extend(&words);
        // Counted from the instruction, so far.
        code[at..][targets.clone()].iter_mut().for_each(|target| *target += at as u64);
    }
    code.extend([op(Row::Return, 0), 0]);
    let mut code = code.into_boxed_slice();
    link::link(backend, &mut code, &[], 0);
    Some(code)
}

/// A store with one of everything that instructions name by an index.
fn guest(backend: Backend) -> Option<(Engine, Module, Store<()>, Instance)> {
    let mut config = Config::new();
    config.backend(backend).compilation_mode(CompilationMode::Lazy).consume_fuel(true).interruptible(true);
    let engine = Engine::new(&config).ok()?;
    let vector = if cfg!(feature = "simd") { "(global (mut v128) (v128.const i64x2 0 0))" } else { "" };
    let text = format!(
        r#"(module (memory 1) (table 10 funcref) (global (mut i64) (i64.const 0)) {vector}
            (data "") (elem func $f) (func $f (export "f")))"#
    );
    let module = Module::new(&engine, wat::parse_str(text).expect("a module")).expect("a valid one");
    let mut store = Store::new(&engine, ());
    store.set_fuel(1 << 60).expect("fuel is charged");
    let instance = Linker::new(&engine).instantiate(&mut store, &module).expect("no imports");
    Some((engine, module, store, instance))
}

#[test]
fn every_handler_runs_on_a_small_stack() {
    for backend in [Backend::Loop, Backend::Tail] {
        let Some((engine, module, mut store, instance)) = guest(backend) else { continue };
        let function = instance.get_typed_func::<(), ()>(&store, "f").expect("it is exported");
        let (mut failed, mut rows, mut handlers) = (Vec::new(), 0, 0);
        for &row in Row::ALL {
            let before = handlers;
            for variant in 0..VARIANTS as u16 {
                let name = format!("{row:?}");
                let wide_global = name.starts_with("Global") && name.ends_with("Wide");
                let Some(code) = chain(engine.backend(), row, variant) else { continue };
                if wide_global && !cfg!(feature = "simd") {
                    continue;
                }
                // The code stays where it is for as long as it runs.
                module.entries()[0].code.store(code.as_ptr().cast_mut(), Ordering::Release);
                let outcome = thread::scope(|scope| {
                    let thread = thread::Builder::new().name(format!("{row:?}.{variant}")).stack_size(STACK);
                    let call = || function.call(&mut store, ());
                    thread.spawn_scoped(scope, call).expect("a thread").join().expect("no panic")
                });
                if let Err(trap) = outcome {
                    failed.push(format!("{row:?}.{variant}: {trap}"));
                }
                handlers += 1;
            }
            rows += usize::from(handlers > before);
        }
        println!("{}: {handlers} handlers of {rows} of {} rows", engine.backend_name(), Row::ALL.len());
        assert!(failed.is_empty(), "{}", failed.join("\n"));
        if cfg!(feature = "simd") {
            assert_eq!(rows, Row::ALL.len() - ELSEWHERE.split_whitespace().count());
        }
    }
}
