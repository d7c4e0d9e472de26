//! Instances: a module with a bit of everything, and how engines make instances of it, each in a store of its own.

use std::any::Any;
use std::sync::Arc;

/// Makes an instance, calls its `run`, and returns all that there is to drop.
pub type Spawn = Arc<dyn Fn() -> Box<dyn Any> + Send + Sync>;

/// A runtime's way.
pub struct Spawner {
    /// The runtime's name.
    pub name: &'static str,
    /// Loads a module, to make instances of it.
    pub load: fn(Vec<u8>) -> Spawn,
}

/// What is measured of them: on one thread, and on two at once.
pub const CASES: [&str; 2] = ["instantiate, call, drop", "instantiate, call, drop on two threads"];

/// Bytes of guest memory that an instance of [`module`] has touched after `run`, in pages of 4 KiB.
pub const TOUCHED: usize = 2 * 4096;

/// A memory of two pages of which two times 4 KiB are written to, a table, globals, functions.
///
/// # Panics
///
/// Never: the text is fixed.
pub fn module() -> Vec<u8> {
    let functions: String = (0..16)
        .map(|i| format!("(func $f{i} (param i32) (result i32) (i32.add (local.get 0) (i32.const {i})))"))
        .collect();
    let elements: String = (0..16).map(|i| format!("$f{i} ")).collect();
    wat::parse_str(format!(
        r#"(module
            (type $f (func (param i32) (result i32)))
            (memory (export "memory") 2)
            (data (i32.const 0) "{}")
            (table 16 funcref)
            (elem (i32.const 0) {elements})
            (global $calls (mut i32) (i32.const 0))
            (global $sum (mut i64) (i64.const 0))
            {functions}
            (func (export "run") (param i32) (result i32)
                (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
                (i32.store (i32.const 65536) (global.get $calls))
                (call_indirect (type $f) (local.get 0) (i32.const 7))))"#,
        "0123456789abcdef".repeat(64)
    ))
    .expect("a module")
}
