//! Listeners: what they hear, and what they may do meanwhile.

use std::sync::{Arc, Mutex};

use hostel_engine::{
    Caller, Config, Engine, Extern, FunctionDefinition, FunctionListener, HostModuleBuilder, Linker, Store, Trap,
};

use crate::kit::{call, guest_of, instantiate};

/// Notes what it hears.
struct Notes(Arc<Mutex<Vec<String>>>);

impl FunctionListener for Notes {
    fn before(&self, _: &mut Caller<'_>, definition: &FunctionDefinition, params: &[u64]) {
        self.0.lock().unwrap().push(format!("> {} {params:?}", definition.name().unwrap_or("?")));
    }
    fn after(&self, module: &mut Caller<'_>, definition: &FunctionDefinition, results: &[u64]) {
        let pages = module.memory().map_or(0, |memory| memory.len() / 65536);
        self.0.lock().unwrap().push(format!("< {} {results:?} {pages}", definition.name().unwrap_or("?")));
    }
    fn abort(&self, definition: &FunctionDefinition, trap: &Trap) {
        self.0.lock().unwrap().push(format!("! {} {trap}", definition.name().unwrap_or("?")));
    }
}

#[test]
fn listeners_hear_before_after_and_abort_of_guests_and_hosts() {
    let notes = Arc::new(Mutex::new(Vec::new()));
    let shared = notes.clone();
    let mut config = Config::new();
    config.function_listeners(Arc::new(move |definition: &FunctionDefinition| {
        (definition.name() != Some("silent")).then(|| Arc::new(Notes(shared.clone())) as Arc<dyn FunctionListener>)
    }));
    let engine = Engine::new(&config).unwrap();
    let mut linker = Linker::new(&engine);
    HostModuleBuilder::<()>::new("h")
        .new_function()
        .with_func(|x: i32| -> Result<i32, Trap> {
            if x == 13 { Err(Trap::exit(1)) } else { Ok(x * 2) }
        })
        .with_name("double")
        .export("f")
        .instantiate(&mut linker)
        .unwrap();
    let (mut store, instance) = guest_of(
        &linker,
        (),
        r#"(module (import "h" "f" (func $f (param i32) (result i32))) (memory (export "memory") 2)
            (func $silent (param i32) (result i32) (call $f (local.get 0)))
            (func $tail (param i32) (result i32) (return_call $silent (local.get 0)))
            (func $run (export "run") (param i32) (result i32) (i32.add (call $tail (local.get 0)) (i32.const 1))))"#,
    );
    let run = instance.get_typed_func::<i32, i32>(&store, "run").unwrap();
    assert_eq!(run.call(&mut store, 4).unwrap(), 9);
    assert_eq!(
        std::mem::take(&mut *notes.lock().unwrap()),
        ["> run [4]", "> tail [4]", "> double [4]", "< double [8] 2", "< tail [8] 2", "< run [9] 2"]
    );
    run.call(&mut store, 13).unwrap_err();
    let heard = std::mem::take(&mut *notes.lock().unwrap());
    assert_eq!(heard[3..], ["! double exit status 1", "! tail exit status 1", "! run exit status 1"]);
}

/// Calls the guest from within `before`.
struct CallsOther(Arc<Mutex<u32>>);

impl FunctionListener for CallsOther {
    fn before(&self, module: &mut Caller<'_>, _: &FunctionDefinition, _: &[u64]) {
        let Some(Extern::Func(other)) = module.get_export("other") else { return };
        let mut stack = [5; 8];
        other.call_with_stack(module.with(&mut ()), &mut stack).expect("it does not trap");
        *self.0.lock().unwrap() += stack[0] as u32;
    }
    fn after(&self, _: &mut Caller<'_>, _: &FunctionDefinition, _: &[u64]) {}
    fn abort(&self, _: &FunctionDefinition, _: &Trap) {}
}

#[test]
fn a_listener_that_calls_guests_leaves_the_frame_alone() {
    let heard = Arc::new(Mutex::new(0));
    let shared = heard.clone();
    let mut config = Config::new();
    config.function_listeners(Arc::new(move |definition: &FunctionDefinition| {
        (definition.name() == Some("run")).then(|| Arc::new(CallsOther(shared.clone())) as Arc<dyn FunctionListener>)
    }));
    let engine = Engine::new(&config).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = instantiate(
        &Linker::new(&engine),
        &mut store,
        r#"(module
            (func (export "other") (param i32) (result i32) (local i64 i64 i64 i64) (i32.add (local.get 0) (i32.const 1)))
            (func $run (export "run") (param i32) (result i32) (local i32 i32) (i32.add (local.get 0) (i32.add (local.get 1) (local.get 2)))))"#,
    )
    .unwrap();
    assert_eq!(call::<i32, i32>(&mut store, instance, "run", 7).unwrap(), 7);
    assert_eq!(*heard.lock().unwrap(), 6);
}
