//! Code that leaves nothing on the stack: blocks, loops, branches, calls, stores, `try_table`.

use wasm_encoder::{BlockType, Catch, Instruction};

use super::{Body, FUEL_GLOBAL, Signature, TAG_TYPES, Ty, global_of, ops, some_type, some_types};

impl Body<'_> {
    /// Consumes values of these types, the last one first.
    pub(super) fn consume(&mut self, types: &[Ty]) {
        for &ty in types.iter().rev() {
            if self.words.one_in(6) {
                self.emit(Instruction::Drop);
            } else if self.words.one_in(6) {
                self.emit(Instruction::GlobalSet(global_of(ty)));
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

    pub(super) fn statement(&mut self, depth: usize) {
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

    /// A call by name, through the table or by reference.
    pub(super) fn call(&mut self, callee: usize, tail: bool, depth: usize) {
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
}
