//! A second generator: modules whose code is dense in what the translator has to get right.
//!
//! `wasm-smith` covers every instruction; its bodies are mostly short. Here there are fewer instructions, and everything
//! else comes together: values pending across statements, locals changed under them, branches with values out of the
//! middle of expressions, loops, calls of all kinds, exceptions. Loops and functions pay with the fuel of [`FUEL`].

use wasm_encoder::{
    BlockType, Catch, CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection,
    Function, FunctionSection, GlobalSection, GlobalType, ImportSection, Instruction, MemorySection, MemoryType,
    Module, RefType, TableSection, TableType, TagKind, TagSection, TagType, TypeSection, ValType,
};

use super::dense_ops as ops;
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

/// A function's body on the way.
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

    /// Consumes values of these types, the last one first.
    fn consume(&mut self, types: &[Ty]) {
        for &ty in types.iter().rev() {
            if self.words.one_in(6) {
                self.emit(Instruction::Drop);
            } else if self.words.one_in(6) {
                let global = 1 + GLOBALS.iter().position(|&global| global == ty).expect("one of each");
                self.emit(Instruction::GlobalSet(global as u32));
            } else {
                let local = self.local(ty);
                self.emit(Instruction::LocalSet(local));
            }
        }
    }

    fn statements(&mut self, depth: usize) {
        for _ in 0..1 + self.words.below(3) {
            self.statement(depth);
        }
    }

    fn statement(&mut self, depth: usize) {
        let ty = some_type(self.words);
        if depth > 5 || self.budget == 0 {
            self.expression(ty, depth);
            return self.consume(&[ty]);
        }
        match self.words.below(16) {
            0..=2 => {
                self.expression(ty, depth + 1);
                self.consume(&[ty]);
            }
            3 | 4 => {
                // Values stay pending while other things happen.
                let types = some_types(self.words, 5);
                self.expressions(&types, depth + 1);
                self.statements(depth + 1);
                self.consume(&types);
            }
            5 => {
                self.address(depth + 1);
                self.expression(ty, depth + 1);
                self.canonical(ty);
                let store = ops::store(self.words, ty);
                self.emit(store);
            }
            6 => {
                self.expression(Ty::I32, depth + 1);
                self.emit(Instruction::If(BlockType::Empty));
                self.labelled(vec![], |body| body.statements(depth + 1));
                if self.words.one_in(2) {
                    self.emit(Instruction::Else);
                    self.labelled(vec![], |body| body.statements(depth + 1));
                }
                self.emit(Instruction::End);
            }
            7 => self.loop_(depth),
            8 => self.block(depth),
            9 => self.branch(depth),
            10 => self.br_table(depth),
            11 => {
                let callee = self.words.below(self.signatures.len());
                self.call(callee, false, depth + 1);
                let results = self.signatures[callee].results.clone();
                self.consume(&results);
            }
            12 if self.profile.exceptions => self.try_table(depth),
            13 | 14 => self.counted_loop(depth),
            _ => {
                let (from, to) = (self.local(ty), self.local(ty));
                self.emit(Instruction::LocalGet(from));
                self.emit(Instruction::LocalGet(to));
                self.emit(Instruction::LocalSet(from));
                self.emit(Instruction::LocalSet(to));
            }
        }
    }

    fn labelled(&mut self, carried: Vec<Ty>, inside: impl FnOnce(&mut Self)) {
        self.labels.push(carried);
        inside(self);
        self.labels.pop();
    }

    /// A block with parameters and results.
    fn block(&mut self, depth: usize) {
        let (params, results) = (some_types(self.words, 2), some_types(self.words, 3));
        self.expressions(&params, depth + 1);
        let ty = self.block_type(&params, &results);
        self.emit(Instruction::Block(ty));
        self.labelled(results.clone(), |body| {
            body.consume(&params);
            body.statements(depth + 1);
            body.expressions(&results, depth + 1);
        });
        self.emit(Instruction::End);
        self.consume(&results);
    }

    /// A loop whose parameters go round, until the fuel or a condition ends it.
    fn loop_(&mut self, depth: usize) {
        let params = some_types(self.words, 2);
        self.expressions(&params, depth + 1);
        let ty = self.block_type(&params, &params);
        self.emit(Instruction::Loop(ty));
        self.labelled(params.clone(), |body| {
            body.pay();
            body.consume(&params);
            body.statements(depth + 1);
            body.expressions(&params, depth + 1);
            // Mostly a few rounds: while a bit of the fuel is set.
            body.emit(Instruction::GlobalGet(FUEL_GLOBAL));
            let mask = [1, 3, 6][body.words.below(3)];
            body.emit(Instruction::I32Const(mask));
            body.emit(Instruction::I32And);
            body.emit(Instruction::BrIf(0));
        });
        self.emit(Instruction::End);
        self.consume(&params);
    }

    /// A conditional branch, or an `if` with an unconditional one in it.
    fn branch(&mut self, depth: usize) {
        let label = self.words.below(self.labels.len());
        let target = (self.labels.len() - 1 - label) as u32;
        let types = self.labels[label].clone();
        if self.words.one_in(2) {
            self.expressions(&types, depth + 1);
            self.expression(Ty::I32, depth + 1);
            self.emit(Instruction::BrIf(target));
            self.consume(&types);
        } else {
            self.expression(Ty::I32, depth + 1);
            self.emit(Instruction::If(BlockType::Empty));
            self.labelled(vec![], |body| {
                body.expressions(&types, depth + 1);
                let exit =
                    if label == 0 && body.words.one_in(2) { Instruction::Return } else { Instruction::Br(target + 1) };
                body.emit(exit);
                if body.words.one_in(4) {
                    // Code that nothing reaches.
                    body.statement(depth + 1);
                }
            });
            self.emit(Instruction::End);
        }
    }

    /// Nested blocks that carry the same types, with other values below, and a `br_table` among them.
    fn br_table(&mut self, depth: usize) {
        let types = some_types(self.words, 2);
        let levels = 1 + self.words.below(4);
        let result = self.block_type(&[], &types);
        let below: Vec<Ty> = (0..levels).map(|_| some_type(self.words)).collect();
        for &ty in &below {
            self.expression(ty, depth + 2);
            self.emit(Instruction::Block(result));
            self.labels.push(types.clone());
        }
        self.expressions(&types, depth + 2);
        self.expression(Ty::I32, depth + 2);
        let mut targets: Vec<u32> = (0..self.words.below(6)).map(|_| self.words.below(levels) as u32).collect();
        let last = self.words.below(levels) as u32;
        if self.labels[0] == types {
            targets.push(self.labels.len() as u32 - 1);
        }
        self.emit(Instruction::BrTable(targets.into(), last));
        for &ty in below.iter().rev() {
            self.labels.pop();
            self.emit(Instruction::End);
            self.consume(&types);
            self.consume(&[ty]);
            // The blocks around end with these values too.
            if self.labels.len() > 1 && ty == Ty::I32 && self.words.one_in(3) {
                self.statement(depth + 2);
            }
            self.expressions(&types, depth + 2);
        }
        self.consume(&types);
    }

    /// A `try_table` in the blocks that its catches go to, with a value below.
    fn try_table(&mut self, depth: usize) {
        let below = some_type(self.words);
        let results = some_types(self.words, 2);
        let caught = self.block_type(&[], &TAG_TYPES);
        self.emit(Instruction::Block(BlockType::Empty));
        self.labels.push(vec![]);
        self.emit(Instruction::Block(caught));
        self.labels.push(TAG_TYPES.to_vec());
        self.expression(below, depth + 1);
        let ty = self.block_type(&[], &results);
        let mut catches = vec![Catch::One { tag: 0, label: 0 }];
        if self.words.one_in(2) {
            catches.insert(self.words.below(2), Catch::All { label: 1 });
        }
        self.emit(Instruction::TryTable(ty, catches.into()));
        self.labelled(results.clone(), |body| {
            body.statements(depth + 1);
            if body.words.one_in(2) {
                body.expression(Ty::I32, depth + 1);
                body.emit(Instruction::If(BlockType::Empty));
                body.labelled(vec![], |body| {
                    body.expressions(&TAG_TYPES, depth + 1);
                    body.emit(Instruction::Throw(0));
                });
                body.emit(Instruction::End);
            }
            body.expressions(&results, depth + 1);
        });
        self.emit(Instruction::End);
        self.consume(&results);
        self.consume(&[below]);
        self.expressions(&TAG_TYPES, depth + 1);
        self.labels.pop();
        self.emit(Instruction::End);
        self.consume(&TAG_TYPES);
        self.labels.pop();
        self.emit(Instruction::End);
    }

    /// A call by name, through the table or by reference.
    fn call(&mut self, callee: usize, tail: bool, depth: usize) {
        let Signature { params, index, .. } = self.signatures[callee].clone();
        self.expressions(&params, depth);
        let callee = callee as u32;
        let ways = if self.profile.function_references { 3 } else { 2 };
        let instruction = match (self.words.below(ways), tail) {
            (0, false) => Instruction::Call(callee),
            (0, true) => Instruction::ReturnCall(callee),
            (1, tail) => {
                self.emit(Instruction::I32Const(callee as i32));
                let (type_index, table_index) = (index, 0);
                if tail {
                    Instruction::ReturnCallIndirect { type_index, table_index }
                } else {
                    Instruction::CallIndirect { type_index, table_index }
                }
            }
            (_, tail) => {
                self.emit(Instruction::RefFunc(callee));
                if tail { Instruction::ReturnCallRef(index) } else { Instruction::CallRef(index) }
            }
        };
        self.emit(instruction);
    }

    fn expressions(&mut self, types: &[Ty], depth: usize) {
        types.iter().for_each(|&ty| self.expression(ty, depth));
    }

    /// Code that leaves one value.
    fn expression(&mut self, ty: Ty, depth: usize) {
        let leaf = depth > 5 || self.budget == 0;
        match self.words.below(if leaf { 4 } else { 16 }) {
            0..=2 => {
                let local = self.local(ty);
                self.emit(Instruction::LocalGet(local));
            }
            3 => {
                let constant = ops::constant(self.words, ty);
                self.emit(constant);
            }
            4 => {
                self.expression(ty, depth + 1);
                let local = self.local(ty);
                self.emit(Instruction::LocalTee(local));
            }
            5 => {
                self.address(depth + 1);
                let load = ops::load(self.words, ty);
                self.emit(load);
                self.flatten(ty);
            }
            6 => {
                self.expressions(&[ty, ty, Ty::I32], depth + 1);
                self.emit(Instruction::TypedSelect(val_type(ty)));
            }
            7 => {
                self.expression(Ty::I32, depth + 1);
                let result = self.block_type(&[], &[ty]);
                self.emit(Instruction::If(result));
                self.labelled(vec![ty], |body| body.expression(ty, depth + 1));
                self.emit(Instruction::Else);
                self.labelled(vec![ty], |body| {
                    body.statement(depth + 2);
                    body.expression(ty, depth + 1);
                });
                self.emit(Instruction::End);
            }
            8 => {
                let result = self.block_type(&[], &[ty]);
                self.emit(Instruction::Block(result));
                self.labelled(vec![ty], |body| {
                    body.expression(ty, depth + 1);
                    body.expression(Ty::I32, depth + 1);
                    body.emit(Instruction::BrIf(0));
                    body.consume(&[ty]);
                    body.statement(depth + 2);
                    body.expression(ty, depth + 1);
                });
                self.emit(Instruction::End);
            }
            9 => {
                let global = 1 + GLOBALS.iter().position(|&global| global == ty).expect("one of each");
                self.emit(Instruction::GlobalGet(global as u32));
            }
            _ => {
                let (operands, instruction) = ops::operation(self.words, ty);
                for &operand in operands {
                    self.expression(operand, depth + 1);
                    use Instruction::{F32Copysign, F64Copysign, I32ReinterpretF32, I64ReinterpretF64};
                    if matches!(instruction, F32Copysign | F64Copysign | I32ReinterpretF32 | I64ReinterpretF64) {
                        self.canonical(operand);
                    }
                }
                self.emit(instruction);
            }
        }
    }

    /// An address, mostly inside the memory: any value, or a base, an index and a constant as compilers add them.
    fn address(&mut self, depth: usize) {
        let kind = self.words.below(8);
        if kind < 4 {
            return self.part(depth, 0xfff8);
        }
        self.part(depth, 0x3ff8);
        if kind > 4 {
            self.part(depth, 0x3ff);
            if kind > 5 {
                let shift = self.words.below(5) as i32;
                self.emit(Instruction::I32Const(shift));
                self.emit(Instruction::I32Shl);
            }
            self.emit(Instruction::I32Add);
        }
        if self.words.one_in(2) {
            let constant = [4, 16, -4, -8, 0x100, 0x3fff, i32::MIN][self.words.below(7)];
            self.emit(Instruction::I32Const(constant));
            self.emit(Instruction::I32Add);
        }
    }

    /// A part of an address, at most `most` but for a few: in a local, or just computed.
    fn part(&mut self, depth: usize, most: i32) {
        self.expression(Ty::I32, depth);
        if !self.words.one_in(50) {
            self.emit(Instruction::I32Const(most));
            self.emit(Instruction::I32And);
        }
        if self.words.one_in(2) {
            let local = self.local(Ty::I32);
            self.emit(Instruction::LocalSet(local));
            self.emit(Instruction::LocalGet(local));
        }
    }

    /// A loop that counts up or down, as compilers write it: add, compare, branch.
    fn counted_loop(&mut self, depth: usize) {
        use Instruction::{I32GtS, I32LeS, I32LtS, I32LtU, I32Ne};
        let (counter, limit) = (self.local(Ty::I32), self.local(Ty::I32));
        self.expression(Ty::I32, depth + 1);
        self.emit(Instruction::I32Const(7));
        self.emit(Instruction::I32And);
        self.emit(Instruction::LocalSet(counter));
        self.emit(Instruction::Loop(BlockType::Empty));
        self.labelled(vec![], |body| {
            body.pay();
            body.statements(depth + 1);
            let up = body.words.one_in(2);
            body.emit(Instruction::LocalGet(counter));
            let step = if up { [1, 2, 4][body.words.below(3)] } else { -1 };
            body.emit(Instruction::I32Const(step));
            body.emit(Instruction::I32Add);
            if body.words.one_in(2) {
                body.emit(Instruction::LocalTee(counter));
            } else {
                body.emit(Instruction::LocalSet(counter));
                body.emit(Instruction::LocalGet(counter));
            }
            if !up && body.words.one_in(2) {
                // As it is: while it is not zero.
                body.emit(Instruction::BrIf(0));
                return;
            }
            if up && body.words.one_in(3) {
                body.emit(Instruction::LocalGet(limit));
            } else {
                let limit = if up { 8 + body.words.below(8) as i32 } else { 0 };
                body.emit(Instruction::I32Const(limit));
            }
            let compare = if up { [I32LtS, I32LtU, I32LeS, I32Ne][body.words.below(4)].clone() } else { I32GtS };
            body.emit(compare);
            body.emit(Instruction::BrIf(0));
        });
        self.emit(Instruction::End);
    }

    /// Makes one NaN of all: before something looks at a float's bits, or at a NaN's sign.
    fn canonical(&mut self, ty: Ty) {
        let (nan, eq) = match ty {
            Ty::F32 => (Instruction::F32Const(f32::NAN.into()), Instruction::F32Eq),
            Ty::F64 => (Instruction::F64Const(f64::NAN.into()), Instruction::F64Eq),
            _ => return,
        };
        let local = self.local(ty);
        self.emit(Instruction::LocalTee(local));
        self.emit(nan);
        self.emit(Instruction::LocalGet(local));
        self.emit(Instruction::LocalGet(local));
        self.emit(eq);
        self.emit(Instruction::Select);
    }

    /// A float that came out of memory may be any NaN; arithmetic on it would be as free.
    fn flatten(&mut self, ty: Ty) {
        self.canonical(ty);
    }
}
