//! Loading: modules of several sizes, and the ways of engines to load them.
//!
//! Three are guests of this repository; the larger ones are generated, always the same: functions of some 300 bytes with
//! arithmetic of all types, loads, stores, branches, a `br_table` and calls, and a data segment of a tenth of the module. Their
//! `run: (i32) -> i32` calls eight functions spread over the module.

use std::any::Any;

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, ExportKind, ExportSection, Function, FunctionSection, Ieee64,
    InstructionSink, MemArg, MemArgTarget, MemorySection, MemoryType, Module, TypeSection, ValType,
};

use crate::kernels::KERNELS;

/// Loads a module, instantiates it and calls `run(1)`. Returns what that returned, and all that there is to drop.
pub type Start = Box<dyn Fn(Vec<u8>) -> (u32, Box<dyn Any>)>;

/// A way of loading.
pub struct Starter {
    /// The runtime's name, followed by the way's.
    pub name: &'static str,
    /// It is not asked for larger ones: compiling them would take seconds.
    pub max_bytes: usize,
    /// Does it.
    pub start: Start,
}

/// Commands of `examples/guests` whose whole process is measured.
pub const COMMANDS: [&str; 2] = ["hello", "wc"];

/// Names and bytes, smallest first.
pub fn modules() -> Vec<(String, Vec<u8>)> {
    let kernel = |name: &str| {
        let kernel = KERNELS.iter().find(|kernel| kernel.name == name).expect("a kernel");
        (format!("{name}, {} KB", kernel.wasm.len().div_ceil(1000)), kernel.wasm.to_vec())
    };
    let generated = |name: &str, bytes| (format!("generated, {name}"), generate(bytes));
    vec![
        kernel("json"),
        generated("7 KB", 7_000),
        kernel("dynamic"),
        kernel("collections"),
        generated("100 KB", 100_000),
        generated("1 MB", 1_000_000),
        generated("5 MB", 5_000_000),
    ]
}

const PARAMS: u32 = 2;
const INTS: u32 = 2;
const LONG: u32 = PARAMS + INTS;
const DOUBLE: u32 = LONG + 1;

/// A module of about that many bytes.
pub fn generate(bytes: usize) -> Vec<u8> {
    let mut random = Random(2_463_534_242);
    let mut bodies = Vec::new();
    let mut length = 0;
    while length < bytes - bytes / 10 {
        let body = function(&mut random, bodies.len() as u32);
        length += body.byte_len() + 4;
        bodies.push(body);
    }
    let count = bodies.len() as u32;
    let (mut types, mut functions, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    types.ty().function([ValType::I32; PARAMS as usize], [ValType::I32]);
    types.ty().function([ValType::I32], [ValType::I32]);
    for body in &bodies {
        functions.function(0);
        code.function(body);
    }
    functions.function(1);
    let mut run = Function::new([]);
    let mut sink = run.instructions();
    sink.i32_const(0);
    for part in 0..8 {
        sink.local_get(0).i32_const(part).call(count * part as u32 / 8).i32_xor();
    }
    sink.end();
    code.function(&run);
    let mut memories = MemorySection::new();
    let pages = 2 + (bytes as u64 / 10).div_ceil(65536);
    let memory = MemoryType { minimum: pages, maximum: None, memory64: false, shared: false, page_size_log2: None };
    memories.memory(memory);
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0).export("run", ExportKind::Func, count);
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(65536), (0..bytes / 10).map(|_| random.below(256) as u8));
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&memories).section(&exports).section(&code).section(&data);
    module.finish()
}

/// xorshift32
struct Random(u32);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        ((u64::from(self.0) * u64::from(limit)) >> 32) as u32
    }
}

/// A function that calls, if any, functions before it, and those only if its second parameter is what it never is.
fn function(random: &mut Random, index: u32) -> Function {
    let mut function = Function::new([(INTS, ValType::I32), (1, ValType::I64), (1, ValType::F64)]);
    let mut sink = function.instructions();
    for _ in 0..24 {
        statement(random, &mut sink, index, 2);
    }
    sink.local_get(PARAMS)
        .local_get(LONG)
        .i32_wrap_i64()
        .i32_add()
        .local_get(DOUBLE)
        .i32_trunc_sat_f64_s()
        .i32_xor()
        .end();
    function
}

fn statement(random: &mut Random, sink: &mut InstructionSink<'_>, index: u32, depth: u32) {
    let mut int = || random.below(PARAMS + INTS);
    let (a, b) = (int(), int());
    let set = PARAMS + int() % INTS;
    let offset = u64::from(random.below(1024));
    let access = MemArg { offset, align: 0, target: MemArgTarget::Memory(0), ordering: None };
    match random.below(if depth == 0 { 7 } else { 10 }) {
        0 => {
            sink.local_get(a).local_get(b).i32_add().local_set(set);
        }
        1 => {
            sink.local_get(a).i32_const(random.below(1 << 20) as i32).i32_mul().local_get(b).i32_xor().local_set(set);
        }
        2 => {
            sink.local_get(a).i32_const(0xfff8).i32_and().i32_load(access).local_set(set);
        }
        3 => {
            sink.local_get(a).i32_const(0xfff8).i32_and().local_get(b).i32_store(access);
        }
        4 => {
            sink.local_get(LONG).local_get(a).i64_extend_i32_u().i64_add().i64_const(31).i64_rotl().local_set(LONG);
        }
        5 => {
            let factor = Ieee64::from(f64::from(random.below(1000)) / 1024.0);
            sink.local_get(DOUBLE)
                .local_get(a)
                .f64_convert_i32_s()
                .f64_add()
                .f64_const(factor)
                .f64_mul()
                .local_set(DOUBLE);
        }
        6 => {
            sink.local_get(a).i32_const(random.below(64) as i32).i32_shr_u().local_get(b).i32_lt_u();
            sink.if_(BlockType::Empty).local_get(b).local_set(set).end();
        }
        7 => {
            sink.block(BlockType::Empty).local_get(a).i32_eqz().br_if(0);
            statement(random, sink, index, depth - 1);
            statement(random, sink, index, depth - 1);
            sink.end();
        }
        8 => {
            sink.block(BlockType::Empty).block(BlockType::Empty).block(BlockType::Empty);
            sink.local_get(a).i32_const(3).i32_and().br_table([0, 1], 2).end();
            statement(random, sink, index, 0);
            sink.end();
            statement(random, sink, index, 0);
            sink.end();
        }
        _ => {
            sink.local_get(1).i32_const(0x7654_3210).i32_eq().if_(BlockType::Empty);
            sink.local_get(a).local_get(b);
            if index > 0 {
                sink.call(random.below(index))
            } else {
                sink.i32_sub()
            };
            sink.local_set(set).end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_modules_are_about_as_large_as_asked_for_and_always_the_same() {
        for bytes in [7_000, 100_000] {
            let module = generate(bytes);
            assert!(module.len().abs_diff(bytes) < bytes / 10, "{} instead of {bytes}", module.len());
            assert_eq!(module, generate(bytes));
        }
    }

    #[test]
    fn every_way_of_loading_ends_in_the_same() {
        for (name, bytes) in modules().into_iter().filter(|(_, bytes)| bytes.len() <= 100_000) {
            let mut expected = None;
            for starter in crate::starters() {
                let (result, _) = (starter.start)(bytes.clone());
                assert_eq!(*expected.get_or_insert(result), result, "{name} by {}", starter.name);
            }
        }
    }
}
