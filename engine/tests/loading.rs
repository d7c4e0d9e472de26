//! Loading that another thread ends: `Module::new_interruptible`.

mod kit;

use std::thread;
use std::time::Duration;

use hostel_engine::{CompilationMode, Config, Engine, Error, InterruptHandle, Module, TrapCode};

fn engine(mode: CompilationMode) -> Engine {
    Engine::new(Config::new().compilation_mode(mode)).unwrap()
}

fn leb(number: usize) -> Vec<u8> {
    (0..5).map(|at| (number >> (7 * at)) as u8 & 0x7f | if at < 4 { 0x80 } else { 0 }).collect()
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [&leb(bytes.len())[..], bytes].concat()
}

/// Functions of that body.
fn module(count: usize, body: &[u8]) -> Vec<u8> {
    let section = |id: u8, contents: Vec<u8>| [vec![id], sized(&contents)].concat();
    let list = |item: &[u8]| [leb(count), item.repeat(count)].concat();
    let sections = [section(1, vec![1, 0x60, 0, 0]), section(3, list(&[0])), section(10, list(&sized(body)))];
    [b"\0asm\x01\0\0\0".to_vec(), sections.concat()].concat()
}

#[track_caller]
fn was_interrupted(result: Result<Module, Error>) {
    let error = result.expect_err("it was asked to stop");
    assert_eq!(error.trap().and_then(hostel_engine::Trap::code), Some(TrapCode::Interrupted), "{error}");
}

#[test]
fn a_request_that_stands_stops_the_next_loading_and_no_other() {
    for mode in [CompilationMode::Eager, CompilationMode::Lazy, CompilationMode::LazyTranslation] {
        let (engine, wasm, handle) = (engine(mode), module(1, &[0, 0x0b]), InterruptHandle::new());
        assert!(Module::new_interruptible(&engine, wasm.clone(), &handle).is_ok());
        handle.interrupt();
        was_interrupted(Module::new_interruptible(&engine, wasm.clone(), &handle));
        assert!(!handle.is_interrupted());
        assert!(Module::new_interruptible(&engine, wasm.clone(), &handle).is_ok());
        // What can not be interrupted takes no request.
        handle.interrupt();
        assert!(Module::new(&engine, wasm).is_ok() && handle.is_interrupted());
    }
}

/// Many functions, and a single long one: both end long before they are done.
#[test]
fn another_thread_ends_loading() {
    let long = [&[0][..], &[0x41, 0, 0x1a].repeat(2_500_000), &[0x0b]].concat();
    let modules = [module(900_000, &[0, 0x0b]), module(1, &long)];
    let modes = [CompilationMode::Eager, CompilationMode::LazyTranslation];
    for (wasm, mode) in modules.iter().flat_map(|wasm| modes.map(|mode| (wasm, mode))) {
        let engine = engine(mode);
        // On a machine that is busy the request may come too late; that does not happen again and again.
        let stopped = (0..20).any(|_| {
            let (bytes, handle) = (wasm.clone(), InterruptHandle::new());
            let other = handle.clone();
            let thread = thread::spawn(move || {
                thread::sleep(Duration::from_millis(2));
                other.interrupt();
            });
            let result = Module::new_interruptible(&engine, bytes, &handle);
            thread.join().unwrap();
            let stopped = result.is_err();
            if stopped {
                was_interrupted(result);
            }
            stopped
        });
        assert!(stopped, "{mode:?}, {} bytes", wasm.len());
        // Nothing of it is left behind in the engine.
        assert!(Module::new(&engine, module(3, &[0, 0x0b])).is_ok());
    }
}
