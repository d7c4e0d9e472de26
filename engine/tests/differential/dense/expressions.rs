//! Code that leaves values: locals, constants, operators, loads, conditions, and the addresses that loads and stores take.

use wasm_encoder::Instruction;

use super::{Body, Ty, global_of, ops, val_type};

impl Body<'_> {
    pub(super) fn expressions(&mut self, types: &[Ty], depth: usize) {
        types.iter().for_each(|&ty| self.expression(ty, depth));
    }

    /// Code that leaves one value.
    pub(super) fn expression(&mut self, ty: Ty, depth: usize) {
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
                // A float that came out of memory may be any NaN; arithmetic on it would be as free.
                self.canonical(ty);
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
                self.emit(Instruction::GlobalGet(global_of(ty)));
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
    pub(super) fn address(&mut self, depth: usize) {
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

    /// Makes one NaN of all: before something looks at a float's bits, or at a NaN's sign.
    pub(super) fn canonical(&mut self, ty: Ty) {
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
}
