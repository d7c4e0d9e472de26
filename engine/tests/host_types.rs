//! Types that the embedder makes: what no module could have is refused in clear words, where it would first be used. Nothing
//! panics, and nothing is allocated for what a type merely says.

mod kit;

use std::iter::{repeat, repeat_n};

use hostel_engine::{
    Engine, Error, ErrorKind, Func, FuncType, Global, GlobalType, HeapType, HostModuleBuilder, Memory, MemoryType,
    RefType, Store, Table, TableType, Tag, Val, ValType,
};

#[track_caller]
fn refused<T>(result: Result<T, Error>, words: &str) {
    let error = result.err().unwrap_or_else(|| panic!("{words}: it was taken"));
    assert!(matches!(error.kind(), ErrorKind::Usage(_) | ErrorKind::Host(_)), "{words}: {error:?}");
    assert!(error.to_string().contains(words), "expected {words:?} in {error}");
}

fn store() -> Store<()> {
    Store::new(&Engine::default(), ())
}

const NUMBERS: [ValType; 5] = [ValType::I32, ValType::I64, ValType::F32, ValType::F64, ValType::V128];
const REFERENCES: [ValType; 3] = [ValType::FuncRef, ValType::ExternRef, ValType::ExnRef];

#[test]
fn a_tables_elements_are_references() {
    let mut store = store();
    for ty in NUMBERS {
        for min in [0, 1] {
            let table = Table::new(&mut store, TableType::new(ty, min), Val::default_for_ty(ty));
            refused(table, &format!("{ty}: a table's elements are references"));
        }
    }
    for ty in REFERENCES {
        let table = Table::new(&mut store, TableType::new(ty, 1), Val::default_for_ty(ty)).unwrap();
        assert!(table.get(&store, 0).unwrap().is_null(), "{ty}");
        for other in NUMBERS.into_iter().chain(REFERENCES).filter(|&other| other != ty) {
            let wrong = Val::default_for_ty(other);
            refused(table.set(&mut store, 0, wrong.clone()), "expected");
            refused(table.grow(&mut store, 1, wrong.clone()), "expected");
            refused(table.grow(&mut store, 0, wrong.clone()), "expected");
            refused(Table::new(&mut store, TableType::new(ty, 1), wrong), "expected");
        }
        assert_eq!(table.size(&store), 1);
    }
    // No null where there is none.
    let own = ValType::Ref(RefType { nullable: false, heap: HeapType::Func });
    refused(Table::new(&mut store, TableType::new(own, 1), Val::FuncRef(None)), "expected");
    let func = Func::wrap(&mut store, || ());
    let table = Table::new(&mut store, TableType::new(own, 1), Val::FuncRef(Some(func))).unwrap();
    refused(table.set(&mut store, 0, Val::FuncRef(None)), "expected");
    assert!(!table.get(&store, 0).unwrap().is_null());
}

#[test]
fn sizes_are_what_indices_and_addresses_reach() {
    let mut store = store();
    let null = || Val::FuncRef(None);
    let table = TableType::new(ValType::FuncRef, 1);
    refused(Table::new(&mut store, TableType { max: Some(0), ..table }, null()), "at most it has 0");
    for max in [1 << 32, u64::MAX] {
        refused(Table::new(&mut store, TableType { max: Some(max), ..table }, null()), "32 bits");
    }
    refused(Table::new(&mut store, TableType { min: 1 << 32, ..table }, null()), "at most it has 4294967295");
    for (table64, max) in [(false, u64::from(u32::MAX)), (true, 1 << 32), (true, u64::MAX)] {
        let ty = TableType { table64, max: Some(max), ..table };
        assert_eq!(Table::new(&mut store, ty, null()).unwrap().ty(&store), ty);
    }

    let memory = MemoryType::new(1);
    refused(Memory::new(&mut store, MemoryType { max: Some(0), ..memory }), "at most it has 0");
    for max in [65_537, 1 << 32, u64::MAX] {
        refused(Memory::new(&mut store, MemoryType { max: Some(max), ..memory }), "32 bits it has at most 65536");
    }
    refused(Memory::new(&mut store, MemoryType { min: 65_537, ..memory }), "at most it has 65536");
    let wide = MemoryType { memory64: true, ..memory };
    refused(Memory::new(&mut store, MemoryType { max: Some((1 << 48) + 1), ..wide }), "at most 281474976710656");
    let small = MemoryType { page_size: 1, ..memory };
    refused(Memory::new(&mut store, MemoryType { max: Some(1 << 32), ..small }), "at most 4294967295");
    for ty in [
        MemoryType { max: Some(65_536), ..memory },
        MemoryType { max: Some(1 << 48), ..wide },
        MemoryType { max: Some(u32::MAX.into()), ..small },
        MemoryType { max: Some(u64::MAX), ..MemoryType { page_size: 1, ..wide } },
    ] {
        assert_eq!(Memory::new(&mut store, ty).unwrap().ty(&store), ty);
    }
    for page_size in [0, 2, 4096, 65_535, 65_537, 1 << 32, u64::MAX] {
        for memory64 in [false, true] {
            refused(Memory::new(&mut store, MemoryType { page_size, memory64, ..memory }), "they have 1 or 65536");
        }
    }
}

#[test]
fn values_are_of_their_globals_type() {
    let mut store = store();
    let all = || NUMBERS.into_iter().chain(REFERENCES);
    for content in all() {
        let ty = GlobalType { content, mutable: true };
        let global = Global::new(&mut store, ty, Val::default_for_ty(content)).unwrap();
        for other in all().filter(|&other| other != content) {
            refused(Global::new(&mut store, ty, Val::default_for_ty(other)), "expected");
            refused(global.set(&mut store, Val::default_for_ty(other)), "expected");
        }
        assert_eq!(global.get(&store).ty(), content);
    }
}

#[test]
fn function_types_are_no_longer_than_a_modules() {
    let mut store = store();
    let engine = store.engine().clone();
    let i32s = |count| repeat_n(ValType::I32, count);
    let host = |params: usize, results: usize| {
        let function = HostModuleBuilder::<()>::new("h").new_function();
        function.with_raw_function(i32s(params), i32s(results), |_, _| Ok(())).export("f").compile(&engine)
    };
    assert!(host(1000, 1000).is_ok() && Tag::new(&mut store, FuncType::new(i32s(1000), [])).is_ok());
    refused(host(1001, 0), "at most 1000 parameters");
    refused(host(0, 1001), "function \"f\": a function type has at most 1000 results");
    // Lists without an end, and with one that is far away.
    for endless in [FuncType::new(repeat(ValType::V128), []), FuncType::new(i32s(usize::MAX), [])] {
        assert_eq!(endless.params().len(), 1001);
        refused(Tag::new(&mut store, endless), "at most 1000 parameters");
    }
    assert_eq!(FuncType::new(repeat(ValType::I32), repeat(ValType::I64)).results().len(), 1001);
    refused(Tag::new(&mut store, FuncType::new([], [ValType::I32])), "no results");
}

/// Numbers of function types mean something in their own engine only.
#[test]
fn types_that_the_engine_does_not_have() {
    let text = r#"(module (type $t (func)) (type $f (func (param (ref null $t)))) (func (export "f") (type $f)))"#;
    let (mut store, instance) = kit::guest(&hostel_engine::Config::new(), text);
    let known = instance.get_func(&store, "f").unwrap().ty(&store).params()[0];
    let tag = |store: &mut Store<()>, ty| Tag::new(store, FuncType::new([ty], []));
    let table = |store: &mut Store<()>, ty| Table::new(store, TableType::new(ty, 0), Val::FuncRef(None));
    let global =
        |store: &mut Store<()>, content| Global::new(store, GlobalType { content, mutable: false }, Val::FuncRef(None));
    let host = |store: &mut Store<()>, ty| {
        let function = HostModuleBuilder::<()>::new("h").new_function();
        function.with_raw_function([], [ty], |_, _| Ok(())).export("f").compile(store.engine())
    };
    assert!(tag(&mut store, known).is_ok() && table(&mut store, known).is_ok() && host(&mut store, known).is_ok());
    assert!(global(&mut store, known).unwrap().get(&store).is_null());
    // Of an engine with more types, alone and in a recursive group.
    let others: String = (0..50).map(|count| format!("(type (func (param {})))", "i64 ".repeat(count))).collect();
    for types in ["(type $t (func (result f32)))", "(rec (type $t (func (param (ref null $t)))) (type (func)))"] {
        let text = format!(
            r#"(module {others} {types} (type $f (func (param (ref null $t)))) (func (export "f") (type $f)))"#
        );
        let (other, instance) = kit::guest(&hostel_engine::Config::new(), &text);
        let foreign = instance.get_func(&other, "f").unwrap().ty(&other).params()[0];
        let words = "a function type that this engine does not have";
        refused(tag(&mut store, foreign), words);
        refused(table(&mut store, foreign), words);
        refused(global(&mut store, foreign), words);
        refused(host(&mut store, foreign), words);
    }
}
