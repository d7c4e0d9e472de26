//! The guest of [`host`](super::host): calls host functions of any type in every way there is and uses what they return.

use wasm_encoder::{
    BlockType, Catch, CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection,
    Function, FunctionSection, GlobalSection, GlobalType, HeapType, ImportSection, Instruction, MemArg, MemArgTarget,
    MemorySection, MemoryType, Module, RefType, TableSection, TableType, TagKind, TagSection, TagType, TypeSection,
    ValType,
};

use super::Feed;

/// Functions of these types are referred to by type.
const CONCRETE: u32 = 2;
/// Elements of each table at first.
const ELEMENTS: u64 = 6;
const AT: MemArg = MemArg { offset: 4, align: 0, target: MemArgTarget::Memory(0), ordering: None };

type Signature = (Vec<ValType>, Vec<ValType>);

/// A guest module. It imports its host functions from `"h"` under their numbers, and exports its own functions, a memory,
/// tables and globals.
pub fn module(feed: &mut Feed) -> Vec<u8> {
    let signatures: Vec<Signature> =
        (0..2 + feed.below(5)).map(|number| (types(feed, 5, number), types(feed, 4, number))).collect();
    let hosts = signatures.len() as u32;
    let mut imports = ImportSection::new();
    let (mut type_section, mut functions, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    let mut exports = ExportSection::new();
    for (number, (params, results)) in (0..).zip(&signatures) {
        type_section.ty().function(params.iter().copied(), results.iter().copied());
        imports.import("h", &number.to_string(), EntityType::Function(number));
    }
    // The tag's values are the first function's parameters; who catches them gets them as results of a block.
    type_section.ty().function(signatures[0].0.iter().copied(), []);
    type_section.ty().function([], signatures[0].0.iter().copied());
    let count = 2 + feed.below(12) as u32;
    for number in 0..count {
        let host = feed.below(hosts as usize) as u32;
        functions.function(host);
        exports.export(&format!("f{number}"), ExportKind::Func, hosts + number);
        code.function(&body(feed, &signatures, host, hosts + count));
    }
    let table = |element_type, table64| TableType {
        element_type,
        minimum: ELEMENTS,
        maximum: Some(ELEMENTS + 4),
        table64,
        shared: false,
    };
    let mut tables = TableSection::new();
    for (number, ty) in references().into_iter().enumerate() {
        let ValType::Ref(ty) = ty else { unreachable!("references") };
        tables.table(table(ty, number == 1));
        exports.export(&format!("t{number}"), ExportKind::Table, number as u32);
    }
    let mut globals = GlobalSection::new();
    for (number, ty) in all().into_iter().enumerate() {
        globals.global(GlobalType { val_type: ty, mutable: true, shared: false }, &initial(ty));
        exports.export(&format!("g{number}"), ExportKind::Global, number as u32);
    }
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { minimum: 1, maximum: Some(4), memory64: false, shared: false, page_size_log2: None });
    exports.export("memory", ExportKind::Memory, 0);
    let mut tags = TagSection::new();
    tags.tag(TagType { kind: TagKind::Exception, func_type_idx: hosts });
    let mut elements = ElementSection::new();
    let all_functions: Vec<u32> = (0..hosts + count).collect();
    let first: Vec<u32> = all_functions.iter().copied().take(ELEMENTS as usize).collect();
    elements.active(Some(0), &ConstExpr::i32_const(0), Elements::Functions(first.into()));
    elements.declared(Elements::Functions(all_functions.into()));
    let mut module = Module::new();
    module.section(&type_section).section(&imports).section(&functions).section(&tables).section(&memories);
    module.section(&tags).section(&globals).section(&exports).section(&elements).section(&code);
    module.finish()
}

/// The types of references that tables and globals are made for; `concrete` ones refer to earlier types.
fn references() -> Vec<ValType> {
    let concrete = |index| ValType::Ref(RefType { nullable: true, heap_type: HeapType::Concrete(index) });
    let mut types = vec![ValType::FUNCREF, ValType::EXTERNREF, ValType::Ref(RefType::EXNREF)];
    types.extend((0..CONCRETE).map(concrete));
    types
}

fn all() -> Vec<ValType> {
    let mut types = vec![ValType::I32, ValType::I64, ValType::F32, ValType::F64, ValType::V128];
    types.extend(references());
    types
}

/// Up to `most` types; the first types of all name no other.
fn types(feed: &mut Feed, most: usize, number: usize) -> Vec<ValType> {
    let choice = if number < CONCRETE as usize { all().len() - CONCRETE as usize } else { all().len() };
    (0..feed.below(most + 1)).map(|_| all()[feed.below(choice)]).collect()
}

fn initial(ty: ValType) -> ConstExpr {
    match ty {
        ValType::I32 => ConstExpr::i32_const(1),
        ValType::I64 => ConstExpr::i64_const(-1),
        ValType::F32 => ConstExpr::f32_const(0.5f32.into()),
        ValType::F64 => ConstExpr::f64_const(0.5f64.into()),
        ValType::V128 => ConstExpr::v128_const(3),
        ValType::Ref(ty) => ConstExpr::ref_null(ty.heap_type),
    }
}

/// Where a table or a global of that type is.
fn place(ty: ValType, among: &[ValType]) -> u32 {
    among.iter().position(|&other| other == ty).expect("made for every type") as u32
}

struct Body<'a> {
    feed: &'a mut Feed,
    signatures: &'a [Signature],
    params: &'a [ValType],
    function: Function,
    functions: u32,
}

/// A function of host function `host`'s type: calls host functions and others, uses their results, and ends with a call
/// of `host`, whose results it returns.
fn body(feed: &mut Feed, signatures: &[Signature], host: u32, functions: u32) -> Function {
    let calls: Vec<u32> = (0..feed.below(4)).map(|_| feed.below(signatures.len()) as u32).collect();
    let params = &signatures[host as usize].0;
    let locals: Vec<ValType> = calls.iter().flat_map(|&call| signatures[call as usize].1.iter().copied()).collect();
    let function = Function::new_with_locals_types(locals);
    let mut body = Body { feed, signatures, params, function, functions };
    let mut local = params.len() as u32;
    for call in calls {
        let results = &signatures[call as usize].1;
        body.call(call, false);
        for number in (0..results.len() as u32).rev() {
            body.emit(&Instruction::LocalSet(local + number));
        }
        for (&ty, number) in results.iter().zip(local..) {
            body.use_value(number, ty);
        }
        local += results.len() as u32;
    }
    body.call(host, true);
    body.emit(&Instruction::End);
    body.function
}

impl Body<'_> {
    fn emit(&mut self, instruction: &Instruction<'_>) {
        self.function.instruction(instruction);
    }

    fn all(&mut self, instructions: &[Instruction<'_>]) {
        instructions.iter().for_each(|instruction| self.emit(instruction));
    }

    /// Calls a function of type `ty` with values of its parameters; `tail`: as the function's last deed.
    fn call(&mut self, ty: u32, tail: bool) {
        if self.feed.below(4) == 3 {
            self.caught(|body| {
                for &param in &body.signatures[0].0 {
                    body.push(param);
                }
                body.emit(&Instruction::Throw(0));
            });
        }
        let catches = self.feed.below(3) == 2 && self.signatures[ty as usize].1.is_empty() && !tail;
        if catches { self.caught(|body| body.plain_call(ty, false)) } else { self.plain_call(ty, tail) }
    }

    /// What `inner` throws is caught: with its values, which are dropped, or with its reference, which is kept.
    fn caught(&mut self, inner: impl FnOnce(&mut Self)) {
        let values = self.feed.below(2) == 1;
        let ty = match values {
            true => BlockType::FunctionType(self.signatures.len() as u32 + 1),
            false => BlockType::Result(ValType::Ref(RefType::EXNREF)),
        };
        let catch = if values { Catch::One { tag: 0, label: 0 } } else { Catch::AllRef { label: 0 } };
        let catches = [catch];
        let try_table = Instruction::TryTable(BlockType::Empty, catches.as_slice().into());
        self.all(&[Instruction::Block(BlockType::Empty), Instruction::Block(ty), try_table]);
        inner(self);
        self.all(&[Instruction::Br(2), Instruction::End, Instruction::Unreachable, Instruction::End]);
        if values {
            for _ in &self.signatures[0].0 {
                self.emit(&Instruction::Drop);
            }
        } else {
            self.emit(&Instruction::GlobalSet(place(ValType::Ref(RefType::EXNREF), &all())));
        }
        self.emit(&Instruction::End);
    }

    fn plain_call(&mut self, ty: u32, tail: bool) {
        let params = &self.signatures[ty as usize].0;
        for &param in params {
            self.push(param);
        }
        match (self.feed.below(7), tail) {
            (0 | 1, true) => self.emit(&Instruction::ReturnCall(ty)),
            (2, _) => {
                let element = self.feed.byte() as i32 % 8;
                self.emit(&Instruction::I32Const(element));
                let (type_index, table_index) = (ty, 0);
                self.emit(&match tail {
                    true => Instruction::ReturnCallIndirect { type_index, table_index },
                    false => Instruction::CallIndirect { type_index, table_index },
                });
            }
            (3, _) => {
                self.emit(&Instruction::RefFunc(ty));
                self.emit(&if tail { Instruction::ReturnCallRef(ty) } else { Instruction::CallRef(ty) });
            }
            // Whatever is in the global of the type, null at first.
            (4, _) if ty < CONCRETE => {
                let ty_ref = ValType::Ref(RefType { nullable: true, heap_type: HeapType::Concrete(ty) });
                self.emit(&Instruction::GlobalGet(place(ty_ref, &all())));
                self.emit(&if tail { Instruction::ReturnCallRef(ty) } else { Instruction::CallRef(ty) });
            }
            _ => self.emit(&Instruction::Call(ty)),
        }
    }

    /// A value of that type: a parameter, a global, a constant, an element.
    fn push(&mut self, ty: ValType) {
        let params: Vec<u32> = (0..).zip(self.params).filter(|&(_, &param)| param == ty).map(|(at, _)| at).collect();
        let choice = self.feed.below(4);
        if choice == 0 && !params.is_empty() {
            let param = params[self.feed.below(params.len())];
            return self.emit(&Instruction::LocalGet(param));
        }
        match (choice, ty) {
            (1, _) => self.emit(&Instruction::GlobalGet(place(ty, &all()))),
            (2, ValType::Ref(_)) => {
                let table = place(ty, &references());
                let element = self.feed.byte() as i64 % 8;
                self.emit(&if table == 1 {
                    Instruction::I64Const(element)
                } else {
                    Instruction::I32Const(element as i32)
                });
                self.emit(&Instruction::TableGet(table));
            }
            (3, ValType::Ref(RefType { heap_type: HeapType::Concrete(index), .. })) => {
                self.emit(&Instruction::RefFunc(index));
            }
            (3, ValType::FUNCREF) => {
                let function = self.feed.below(self.functions as usize) as u32;
                self.emit(&Instruction::RefFunc(function));
            }
            (_, ValType::Ref(ty)) => self.emit(&Instruction::RefNull(ty.heap_type)),
            (_, ValType::I32) => {
                let number = self.feed.byte() as i8 as i32;
                self.emit(&Instruction::I32Const(number));
            }
            (_, ValType::I64) => {
                let number = self.feed.word() as i64;
                self.emit(&Instruction::I64Const(number));
            }
            (_, ValType::F32) => self.emit(&Instruction::F32Const(f32::NAN.into())),
            (_, ValType::F64) => self.emit(&Instruction::F64Const(1.5f64.into())),
            (_, ValType::V128) => self.emit(&Instruction::V128Const(0x0102_0304_0506_0708_090a)),
        }
    }

    /// Does something with a result.
    fn use_value(&mut self, local: u32, ty: ValType) {
        let choice = self.feed.below(6);
        let get = Instruction::LocalGet(local);
        let set_global = Instruction::GlobalSet(place(ty, &all()));
        match (choice, ty) {
            (0, _) => {}
            (1, ValType::I32) => self.all(&[get, Instruction::I32Load(AT), Instruction::Drop]),
            (2, ValType::I32) => {
                self.all(&[get, Instruction::I64Const(7), Instruction::I64Store(AT)]);
            }
            (3, ValType::I32) => {
                let block = Instruction::Block(BlockType::Empty);
                let table = Instruction::BrTable([0, 1, 0].as_slice().into(), 1);
                let end = Instruction::End;
                self.all(&[block.clone(), block, get, table, end.clone(), end]);
            }
            (4, ValType::I32) => {
                let one = Instruction::I32Const(3);
                self.all(&[get, one, Instruction::I32And, Instruction::MemoryGrow(0), Instruction::Drop]);
            }
            (1, ValType::I64) => self.all(&[get, Instruction::TableGet(1), Instruction::Drop]),
            (2, ValType::I64) => {
                let address = Instruction::I32WrapI64;
                self.all(&[get, address, Instruction::F32Load(AT), Instruction::Drop]);
            }
            (1, ValType::V128) => {
                self.all(&[Instruction::I32Const(16), get, Instruction::V128Store(AT)]);
            }
            (1..=3, ValType::Ref(_)) => self.use_reference(choice, get, ty),
            (4, ValType::Ref(RefType::EXNREF)) => self.all(&[get, Instruction::ThrowRef]),
            (4, ValType::Ref(RefType { heap_type: HeapType::Concrete(index), .. })) => {
                for &param in &self.signatures[index as usize].0 {
                    self.push(param);
                }
                self.all(&[get, Instruction::CallRef(index)]);
                for _ in &self.signatures[index as usize].1 {
                    self.emit(&Instruction::Drop);
                }
            }
            (4, ValType::Ref(_)) => self.all(&[get, Instruction::RefIsNull, Instruction::Drop]),
            _ => self.all(&[get, set_global]),
        }
    }

    /// Puts a reference into its table: one element, new elements, a range.
    fn use_reference(&mut self, choice: usize, get: Instruction<'_>, ty: ValType) {
        let table = place(ty, &references());
        let number = |n: i64| if table == 1 { Instruction::I64Const(n) } else { Instruction::I32Const(n as i32) };
        let element = number(self.feed.byte() as i64 % 8);
        match choice {
            1 => self.all(&[element, get, Instruction::TableSet(table)]),
            2 => self.all(&[get, number(1), Instruction::TableGrow(table), Instruction::Drop]),
            _ => self.all(&[element, get, number(2), Instruction::TableFill(table)]),
        }
    }
}
