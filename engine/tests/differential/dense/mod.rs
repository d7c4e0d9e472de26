//! A second generator: modules whose code is dense in what the translator has to get right.
//!
//! `wasm-smith` covers every instruction; its bodies are mostly short. Here there are fewer instructions, and everything
//! else comes together: values pending across statements, locals changed under them, branches with values out of the
//! middle of expressions, loops, calls of all kinds, exceptions. Loops and functions pay with the fuel of [`FUEL`].

mod expressions;
mod ops;
mod statements;

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, ImportSection, Instruction, MemorySection, MemoryType, Module, RefType,
    TableSection, TableType, TagKind, TagSection, TagType, TypeSection, ValType,
};

use super::generate::{Profile, Words};
use super::{FUEL, IMPORTS, Ty};

/// Indices of what every module has.
pub const FUEL_GLOBAL: u32 = 0;
const GLOBALS: [Ty; 5] = [Ty::I32, Ty::I64, Ty::F32, Ty::F64, Ty::V128];
const TAG_TYPES: [Ty; 2] = [Ty::I32, Ty::F64];

/// A module, from words.
pub fn module(words: &mut Words, profile: Profile) -> Vec<u8> {
    let mut types = Types::default();
    let imports: Vec<Signature> = IMPORTS.iter().map(|(_, p, r)| Signature::new(&mut types, p, r)).collect();
    let mut signatures = imports.clone();
    for _ in 0..2 + words.below(4) {
        let (params, results) = (some_types(words, 5), some_types(words, 3));
        signatures.push(Signature::new(&mut types, &params, &results));
    }
    let tag = Signature::new(&mut types, &TAG_TYPES, &[]);

    let mut code = CodeSection::new();
    for index in imports.len()..signatures.len() {
        let mut body = Body::new(words, profile, &mut types, &signatures, index);
        body.function();
        code.function(&body.finish());
    }

    let (mut import, mut function, mut export) = (ImportSection::new(), FunctionSection::new(), ExportSection::new());
    for ((name, ..), signature) in IMPORTS.iter().zip(&imports) {
        import.import("host", name, EntityType::Function(signature.index));
    }
    for (index, signature) in signatures.iter().enumerate().skip(imports.len()) {
        function.function(signature.index);
        export.export(&format!("f{index}"), ExportKind::Func, index as u32);
    }
    let mut globals = GlobalSection::new();
    let mut global = |ty, init: &ConstExpr| {
        globals.global(GlobalType { val_type: val_type(ty), mutable: true, shared: false }, init);
    };
    global(Ty::I32, &ConstExpr::i32_const(1000));
    global(Ty::I32, &ConstExpr::i32_const(1));
    global(Ty::I64, &ConstExpr::i64_const(-1));
    global(Ty::F32, &ConstExpr::f32_const(1.5f32.into()));
    global(Ty::F64, &ConstExpr::f64_const(2.5f64.into()));
    global(Ty::V128, &ConstExpr::v128_const(7));
    export.export(FUEL, ExportKind::Global, FUEL_GLOBAL);
    for index in 1..=GLOBALS.len() as u32 {
        export.export(&format!("g{index}"), ExportKind::Global, index);
    }
    export.export("memory", ExportKind::Memory, 0);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { minimum: 1, maximum: Some(2), memory64: false, shared: false, page_size_log2: None });
    let (mut tables, mut elements) = (TableSection::new(), ElementSection::new());
    let count = signatures.len() as u64;
    let table =
        TableType { element_type: RefType::FUNCREF, minimum: count, maximum: None, table64: false, shared: false };
    tables.table(table);
    elements.active(None, &ConstExpr::i32_const(0), Elements::Functions((0..count as u32).collect()));
    let mut tags = TagSection::new();
    tags.tag(TagType { kind: TagKind::Exception, func_type_idx: tag.index });

    let mut module = Module::new();
    module.section(&types.section).section(&import).section(&function).section(&tables).section(&memories);
    if profile.exceptions {
        module.section(&tags);
    }
    module.section(&globals).section(&export).section(&elements).section(&code);
    module.finish()
}

#[derive(Clone)]
struct Signature {
    params: Vec<Ty>,
    results: Vec<Ty>,
    index: u32,
}

impl Signature {
    fn new(types: &mut Types, params: &[Ty], results: &[Ty]) -> Signature {
        let index = types.index(params, results);
        Signature { params: params.to_vec(), results: results.to_vec(), index }
    }
}

/// The type section, each type once.
#[derive(Default)]
struct Types {
    section: TypeSection,
    known: Vec<(Vec<Ty>, Vec<Ty>)>,
}

impl Types {
    fn index(&mut self, params: &[Ty], results: &[Ty]) -> u32 {
        let found = self.known.iter().position(|(p, r)| p == params && r == results);
        found.unwrap_or_else(|| {
            let list = |types: &[Ty]| types.iter().map(|&ty| val_type(ty)).collect::<Vec<_>>();
            self.section.ty().function(list(params), list(results));
            self.known.push((params.to_vec(), results.to_vec()));
            self.known.len() - 1
        }) as u32
    }
}

fn val_type(ty: Ty) -> ValType {
    match ty {
        Ty::I32 => ValType::I32,
        Ty::I64 => ValType::I64,
        Ty::F32 => ValType::F32,
        Ty::F64 => ValType::F64,
        Ty::V128 => ValType::V128,
        Ty::Func | Ty::Extern | Ty::Exn => ValType::FUNCREF,
    }
}

fn some_type(words: &mut Words) -> Ty {
    [Ty::I32, Ty::I32, Ty::I32, Ty::I64, Ty::I64, Ty::F32, Ty::F64, Ty::V128][words.below(8)]
}

fn some_types(words: &mut Words, most: usize) -> Vec<Ty> {
    (0..words.below(most + 1)).map(|_| some_type(words)).collect()
}

/// The global of that type.
fn global_of(ty: Ty) -> u32 {
    1 + GLOBALS.iter().position(|&global| global == ty).expect("one of each") as u32
}

/// A function's body on the way: [`statements`] leave nothing, [`expressions`] a value.
struct Body<'a> {
    words: &'a mut Words,
    profile: Profile,
    types: &'a mut Types,
    signatures: &'a [Signature],
    own: usize,
    locals: Vec<Ty>,
    /// What a branch to each open label carries, the innermost last.
    labels: Vec<Vec<Ty>>,
    code: Vec<Instruction<'static>>,
    budget: usize,
}

impl<'a> Body<'a> {
    fn new(
        words: &'a mut Words,
        profile: Profile,
        types: &'a mut Types,
        signatures: &'a [Signature],
        own: usize,
    ) -> Body<'a> {
        let mut locals = signatures[own].params.clone();
        locals.extend([Ty::I32, Ty::I64, Ty::F32, Ty::F64, Ty::V128]);
        locals.extend((0..words.below(8)).map(|_| some_type(words)));
        let budget = [30, 100, 400][words.below(3)];
        let labels = vec![signatures[own].results.clone()];
        Body { words, profile, types, signatures, own, locals, labels, code: Vec::new(), budget }
    }

    fn finish(self) -> Function {
        let params = self.signatures[self.own].params.len();
        let mut function = Function::new_with_locals_types(self.locals[params..].iter().map(|&ty| val_type(ty)));
        self.code.iter().for_each(|instruction| {
            function.instruction(instruction);
        });
        function
    }

    fn emit(&mut self, instruction: Instruction<'static>) {
        self.budget = self.budget.saturating_sub(1);
        self.code.push(instruction);
    }

    fn function(&mut self) {
        self.pay();
        while self.budget > 0 {
            self.statement(0);
        }
        let results = self.labels[0].clone();
        let alike: Vec<usize> = (0..self.signatures.len()).filter(|&i| self.signatures[i].results == results).collect();
        if self.words.one_in(4) {
            let callee = alike[self.words.below(alike.len())];
            self.call(callee, true, 3);
        } else {
            self.expressions(&results, 0);
        }
        self.code.push(Instruction::End);
    }

    /// Takes a unit of fuel, or traps.
    fn pay(&mut self) {
        self.code.extend([
            Instruction::GlobalGet(FUEL_GLOBAL),
            Instruction::I32Eqz,
            Instruction::If(BlockType::Empty),
            Instruction::Unreachable,
            Instruction::End,
            Instruction::GlobalGet(FUEL_GLOBAL),
            Instruction::I32Const(1),
            Instruction::I32Sub,
            Instruction::GlobalSet(FUEL_GLOBAL),
        ]);
    }

    fn local(&mut self, ty: Ty) -> u32 {
        let fitting: Vec<usize> = (0..self.locals.len()).filter(|&local| self.locals[local] == ty).collect();
        fitting[self.words.below(fitting.len())] as u32
    }

    fn block_type(&mut self, params: &[Ty], results: &[Ty]) -> BlockType {
        match (params, results) {
            ([], []) => BlockType::Empty,
            ([], [result]) => BlockType::Result(val_type(*result)),
            _ => BlockType::FunctionType(self.types.index(params, results)),
        }
    }

    fn labelled(&mut self, carried: Vec<Ty>, inside: impl FnOnce(&mut Self)) {
        self.labels.push(carried);
        inside(self);
        self.labels.pop();
    }
}
