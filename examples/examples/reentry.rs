//! A host function that calls back into the guest that called it, and grows that guest's memory.
//!
//! The guest asks for a text of a length that only the host knows. The host asks the guest for a place (the guest's own
//! allocator), makes the memory larger when that place lies beyond it, and puts the text there.

use std::error::Error;

use hostel_engine::{Caller, Engine, Extern, HostModuleBuilder, Linker, Module, Store, Trap, ValType::I32};

const GUEST: &str = r#"(module
    (import "env" "fetch" (func $fetch (result i32 i32)))
    (memory (export "memory") 1)
    ;; the simplest allocator there is: it never gives back, and does not look whether there is room
    (global $next (mut i32) (i32.const 65000))
    (func (export "alloc") (param $len i32) (result i32)
        (global.get $next)
        (global.set $next (i32.add (global.get $next) (local.get $len))))
    ;; the text's last byte, and how many pages there are now
    (func (export "run") (result i32 i32) (local $at i32)
        (call $fetch) ;; address and length
        (i32.load8_u (i32.sub (i32.add) (i32.const 1)))
        (memory.size)))"#;

/// `env.fetch() -> (address, length)`.
fn fetch(text: &mut String, module: &mut Caller<'_>, stack: &mut [u64]) -> Result<(), Trap> {
    let Some(Extern::Func(alloc)) = module.get_export("alloc") else {
        return Err(Trap::message("the guest exports no function `alloc`"));
    };
    // The call back. What `with` is given is what host functions would get that `alloc` calls in turn; it costs no
    // allocation, and a trap inside comes out here.
    let len = text.len();
    let mut slots = [len as u64];
    alloc.call_with_stack(module.with(text), &mut slots)?;
    let at = slots[0] as u32 as usize;

    let size = module.memory().map_or(0, |memory| memory.len());
    let missing = (at + len).saturating_sub(size).div_ceil(65536);
    module.grow_memory(missing as u64).ok_or_else(|| Trap::message("the guest's memory cannot grow"))?;
    // A slice of memory ends where the guest runs or the memory grows, so it is asked for now. `text` is a borrow of
    // its own: the copy needs no detour.
    let memory = module.memory().ok_or_else(|| Trap::message("the guest exports no memory"))?;
    memory[at..at + len].copy_from_slice(text.as_bytes());
    (stack[0], stack[1]) = (at as u64, len as u64);
    Ok(())
}

/// Runs the example.
pub fn main() -> Result<(), Box<dyn Error>> {
    let engine = Engine::default();
    let env = HostModuleBuilder::new("env")
        .new_function()
        .with_raw_module_function([], [I32, I32], fetch)
        .export("fetch")
        .compile(&engine)?;
    let mut linker = Linker::new(&engine);
    linker.host_module(&env)?;

    let mut store = Store::new(&engine, "x".repeat(100_000) + "!");
    let guest = linker.instantiate(&mut store, &Module::new(&engine, wat::parse_str(GUEST)?)?)?;
    let run = guest.get_typed_func::<(), (u32, u32)>(&store, "run")?;
    let (last, pages) = run.call(&mut store, ())?;

    println!("the guest sees {:?} at the end of {} bytes, in {pages} pages", last as u8 as char, store.data().len());
    assert_eq!((last, pages), (u32::from(b'!'), 3));
    Ok(())
}
