//! Making host functions: what the builder takes and refuses, typed closures, names, proxies.

use hostel_engine::{Caller, Engine, Error, HostModule, HostModuleBuilder, Linker, Module, Store, Trap, proxy_module};

use crate::kit::{call, guest_of, instantiate};

#[test]
fn the_builder_tells_what_is_wrong_when_it_compiles() {
    let engine = Engine::default();
    let error = |builder: HostModuleBuilder<()>| builder.compile(&engine).err().expect("it is wrong").to_string();
    let f = || HostModuleBuilder::<()>::new("env").new_function();
    let text = error(f().with_func(|_: i32| 0i32).with_parameter_names(["a", "b"]).export("f"));
    assert!(text.contains("\"env\"") && text.contains("\"f\"") && text.contains("2 parameter names for 1"), "{text}");
    let text = error(f().with_func(|_: i32| 0i32).with_result_names(["a", "b"]).export("f"));
    assert!(text.contains("2 result names for 1"), "{text}");
    assert!(error(f().export("f")).contains("no function given"));
    assert!(error(f().with_func(|| ()).export("")).contains("empty name"));
}

#[test]
fn later_exports_override_and_modules_are_renamed() {
    let engine = Engine::default();
    let host = HostModuleBuilder::<()>::new("env")
        .new_function()
        .with_func(|| 1i32)
        .export("f")
        .new_function()
        .with_func(|| 2i32)
        .export("g")
        .new_function()
        .with_func(|| 3i32)
        .export("f")
        .compile(&engine)
        .unwrap();
    assert_eq!(host.definitions().map(|(name, _)| name).collect::<Vec<_>>(), ["f", "g"]);
    let text = r#"(module (import "other" "f" (func $f (result i32))) (import "env" "f" (func $e (result i32)))
        (func (export "run") (result i32) (i32.add (call $f) (call $e))))"#;
    let mut linker = Linker::new(&engine);
    linker.host_module(&host).unwrap().host_module(&host.renamed("other")).unwrap();
    let (mut store, instance) = guest_of(&linker, (), text);
    assert_eq!(call::<(), i32>(&mut store, instance, "run", ()).unwrap(), 6);
    linker.func_wrap("env", "f", || 40i32);
    let instance = instantiate(&linker, &mut store, text).unwrap();
    assert_eq!(call::<(), i32>(&mut store, instance, "run", ()).unwrap(), 43);
}

#[test]
fn typed_closures_take_sixteen_parameters_of_all_types() {
    let engine = Engine::default();
    let mut linker = Linker::<()>::new(&engine);
    #[allow(clippy::too_many_arguments)]
    fn all(
        a: i32,
        b: u32,
        c: i64,
        d: u64,
        e: f32,
        f: f64,
        g: i32,
        h: i32,
        i: i32,
        j: i32,
        k: i32,
        l: i32,
        m: i32,
        n: i32,
        o: i32,
        p: i32,
    ) -> (f64, i64) {
        (
            f64::from(a) + f64::from(b) + f64::from(e) + f,
            c + d as i64 + i64::from(g + h + i + j + k + l + m + n + o + p),
        )
    }
    linker.func_wrap("h", "f", all);
    let (mut store, instance) = guest_of(
        &linker,
        (),
        r#"(module (import "h" "f" (func $f (param i32 i32 i64 i64 f32 f64 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result f64 i64)))
            (func (export "run") (result f64 i64)
                (call $f (i32.const -1) (i32.const 2) (i64.const 1000) (i64.const 10000) (f32.const 0.5) (f64.const 0.25)
                    (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5) (i32.const 6) (i32.const 7) (i32.const 8)
                    (i32.const 9) (i32.const 10))))"#,
    );
    let run = instance.get_typed_func::<(), (f64, i64)>(&store, "run").unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), (1.75, 11055));
}

#[test]
fn link_errors_name_the_import_and_both_types() {
    let engine = Engine::default();
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap("h", "f", |_: i32| ());
    let mut store = Store::new(&engine, ());
    let error = |store: &mut Store<()>, text: &str| instantiate(&linker, store, text).unwrap_err().to_string();
    let text = error(&mut store, r#"(module (import "h" "g" (func)))"#);
    assert!(text.contains("\"h\" \"g\"") && text.contains("unknown import"), "{text}");
    let text = error(&mut store, r#"(module (import "h" "f" (func (param i64))))"#);
    assert!(text.contains("(i64) -> ()") && text.contains("(i32) -> ()"), "{text}");
    let text = error(&mut store, r#"(module (import "h" "f" (memory 1)))"#);
    assert!(text.contains("memory") && text.contains("function"), "{text}");
}

#[test]
fn proxies_call_as_guests_do() {
    let engine = Engine::default();
    let host = HostModuleBuilder::<()>::new("env")
        .new_function()
        .with_func(|_: &mut (), module: &mut Caller<'_>, at: u32| -> u32 {
            u32::from(module.memory().unwrap()[at as usize])
        })
        .export("peek")
        .compile(&engine)
        .unwrap();
    let proxy = proxy_module(&host, 1).unwrap();
    let mut linker = Linker::new(&engine);
    linker.host_module(&host).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &proxy).unwrap();
    instance.get_memory(&store, "memory").unwrap().write(&mut store, 7, &[99]).unwrap();
    assert_eq!(call::<u32, u32>(&mut store, instance, "peek", 7).unwrap(), 99);
}

#[test]
fn what_can_move_between_threads() {
    fn send<T: Send>() {}
    fn sync<T: Sync>() {}
    send::<Store<Vec<u8>>>();
    send::<Engine>();
    sync::<Engine>();
    send::<Module>();
    sync::<Module>();
    send::<Linker<()>>();
    sync::<Linker<()>>();
    send::<HostModule<()>>();
    sync::<HostModule<()>>();
    send::<Trap>();
    sync::<Error>();
}
