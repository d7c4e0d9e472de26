//! Operators, one by one.

use wasmparser::Operator;

use super::Translator;
use super::emit::{Operand, stageable};
use super::stack::{Entry, Place};
use crate::code::{Row, TO_ACC, fields, fields_imm};
use crate::error::{Error, operator_name};
use crate::types::{FuncType, ValType};

use ValType::{F32, F64, I32, I64};

impl Translator<'_> {
    /// Translates one operator, which the validator has accepted.
    pub(super) fn operator(&mut self, operator: &Operator<'_>, offset: u64) -> Result<(), Error> {
        if let Some(depth) = self.unreachable {
            match operator {
                Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::If { .. }
                | Operator::Try { .. }
                | Operator::TryTable { .. } => self.unreachable = Some(depth + 1),
                Operator::Else if depth == 0 => return self.else_(),
                Operator::Catch { tag_index } if depth == 0 => return self.legacy_catch(Some(*tag_index)),
                Operator::CatchAll if depth == 0 => return self.legacy_catch(None),
                Operator::Delegate { relative_depth } if depth == 0 => return self.delegate(*relative_depth),
                Operator::End if depth == 0 => return self.end(),
                Operator::End | Operator::Delegate { .. } => self.unreachable = Some(depth - 1),
                _ => {}
            }
            return Ok(());
        }
        self.charge(operator);
        match *operator {
            // control
            Operator::Nop => Ok(()),
            Operator::Unreachable => {
                self.emit(Row::Unreachable, 0, 0);
                // One word.
                self.code.pop();
                self.become_unreachable();
                Ok(())
            }
            Operator::Block { blockty } => self.block(blockty),
            Operator::Loop { blockty } => self.loop_(blockty),
            Operator::If { blockty } => self.if_(blockty),
            Operator::Else => self.else_(),
            Operator::End => self.end(),
            Operator::Br { relative_depth } => {
                self.br(relative_depth);
                Ok(())
            }
            Operator::BrIf { relative_depth } => {
                self.br_if(relative_depth);
                Ok(())
            }
            Operator::BrTable { ref targets } => self.br_table(targets),
            Operator::Return => {
                self.return_values();
                self.become_unreachable();
                Ok(())
            }
            Operator::TryTable { ref try_table } => {
                self.try_table(try_table);
                Ok(())
            }
            Operator::Try { blockty } => {
                self.legacy_try(blockty);
                Ok(())
            }
            Operator::Catch { tag_index } => self.legacy_catch(Some(tag_index)),
            Operator::CatchAll => self.legacy_catch(None),
            Operator::Delegate { relative_depth } => self.delegate(relative_depth),
            Operator::Throw { tag_index } => self.throw(tag_index),
            Operator::ThrowRef => {
                self.throw_ref();
                Ok(())
            }
            Operator::Rethrow { relative_depth } => {
                self.rethrow(relative_depth);
                Ok(())
            }
            Operator::Call { function_index } => self.call(function_index),
            Operator::CallIndirect { type_index, table_index } => self.call_indirect(type_index, table_index),
            Operator::ReturnCall { function_index } => self.return_call(function_index),
            Operator::ReturnCallIndirect { type_index, table_index } => {
                self.return_call_indirect(type_index, table_index)
            }

            // parametric and variables
            Operator::Drop => {
                self.stack.pop();
                Ok(())
            }
            Operator::Select | Operator::TypedSelect { .. } => self.select(),
            Operator::LocalGet { local_index } => {
                let (slot, ty) = self.locals[local_index as usize];
                self.push(ty, Place::Local(slot))
            }
            Operator::LocalSet { local_index } => {
                self.set_local(local_index);
                Ok(())
            }
            Operator::LocalTee { local_index } => {
                self.set_local(local_index);
                let (slot, ty) = self.locals[local_index as usize];
                self.push(ty, Place::Local(slot))
            }
            Operator::GlobalGet { global_index } => self.global_get(global_index),
            Operator::GlobalSet { global_index } => {
                self.global_set(global_index);
                Ok(())
            }

            // constants
            Operator::I32Const { value } => self.push(I32, Place::Const(value as u32 as u64)),
            Operator::I64Const { value } => self.push(I64, Place::Const(value as u64)),
            Operator::F32Const { value } => self.push(F32, Place::Const(value.bits() as u64)),
            Operator::F64Const { value } => self.push(F64, Place::Const(value.bits())),

            // references
            Operator::RefNull { .. } => self.push(ValType::FuncRef, Place::Const(0)),
            Operator::RefAsNonNull => {
                let reference = self.stack.pop();
                let slot = self.slot_of(&reference);
                self.emit(Row::RefAsNonNull, 0, fields(slot, 0, 0, 0));
                self.push(reference.ty, if slot == reference.slot { Place::Slot } else { Place::Local(slot) })
            }
            Operator::BrOnNull { relative_depth } => self.br_on_null(relative_depth),
            Operator::BrOnNonNull { relative_depth } => {
                self.br_on_non_null(relative_depth);
                Ok(())
            }
            Operator::CallRef { type_index } => self.call_ref(type_index),
            Operator::ReturnCallRef { type_index } => self.return_call_ref(type_index),
            Operator::RefIsNull => {
                self.push(I64, Place::Const(0))?;
                self.binary(Row::I64Eq, I32)
            }
            Operator::RefFunc { function_index } => self.result_to_slot(ValType::FuncRef, Row::RefFunc, function_index),

            // memory
            Operator::MemorySize { mem } => {
                self.result_to_slot(index_type(self.sections.memories[mem as usize].memory64), Row::MemorySize, mem)
            }
            Operator::MemoryGrow { mem } => {
                let delta = self.pop_slot();
                let to = self.next_slot() as u16;
                let wide = self.sections.memories[mem as usize].memory64;
                self.emit(Row::MemoryGrow, wide as u16, fields_imm(to, delta, mem));
                self.push(index_type(wide), Place::Slot)
            }
            Operator::MemoryFill { mem } => self.three(Row::MemoryFill, self.memory64(mem), mem, 0),
            Operator::MemoryCopy { dst_mem, src_mem } => {
                let wide = self.memory64(dst_mem) | self.memory64(src_mem) << 1;
                self.three(Row::MemoryCopy, wide, dst_mem, src_mem)
            }
            Operator::MemoryInit { data_index, mem } => {
                self.three(Row::MemoryInit, self.memory64(mem), mem, data_index)
            }
            Operator::DataDrop { data_index } => {
                self.emit(Row::DataDrop, 0, fields_imm(0, 0, data_index));
                Ok(())
            }

            // tables
            Operator::TableGet { table } => {
                let index = self.pop_slot();
                let to = self.next_slot() as u16;
                self.emit(Row::TableGet, self.table64(table), fields_imm(to, index, table));
                self.push(self.sections.tables[table as usize].element, Place::Slot)
            }
            Operator::TableSet { table } => {
                let value = self.pop_slot();
                let index = self.pop_slot();
                self.emit(Row::TableSet, self.table64(table), fields_imm(index, value, table));
                Ok(())
            }
            Operator::TableSize { table } => {
                self.result_to_slot(index_type(self.sections.tables[table as usize].table64), Row::TableSize, table)
            }
            Operator::TableGrow { table } => {
                let delta = self.pop_slot();
                let value = self.pop_slot();
                let to = self.next_slot() as u16;
                let variant = self.metered(Row::TableGrow, self.table64(table));
                self.emit(Row::TableGrow, variant, fields(to, value, delta, 0));
                self.code.push(table as u64);
                self.push(index_type(self.sections.tables[table as usize].table64), Place::Slot)
            }
            Operator::TableFill { table } => self.three(Row::TableFill, self.table64(table), table, 0),
            Operator::TableCopy { dst_table, src_table } => {
                let wide = self.table64(dst_table) | self.table64(src_table) << 1;
                self.three(Row::TableCopy, wide, dst_table, src_table)
            }
            Operator::TableInit { elem_index, table } => {
                self.three(Row::TableInit, self.table64(table), table, elem_index)
            }
            Operator::ElemDrop { elem_index } => {
                self.emit(Row::ElemDrop, 0, fields_imm(0, 0, elem_index));
                Ok(())
            }

            ref other => {
                #[cfg(feature = "simd")]
                if self.vector(other)? {
                    return Ok(());
                }
                if self.atomic(other)? || self.wide(other)? { Ok(()) } else { self.numeric(other, offset) }
            }
        }
    }

    /// Loads, stores, arithmetic, comparisons and conversions.
    fn numeric(&mut self, operator: &Operator<'_>, offset: u64) -> Result<(), Error> {
        /// From the operator to its row: same name, and the types of address or operands and result.
        macro_rules! by_name {
            (
                load { $($load:ident: $load_ty:ident $load_size:literal,)* }
                store { $($store:ident: $store_size:literal,)* }
                binary { $($binary:ident: $binary_ty:ident,)* }
                unary { $($unary:ident: $unary_ty:ident,)* }
            ) => {
                match *operator {
                    $(Operator::$load { memarg } => self.load(Row::$load, $load_ty, $load_size, memarg),)*
                    $(Operator::$store { memarg } => self.store(Row::$store, $store_size, memarg),)*
                    $(Operator::$binary => self.binary(Row::$binary, $binary_ty),)*
                    $(Operator::$unary => self.unary(Row::$unary, $unary_ty),)*
                    Operator::I32Eqz => self.eqz(Row::I32Eq, I32),
                    Operator::I64Eqz => self.eqz(Row::I64Eq, I64),
                    ref other => Err(Error::unsupported(format!("instruction {}", operator_name(other)), offset)),
                }
            };
        }
        by_name! {
            load {
                I32Load: I32 4, I64Load: I64 8, F32Load: F32 4, F64Load: F64 8,
                I32Load8S: I32 1, I32Load8U: I32 1, I32Load16S: I32 2, I32Load16U: I32 2,
                I64Load8S: I64 1, I64Load8U: I64 1, I64Load16S: I64 2, I64Load16U: I64 2,
                I64Load32S: I64 4, I64Load32U: I64 4,
            }
            store {
                I32Store: 4, I64Store: 8, F32Store: 4, F64Store: 8,
                I32Store8: 1, I32Store16: 2, I64Store8: 1, I64Store16: 2, I64Store32: 4,
            }
            binary {
                I32Add: I32, I32Sub: I32, I32Mul: I32, I32And: I32, I32Or: I32, I32Xor: I32, I32Shl: I32, I32ShrS: I32,
                I32ShrU: I32, I32Rotl: I32, I32Rotr: I32, I32DivS: I32, I32DivU: I32, I32RemS: I32, I32RemU: I32,
                I64Add: I64, I64Sub: I64, I64Mul: I64, I64And: I64, I64Or: I64, I64Xor: I64, I64Shl: I64, I64ShrS: I64,
                I64ShrU: I64, I64Rotl: I64, I64Rotr: I64, I64DivS: I64, I64DivU: I64, I64RemS: I64, I64RemU: I64,
                I32Eq: I32, I32Ne: I32, I32LtS: I32, I32LtU: I32, I32GtS: I32, I32GtU: I32, I32LeS: I32, I32LeU: I32,
                I32GeS: I32, I32GeU: I32,
                I64Eq: I32, I64Ne: I32, I64LtS: I32, I64LtU: I32, I64GtS: I32, I64GtU: I32, I64LeS: I32, I64LeU: I32,
                I64GeS: I32, I64GeU: I32,
                F32Eq: I32, F32Ne: I32, F32Lt: I32, F32Gt: I32, F32Le: I32, F32Ge: I32,
                F64Eq: I32, F64Ne: I32, F64Lt: I32, F64Gt: I32, F64Le: I32, F64Ge: I32,
                F32Add: F32, F32Sub: F32, F32Mul: F32, F32Div: F32, F32Min: F32, F32Max: F32, F32Copysign: F32,
                F64Add: F64, F64Sub: F64, F64Mul: F64, F64Div: F64, F64Min: F64, F64Max: F64, F64Copysign: F64,
            }
            unary {
                I32Clz: I32, I32Ctz: I32, I32Popcnt: I32, I32Extend8S: I32, I32Extend16S: I32,
                I64Clz: I64, I64Ctz: I64, I64Popcnt: I64, I64Extend8S: I64, I64Extend16S: I64, I64Extend32S: I64,
                F32Abs: F32, F32Neg: F32, F32Ceil: F32, F32Floor: F32, F32Trunc: F32, F32Nearest: F32, F32Sqrt: F32,
                F64Abs: F64, F64Neg: F64, F64Ceil: F64, F64Floor: F64, F64Trunc: F64, F64Nearest: F64, F64Sqrt: F64,
                I32WrapI64: I32, I64ExtendI32S: I64, I64ExtendI32U: I64,
                I32TruncF32S: I32, I32TruncF32U: I32, I32TruncF64S: I32, I32TruncF64U: I32,
                I64TruncF32S: I64, I64TruncF32U: I64, I64TruncF64S: I64, I64TruncF64U: I64,
                I32TruncSatF32S: I32, I32TruncSatF32U: I32, I32TruncSatF64S: I32, I32TruncSatF64U: I32,
                I64TruncSatF32S: I64, I64TruncSatF32U: I64, I64TruncSatF64S: I64, I64TruncSatF64U: I64,
                F32ConvertI32S: F32, F32ConvertI32U: F32, F32ConvertI64S: F32, F32ConvertI64U: F32,
                F64ConvertI32S: F64, F64ConvertI32U: F64, F64ConvertI64S: F64, F64ConvertI64U: F64,
                F32DemoteF64: F32, F64PromoteF32: F64,
                I32ReinterpretF32: I32, I64ReinterpretF64: I64, F32ReinterpretI32: F32, F64ReinterpretI64: F64,
            }
        }
    }

    /// Translates 128-bit arithmetic; `false` when it is something else.
    fn wide(&mut self, operator: &Operator<'_>) -> Result<bool, Error> {
        let row = match operator {
            Operator::I64Add128 => Row::I64Add128,
            Operator::I64Sub128 => Row::I64Sub128,
            Operator::I64MulWideS => Row::I64MulWideS,
            Operator::I64MulWideU => Row::I64MulWideU,
            _ => return Ok(false),
        };
        if matches!(row, Row::I64MulWideS | Row::I64MulWideU) {
            let (b, a) = (self.pop_slot(), self.pop_slot());
            let to = self.next_slot() as u16;
            self.emit(row, 0, fields(to, a, b, 0));
        } else {
            let (d, c, b, a) = (self.pop_slot(), self.pop_slot(), self.pop_slot(), self.pop_slot());
            let to = self.next_slot();
            self.emit(row, 0, fields(a, b, c, d));
            self.code.push(to as u64);
        }
        self.push_settled(&[I64, I64])?;
        Ok(true)
    }

    /// Pops a value and brings it to a slot.
    pub(super) fn pop_slot(&mut self) -> u16 {
        let entry = self.stack.pop();
        self.slot_of(&entry)
    }

    /// Emits an instruction whose result goes to the slot of its height.
    fn result_to_slot(&mut self, ty: ValType, row: Row, immediate: u32) -> Result<(), Error> {
        let to = self.next_slot() as u16;
        self.emit(row, 0, fields_imm(to, 0, immediate));
        self.push(ty, Place::Slot)
    }

    /// 1 when that memory has 64-bit addresses, else 0.
    fn memory64(&self, memory: u32) -> u16 {
        self.sections.memories[memory as usize].memory64 as u16
    }

    /// 1 when that table has 64-bit indices, else 0.
    fn table64(&self, table: u32) -> u16 {
        self.sections.tables[table as usize].table64 as u16
    }

    /// An instruction with three operands in slots and two indices.
    fn three(&mut self, row: Row, variant: u16, low: u32, high: u32) -> Result<(), Error> {
        let (c, b, a) = (self.stack.pop(), self.stack.pop(), self.stack.pop());
        let (a, b, c) = (self.slot_of(&a), self.slot_of(&b), self.slot_of(&c));
        self.emit(row, self.metered(row, variant), fields(a, b, c, 0));
        self.code.push(low as u64 | (high as u64) << 32);
        Ok(())
    }

    fn select(&mut self) -> Result<(), Error> {
        let (condition, no, yes) = (self.stack.pop(), self.stack.pop(), self.stack.pop());
        if yes.ty.slots() == 1
            && let Some(condition) = self.comparison(&condition, |row| row.select().is_some())
        {
            let row = condition.row.select().expect("asked for");
            let (no_slot, yes_slot) = (self.slot_of(&no), self.slot_of(&yes));
            let values = yes_slot as u64 | (no_slot as u64) << 16;
            let (variant, operands) = (condition.variant * 2, condition.operands & !0xffff);
            if matches!(yes.ty, F32 | F64) {
                let to = self.next_slot() as u16;
                self.emit(row, variant, operands | to as u64);
                self.code.push(values);
                return self.push(yes.ty, Place::Slot);
            }
            self.spill(yes.ty);
            let producer = self.emit(row, variant | TO_ACC, operands);
            self.code.push(values);
            return self.push_acc(yes.ty, producer);
        }
        let condition = self.slot_or_acc(&condition);
        let (no_slot, yes_slot) = (self.slot_of(&no), self.slot_of(&yes));
        let (variant, condition) = match condition {
            Operand::Slot(slot) => (0, slot),
            _ => (2, 0),
        };
        if yes.ty == ValType::V128 {
            let to = self.next_slot() as u16;
            self.emit(Row::SelectWide, variant / 2, fields(to, yes_slot, no_slot, condition));
            self.push(yes.ty, Place::Slot)
        } else if matches!(yes.ty, F32 | F64) {
            let to = self.next_slot() as u16;
            self.emit(Row::Select, variant, fields(to, yes_slot, no_slot, condition));
            self.push(yes.ty, Place::Slot)
        } else {
            self.spill(yes.ty);
            let producer = self.emit(Row::Select, variant | TO_ACC, fields(0, yes_slot, no_slot, condition));
            self.push_acc(yes.ty, producer)
        }
    }

    fn global_get(&mut self, index: u32) -> Result<(), Error> {
        let ty = self.sections.globals[index as usize].content;
        match ty {
            ValType::V128 => self.result_to_slot(ty, Row::GlobalGetWide, index),
            F32 | F64 => self.result_to_slot(ty, Row::GlobalGet, index),
            _ => {
                self.spill(ty);
                let producer = self.emit(Row::GlobalGet, TO_ACC, fields_imm(0, 0, index));
                self.push_acc(ty, producer)
            }
        }
    }

    fn global_set(&mut self, index: u32) {
        let value = self.stack.pop();
        if value.ty == ValType::V128 {
            let from = self.slot_of(&value);
            self.emit(Row::GlobalSetWide, 0, fields_imm(0, from, index));
            return;
        }
        let operand = match value.ty {
            F32 | F64 => Operand::Slot(self.slot_of(&value)),
            _ => self.slot_or_acc(&value),
        };
        match operand {
            Operand::Slot(from) => self.emit(Row::GlobalSet, 0, fields_imm(0, from, index)),
            _ => self.emit(Row::GlobalSet, 1, fields_imm(0, 0, index)),
        };
    }

    /// Brings a call's arguments to consecutive slots and returns the first slot of the call.
    fn stage(&mut self, ty: &FuncType) -> Result<u16, Error> {
        self.stage_but(ty, 0)
    }

    /// As [`stage`](Self::stage), but for the last `left` arguments, which the call puts in place.
    fn stage_but(&mut self, ty: &FuncType, left: usize) -> Result<u16, Error> {
        let (count, len) = (ty.params().len(), self.stack.len());
        self.settle_range(len - count, len - left);
        self.settle_accs();
        let base = match self.stack.entries.get(len - count) {
            Some(&Entry { slot, .. }) => slot as usize,
            None => self.next_slot(),
        };
        // The callee's record has to fit whatever the callee is; see `exec::handlers::calls`.
        self.need_slots(base + ty.call_slots() + 2)?;
        self.stack.truncate(len - count);
        Ok(base as u16)
    }

    /// As [`stage`](Self::stage); locals and small constants that are one or two last arguments of at most three become the
    /// call's own operands. Returns the first slot, the variant and the operands.
    fn stage_last(&mut self, ty: &FuncType) -> Result<(u16, u16, [u16; 2]), Error> {
        let arguments = &self.stack.entries[self.stack.len() - ty.params().len()..];
        let last: Vec<_> = arguments.iter().rev().take(2).map_while(stageable).collect();
        // The slot, within the call, of the first of them.
        let at = match arguments.len().checked_sub(last.len()).and_then(|index| arguments.get(index)) {
            Some(entry) => entry.slot - arguments[0].slot,
            None => 0,
        };
        let (variant, operands) = match last[..] {
            [(a, immediate)] if at < 2 => (1 + at * 2 + immediate as u16, [a, 0]),
            [(b, second), (a, first)] if at < 2 => (5 + at * 4 + first as u16 + 2 * second as u16, [a, b]),
            _ => return Ok((self.stage(ty)?, 0, [0; 2])),
        };
        let left = last.len();
        Ok((self.stage_but(ty, left)?, variant, operands))
    }

    fn call(&mut self, func: u32) -> Result<(), Error> {
        let ty = &self.sections.types[self.sections.funcs[func as usize] as usize];
        let (base, variant, [a, b]) = self.stage_last(ty)?;
        let row = if (func as usize) < self.sections.imported_funcs { Row::CallImport } else { Row::Call };
        self.emit(row, variant, fields(base, ty.call_slots() as u16, a, b));
        self.code.push(func as u64);
        self.push_settled(ty.results())
    }

    fn call_indirect(&mut self, type_index: u32, table: u32) -> Result<(), Error> {
        let index = self.stack.pop();
        let operand = self.slot_or_acc(&index);
        let ty = &self.sections.types[type_index as usize];
        let base = self.stage(ty)?;
        let (variant, slot) = match operand {
            Operand::Slot(slot) => (0, slot),
            _ => (1, 0),
        };
        self.emit(Row::CallIndirect, variant + 2 * self.table64(table), fields(base, ty.call_slots() as u16, slot, 0));
        self.code.push(self.sections.type_ids[type_index as usize] as u64 | (table as u64) << 32);
        self.push_settled(ty.results())
    }

    fn call_ref(&mut self, type_index: u32) -> Result<(), Error> {
        let reference = self.pop_slot();
        let ty = &self.sections.types[type_index as usize];
        let base = self.stage(ty)?;
        self.emit(Row::CallRef, 0, fields(base, ty.call_slots() as u16, reference, 0));
        self.code.push(self.sections.type_ids[type_index as usize] as u64);
        self.push_settled(ty.results())
    }

    fn return_call_ref(&mut self, type_index: u32) -> Result<(), Error> {
        if self.listens.is_some() {
            self.call_ref(type_index)?;
            self.return_values();
        } else {
            let reference = self.pop_slot();
            let ty = &self.sections.types[type_index as usize];
            let base = self.stage(ty)?;
            self.need_slots(ty.call_slots() + 2)?;
            let operands = fields(base, ty.call_slots() as u16, self.record as u16, ty.param_slots() as u16);
            self.emit(Row::ReturnCallRef, 0, operands);
            self.code.push(self.sections.type_ids[type_index as usize] as u64);
            self.code.push(reference as u64);
        }
        self.become_unreachable();
        Ok(())
    }

    fn return_call(&mut self, func: u32) -> Result<(), Error> {
        if self.listens.is_some() {
            // A listener hears of the end of this call too, so it cannot give up its frame.
            self.call(func)?;
            self.return_values();
        } else {
            let ty = &self.sections.types[self.sections.funcs[func as usize] as usize];
            let base = self.stage(ty)?;
            self.need_slots(ty.call_slots() + 2)?;
            let operands = fields(base, ty.call_slots() as u16, self.record as u16, ty.param_slots() as u16);
            let imported = (func as usize) < self.sections.imported_funcs;
            self.emit(if imported { Row::ReturnCallImport } else { Row::ReturnCall }, 0, operands);
            self.code.push(func as u64);
        }
        self.become_unreachable();
        Ok(())
    }

    fn return_call_indirect(&mut self, type_index: u32, table: u32) -> Result<(), Error> {
        if self.listens.is_some() {
            self.call_indirect(type_index, table)?;
            self.return_values();
        } else {
            let index = self.pop_slot();
            let ty = &self.sections.types[type_index as usize];
            let base = self.stage(ty)?;
            self.need_slots(ty.call_slots() + 2)?;
            let operands = fields(base, ty.call_slots() as u16, self.record as u16, ty.param_slots() as u16);
            self.emit(Row::ReturnCallIndirect, self.table64(table), operands);
            self.code.push(self.sections.type_ids[type_index as usize] as u64 | (table as u64) << 32);
            self.code.push(index as u64);
        }
        self.become_unreachable();
        Ok(())
    }
}

/// The type of sizes and addresses.
fn index_type(wide: bool) -> ValType {
    if wide { I64 } else { I32 }
}
