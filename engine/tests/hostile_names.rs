//! Names are arbitrary Unicode: in no message of the engine does one begin a line or steer a terminal.

mod kit;

use hostel_engine::{Config, Engine, Error, HostModuleBuilder, Linker, Module, Store};
use kit::{guest, wasm};

/// A line end, an escape sequence, a C1 control, a bidirectional override, a line separator.
const NAME: &str = "x\nhostel: forged\r\u{1b}[2J\u{9b}2J\u{202e}\u{2028}";
/// As text modules write it.
const WAT: &str = r"x\nhostel: forged\r\1b[2J\c2\9b2J\e2\80\ae\e2\80\a8";
/// As messages show it.
const SHOWN: &str = r"x\nhostel: forged\r\u{1b}[2J\u{9b}2J\u{202e}\u{2028}";

#[track_caller]
fn is_harmless(message: &str) {
    assert!(message.contains(SHOWN), "the name is not in {message:?}");
    assert!(message.chars().all(|c| matches!(c, ' ' | '…') || c.is_ascii_graphic()), "{message:?}");
}

fn refused(text: &str) -> Error {
    let engine = Engine::default();
    let module = Module::new(&engine, wasm(text));
    let result = module.and_then(|module| Linker::new(&engine).instantiate(Store::new(&engine, ()), &module));
    result.expect_err("it is refused")
}

#[test]
fn frames_of_a_backtrace() {
    let text = format!(r#"(module $"{WAT}" (func $"{WAT}" (export "run") unreachable))"#);
    let (mut store, instance) = guest(&Config::new(), &text);
    let run = instance.get_typed_func::<(), ()>(&store, "run").unwrap();
    let trap = run.call(&mut store, ()).unwrap_err();
    // The parts are as they are; what is shown is harmless.
    let frame = &trap.frames()[0];
    assert_eq!((frame.module.as_deref(), frame.func_name.as_deref()), (Some(NAME), Some(NAME)));
    is_harmless(&frame.to_string());
    assert!(frame.to_string().starts_with(&format!("{SHOWN}!{SHOWN} @ 0x")), "{frame}");
    is_harmless(&format!("{trap:?}").replacen('\n', " ", 1));
    is_harmless(&format!("{frame:?}"));
}

#[test]
fn a_frame_with_an_exports_name() {
    let (mut store, instance) = guest(&Config::new(), &format!(r#"(module (func (export "{WAT}") unreachable))"#));
    let run = instance.get_typed_func::<(), ()>(&store, NAME).unwrap();
    is_harmless(&run.call(&mut store, ()).unwrap_err().frames()[0].to_string());
}

#[test]
fn imports() {
    for ty in ["(func)", "(memory 1)", "(global i32)", "(table 1 funcref)", "(tag)"] {
        let error = refused(&format!(r#"(module (import "{WAT}" "{WAT}" {ty}))"#));
        is_harmless(&error.to_string());
        is_harmless(&format!("{error:?}"));
    }
    // One of another type.
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap(NAME, NAME, || {});
    let module = Module::new(&engine, wasm(&format!(r#"(module (import "{WAT}" "{WAT}" (func (param i32))))"#)));
    let error = linker.instantiate(Store::new(&engine, ()), &module.unwrap()).unwrap_err();
    is_harmless(&error.to_string());
}

#[test]
fn exports() {
    // Twice the same name: the validator has it in its message.
    let error = refused(&format!(r#"(module (func (export "{WAT}")) (func (export "{WAT}")))"#));
    is_harmless(&error.to_string());
    let (store, instance) = guest(&Config::new(), "(module)");
    let error = instance.get_typed_func::<(), ()>(&store, NAME).err().expect("there is no such export");
    is_harmless(&error.to_string());
}

#[test]
fn host_modules() {
    let engine = Engine::default();
    let module = HostModuleBuilder::<()>::new(NAME).compile(&engine).unwrap();
    let error = Linker::new(&Engine::default()).host_module(&module).err().expect("it is another engine's");
    is_harmless(&error.to_string());
    let no_body = HostModuleBuilder::<()>::new(NAME).new_function().export(NAME);
    is_harmless(&no_body.compile(&engine).err().expect("it has no body").to_string());
    let no_name = HostModuleBuilder::<()>::new(NAME).new_function().with_func(|| {}).export("");
    is_harmless(&no_name.compile(&engine).err().expect("it has no name").to_string());
}
