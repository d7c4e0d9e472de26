//! Loads and stores, and the additions in front of them, which become part of their addresses.

use wasmparser::{MemArg, MemArgTarget};

use super::Translator;
use super::emit::{Operand, immediate};
use super::stack::{Entry, Place, Sum};
use crate::code::{Form, Op, Pair, Row, TO_ACC, fields, fields_imm};
use crate::error::Error;
use crate::types::ValType;

/// An address that the access computes: how, from which slots, and the 32-bit offsets to add and of the access's end.
pub(super) struct Indexed {
    pub form: Form,
    base: u16,
    index: u16,
    shift: u16,
    offset: u32,
    end: u32,
}

impl Indexed {
    fn of_sum(sum: Sum, end: u32) -> Indexed {
        let form = match (sum.base, sum.index, sum.shift) {
            (_, None, _) => Form::Slot,
            (None, Some(_), _) => Form::ScaledSlot,
            (Some(_), Some(_), 0) => Form::SlotSlot,
            (Some(_), Some(_), _) => Form::SlotScaledSlot,
        };
        let (base, index) = (sum.base.unwrap_or(0), sum.index.unwrap_or(0));
        Indexed { form, base, index, shift: sum.shift, offset: sum.offset, end }
    }

    fn in_acc(&self) -> bool {
        matches!(self.form, Form::Acc | Form::AccSlot | Form::ScaledAcc | Form::SlotScaledAcc)
    }
}

impl Translator<'_> {
    /// Computes a sum into the accumulator, which is free; returns the last instruction.
    pub(super) fn sum_to_acc(&mut self, sum: Sum) -> usize {
        let to_acc = |pair: Pair| pair as u16 * 2 + TO_ACC;
        let mut producer = match (sum.base, sum.index, sum.shift) {
            (Some(base), Some(index), 0) => {
                Some(self.emit(Row::I32Add, to_acc(Pair::SlotSlot), fields(0, base, index, 0)))
            }
            (_, Some(index), shift) => {
                Some(self.emit(Row::I32Shl, to_acc(Pair::SlotImm), fields_imm(0, index, shift as u32)))
            }
            (_, None, _) => None,
        };
        if let (Some(base), Some(_), 1..) = (sum.base, sum.index, sum.shift) {
            producer = Some(self.emit(Row::I32Add, to_acc(Pair::AccSlot), fields(0, 0, base, 0)));
        }
        match (producer, sum.base) {
            (Some(producer), _) if sum.offset == 0 => producer,
            (None, Some(base)) => self.emit(Row::I32Add, to_acc(Pair::SlotImm), fields_imm(0, base, sum.offset)),
            _ => self.emit(Row::I32Add, to_acc(Pair::AccImm), fields_imm(0, 0, sum.offset)),
        }
    }

    /// Computes a sum into the slot `to`, by way of the slot `between`. No accumulator changes.
    pub(super) fn sum_to_slot(&mut self, sum: Sum, to: u16, between: u16) {
        let (slots, immediate) = (Pair::SlotSlot as u16 * 2, Pair::SlotImm as u16 * 2);
        let mut left = sum.base.unwrap_or(0);
        let last = sum.offset == 0;
        if let Some(index) = sum.index {
            match (sum.base, sum.shift) {
                (Some(base), 0) => {
                    self.emit(Row::SumI32Add, slots, fields(if last { to } else { between }, base, index, 0));
                }
                (base, shift) => {
                    let between_or_to = if last && base.is_none() { to } else { between };
                    self.emit(Row::SumI32Shl, immediate, fields_imm(between_or_to, index, shift as u32));
                    if let Some(base) = base {
                        self.emit(Row::SumI32Add, slots, fields(if last { to } else { between }, between, base, 0));
                    }
                }
            }
            left = between;
        }
        if !last || sum.index.is_none() {
            self.emit(Row::SumI32Add, immediate, fields_imm(to, left, sum.offset));
        }
    }

    /// The address of an access to `size` bytes as something that the access computes itself: a sum, or the accumulator
    /// whose additions were emitted just before and are taken back. `from_acc`: the access has all forms.
    pub(super) fn indexed(&mut self, addr: &Entry, memarg: &MemArg, size: u64, from_acc: bool) -> Option<Indexed> {
        let end = self.end_offset(memarg, size)?;
        match addr.place {
            Place::Sum(sum) => {
                let found = Indexed::of_sum(sum, end);
                Some(if from_acc { self.with_copy(found) } else { found })
            }
            Place::Acc { producer } if self.last() == Some(producer) => self.take_back_address(end, from_acc),
            _ => None,
        }
    }

    /// The same address, from the accumulator where one of the locals is in it as well.
    fn with_copy(&self, found: Indexed) -> Indexed {
        let (base, index) = (self.is_copy(0, found.base), self.is_copy(0, found.index));
        match found.form {
            Form::Slot if base => Indexed { form: Form::Acc, ..found },
            Form::SlotSlot if base => Indexed { form: Form::AccSlot, ..found },
            Form::SlotSlot if index => Indexed { form: Form::AccSlot, index: found.base, ..found },
            Form::ScaledSlot if index => Indexed { form: Form::ScaledAcc, ..found },
            Form::SlotScaledSlot if index => Indexed { form: Form::SlotScaledAcc, ..found },
            _ => found,
        }
    }

    /// See [`indexed`](Self::indexed). `scaled`: shifts of what is in the accumulator may be part of it.
    fn take_back_address(&mut self, end: u32, scaled: bool) -> Option<Indexed> {
        let mut found = Indexed { form: Form::Acc, base: 0, index: 0, shift: 0, offset: 0, end };
        let mut any = false;
        while let Some(at) = self.last() {
            let (op, operands) = (Op(self.code[at] as u16), self.code[at + 1]);
            let (slot, right, imm) = ((operands >> 16) as u16, (operands >> 32) as u16, (operands >> 32) as u32);
            let is = |row: Row, pair: Pair| op == Op::new(row, pair as u16 * 2 + TO_ACC);
            match found.form {
                Form::Acc if is(Row::I32Add, Pair::AccImm) => found.offset = found.offset.wrapping_add(imm),
                Form::Acc if is(Row::I32Add, Pair::SlotImm) => {
                    (found.form, found.base) = (Form::Slot, slot);
                    found.offset = found.offset.wrapping_add(imm);
                }
                Form::Acc if is(Row::I32Add, Pair::SlotSlot) => {
                    (found.form, found.base, found.index) = (Form::SlotSlot, slot, right);
                }
                Form::Acc if is(Row::I32Add, Pair::AccSlot) => (found.form, found.index) = (Form::AccSlot, right),
                Form::Acc if scaled && is(Row::I32Shl, Pair::AccImm) => {
                    (found.form, found.shift) = (Form::ScaledAcc, imm as u16 % 32);
                }
                Form::Acc if is(Row::I32Shl, Pair::SlotImm) => {
                    (found.form, found.index, found.shift) = (Form::ScaledSlot, slot, imm as u16 % 32);
                }
                Form::AccSlot if scaled && is(Row::I32Shl, Pair::AccImm) => {
                    (found.form, found.base, found.shift) = (Form::SlotScaledAcc, found.index, imm as u16 % 32);
                }
                Form::AccSlot if is(Row::I32Shl, Pair::SlotImm) => {
                    (found.base, found.index) = (found.index, slot);
                    (found.form, found.shift) = (Form::SlotScaledSlot, imm as u16 % 32);
                }
                _ => break,
            }
            self.take_back();
            any = true;
        }
        any.then_some(found)
    }

    /// Emits an access that computes its address; `field0` is its result's or its value's.
    pub(super) fn emit_indexed(&mut self, row: Row, variant: u16, field0: u16, address: &Indexed) -> usize {
        let producer = self.emit(row, variant, fields(field0, address.base, address.index, address.shift));
        self.code.push(address.offset as u64 | (address.end as u64) << 32);
        producer
    }

    pub(super) fn load(&mut self, row: Row, ty: ValType, size: u64, memarg: MemArg) -> Result<(), Error> {
        let addr = self.stack.pop();
        if let Some(address) = self.indexed(&addr, &memarg, size, true) {
            self.spill(ty);
            let variant = address.form as u16 * 2 + TO_ACC;
            let producer = self.emit_indexed(row.indexed().expect("a load's row"), variant, 0, &address);
            return self.push_acc(ty, producer);
        }
        let (from_acc, slot) = match self.slot_or_acc(&addr) {
            Operand::Slot(slot) => (0, slot),
            _ => (1, 0),
        };
        self.spill(ty);
        let variant = from_acc * 2 + TO_ACC;
        let producer = match self.end_offset(&memarg, size) {
            Some(end) => self.emit(row, variant, fields_imm(0, slot, end)),
            None => {
                let wide = if self.is_memory64(&memarg) { 8 } else { 4 };
                let producer = self.emit(row, variant + wide, fields(0, slot, 0, 0));
                self.push_wide(&memarg);
                producer
            }
        };
        self.push_acc(ty, producer)
    }

    pub(super) fn store(&mut self, row: Row, size: u64, memarg: MemArg) -> Result<(), Error> {
        let (value, addr) = (self.stack.pop(), self.stack.pop());
        // Bringing the value to a slot could overwrite what additions that are taken back have for operands.
        let in_place = match value.place {
            Place::Slot | Place::Local(_) => true,
            Place::Const(bits) => short(value.ty, bits).is_some(),
            _ => false,
        };
        if (in_place || matches!(addr.place, Place::Sum(_)))
            && let Some(address) = self.indexed(&addr, &memarg, size, false)
        {
            let value = self.stored(&value, address.in_acc());
            let (variant, field0) = match (address.form.of_store(), value) {
                ((form, false), Operand::Slot(slot)) => (form * 3, slot),
                ((form, false), Operand::Acc) => (form * 3 + 1, 0),
                ((form, false), Operand::Imm(imm)) => (form * 3 + 2, imm as u16),
                ((form, true), Operand::Slot(slot)) => (form, slot),
                ((form, true), Operand::Imm(imm)) => (form + 1, imm as u16),
                ((_, true), Operand::Acc) => unreachable!("the value was brought to a slot"),
            };
            self.emit_indexed(row.indexed().expect("a store's row"), variant, field0, &address);
            return Ok(());
        }
        let addr = match (addr.place, value.place) {
            // The value may be in the accumulator, or go there.
            (Place::Sum(_), _) | (Place::Local(_), Place::Acc { .. }) => Operand::Slot(self.slot_of(&addr)),
            _ => self.slot_or_acc(&addr),
        };
        let value = self.stored(&value, addr == Operand::Acc);
        let (variant, addr, value) = match (addr, value) {
            (Operand::Slot(addr), Operand::Slot(value)) => (0, addr, value),
            (Operand::Slot(addr), Operand::Acc) => (1, addr, 0),
            (Operand::Slot(addr), Operand::Imm(imm)) => (2, addr, imm as i16 as u16),
            (_, Operand::Slot(value)) => (3, 0, value),
            (_, Operand::Imm(imm)) => (4, 0, imm as i16 as u16),
            (_, Operand::Acc) => unreachable!("the value was brought to a slot"),
        };
        match self.end_offset(&memarg, size) {
            Some(end) => {
                self.emit(row, variant, fields_imm(value, addr, end));
            }
            None => {
                let wide = if self.is_memory64(&memarg) { 10 } else { 5 };
                self.emit(row, variant + wide, fields(value, addr, 0, 0));
                self.push_wide(&memarg);
            }
        }
        Ok(())
    }

    /// The value of a store: a short immediate, a slot, or the accumulator, if the address does not need one. No form takes
    /// both from accumulators: of different types, they could be.
    fn stored(&mut self, value: &Entry, addr_in_acc: bool) -> Operand {
        match value.place {
            Place::Const(bits) => match short(value.ty, bits) {
                Some(imm) => Operand::Imm(imm as i32),
                None => Operand::Slot(self.slot_of(value)),
            },
            _ if addr_in_acc => Operand::Slot(self.slot_of(value)),
            _ => self.slot_or_acc(value),
        }
    }

    /// Whether the memory of an access has 64-bit addresses.
    pub(super) fn is_memory64(&self, memarg: &MemArg) -> bool {
        self.sections.memories[memory_of(memarg) as usize].memory64
    }

    /// The words that the wide form of an access has.
    pub(super) fn push_wide(&mut self, memarg: &MemArg) {
        self.code.push(memarg.offset);
        self.code.push(memory_of(memarg) as u64);
    }

    /// The 32-bit offset of an access's end, when the short form can say it.
    pub(super) fn end_offset(&self, memarg: &MemArg, size: u64) -> Option<u32> {
        if memory_of(memarg) != 0 || self.is_memory64(memarg) {
            return None;
        }
        u32::try_from(memarg.offset.checked_add(size)?).ok()
    }
}

/// The 16-bit immediate that stands for a constant, when there is one.
fn short(ty: ValType, bits: u64) -> Option<i16> {
    immediate(ty, bits).and_then(|imm| i16::try_from(imm).ok())
}

/// The memory an access is to.
fn memory_of(memarg: &MemArg) -> u32 {
    match memarg.target {
        MemArgTarget::Memory(index) | MemArgTarget::Array(index) => index,
    }
}
