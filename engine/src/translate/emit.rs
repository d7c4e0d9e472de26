//! Emitting instructions and settling values.

use super::stack::{Entry, Place, Sum, class};
use super::{Label, LabelId, Translator};
use crate::code::{COMMUTATIVE_WIDE, Op, Pair, Row, Shape, TO_ACC, fields, fields_imm};
use crate::error::Error;
use crate::types::ValType;

/// A scan for values in locals that goes further than this settles all of them, so that scans stay linear overall.
/// Chosen.
const LONG_SCAN: usize = 64;

/// An operand as an instruction names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operand {
    Slot(u16),
    Imm(i32),
    Acc,
}

/// A condition that a branch takes over.
#[derive(Clone, Copy)]
pub(super) struct Condition {
    pub row: Row,
    pub variant: u16,
    pub operands: u64,
}

impl Condition {
    /// That the reference in a slot is null, or is not.
    pub(super) fn null(slot: u16, is: bool) -> Condition {
        let row = if is { Row::BrI64Eq } else { Row::BrI64Ne };
        Condition { row, variant: Pair::SlotImm as u16, operands: fields_imm(0, slot, 0) }
    }
}

impl Translator<'_> {
    pub(super) fn emit(&mut self, row: Row, variant: u16, operands: u64) -> usize {
        let at = self.code.len();
        if row.changes_nothing()
            && let Some((_, _, end)) = &mut self.copy
            && *end == at
        {
            *end = at + Op::new(row, variant).words(operands);
        }
        self.code.push(Op::new(row, variant).0 as u64);
        self.code.push(operands);
        self.recent.push(at);
        at
    }

    /// The last instruction, while nothing can have branched to behind it.
    pub(super) fn last(&self) -> Option<usize> {
        self.recent.last().copied()
    }

    /// Whether the accumulator of that class holds what is in the slot: nothing has changed either since both were written.
    pub(super) fn is_copy(&self, class: usize, slot: u16) -> bool {
        self.copy == Some((class, slot, self.code.len()))
    }

    /// Code can be entered here: nothing is known of what came before.
    pub(super) fn barrier(&mut self) {
        self.recent.clear();
        self.copy = None;
    }

    /// Removes the last instruction, as what comes next does its work as well.
    pub(super) fn take_back(&mut self) {
        let at = self.recent.pop().expect("only who has looked at the last instruction takes it back");
        self.code.truncate(at);
        self.fresh = self.fresh.min(at);
        self.copy = self.copy.filter(|&(_, _, end)| end <= at);
    }

    /// The slot that the next entry pushed has for its height.
    pub(super) fn next_slot(&self) -> usize {
        match self.stack.entries.last() {
            Some(entry) => entry.slot as usize + entry.ty.slots(),
            None => self.next_local,
        }
    }

    pub(super) fn push(&mut self, ty: ValType, place: Place) -> Result<(), Error> {
        let slot = self.next_slot();
        self.need_slots(slot + ty.slots())?;
        self.stack.push(Entry { ty, place, slot: slot as u16 });
        Ok(())
    }

    /// Pushes the result of the instruction at `producer`, which leaves it in the accumulator.
    pub(super) fn push_acc(&mut self, ty: ValType, producer: usize) -> Result<(), Error> {
        self.push(ty, Place::Acc { producer })
    }

    /// Sends the result of the instruction at `producer` to a slot instead of the accumulator.
    pub(super) fn redirect(&mut self, producer: usize, slot: u16) {
        self.code[producer] &= !(TO_ACC as u64);
        self.code[producer + 1] = self.code[producer + 1] & !0xffff | slot as u64;
    }

    /// Frees the accumulator of a type for the next instruction's result.
    pub(super) fn spill(&mut self, ty: ValType) {
        if let Some(index) = self.stack.acc[class(ty)] {
            self.settle(index);
        }
    }

    /// Brings an entry to the slot of its height.
    pub(super) fn settle(&mut self, index: usize) {
        let entry = self.stack.entries[index];
        self.settle_popped(&entry);
        self.stack.settle(index);
    }

    /// Brings a value to the slot of its height.
    fn settle_popped(&mut self, entry: &Entry) {
        match entry.place {
            Place::Slot => {}
            Place::Acc { producer } => self.redirect(producer, entry.slot),
            Place::Local(local) => self.copy(local, entry.slot, entry.ty),
            Place::Const(bits) => self.constant(bits, entry.ty, entry.slot),
            Place::Sum(sum) => self.sum_to_slot(sum, entry.slot, entry.slot),
        }
    }

    /// Settles the topmost `count` entries.
    pub(super) fn settle_top(&mut self, count: usize) {
        self.passed += count;
        let len = self.stack.len();
        self.settle_range(len - count, len);
    }

    /// Settles the entries from `index` up to `end`. Locals and small constants side by side, which the arguments of calls
    /// mostly are, become one instruction for up to four of them.
    pub(super) fn settle_range(&mut self, mut index: usize, end: usize) {
        while index < end {
            let mut staged = [0; 4];
            let (mut run, mut immediates) = (0, 0);
            for entry in self.stack.entries[index..end].iter().take(staged.len()) {
                let Some((operand, immediate)) = stageable(entry) else { break };
                staged[run] = operand;
                immediates |= (immediate as u16) << run;
                run += 1;
            }
            let to = self.stack.entries[index].slot;
            let [a, b, c, _] = staged;
            match run {
                0 | 1 => {
                    let entry = self.stack.entries[index];
                    self.settle_popped(&entry);
                }
                2 => _ = self.emit(Row::Stage2, immediates, fields(to, a, b, 0)),
                3 => _ = self.emit(Row::Stage3, immediates, fields(to, a, b, c)),
                _ => {
                    self.emit(Row::Stage4, immediates, fields(to, 0, 0, 0));
                    self.code.push(fields(a, b, c, staged[3]));
                }
            }
            for _ in 0..run.max(1) {
                self.stack.settle(index);
                index += 1;
            }
        }
    }

    /// Settles what is in accumulators: needed before calls and where control flow meets.
    pub(super) fn settle_accs(&mut self) {
        for class in 0..3 {
            if let Some(index) = self.stack.acc[class] {
                self.settle(index);
            }
        }
    }

    /// Settles what is in locals and accumulators: a block may change locals on some of its ways only.
    pub(super) fn settle_all(&mut self) {
        self.settle_accs();
        let mut index = self.stack.len();
        while self.stack.in_locals > 0 {
            index -= 1;
            if matches!(self.stack.entries[index].place, Place::Local(_) | Place::Sum(_)) {
                self.settle(index);
            }
        }
    }

    /// Settles the entries that are in the local at `slot`, which is about to change.
    pub(super) fn preserve(&mut self, slot: u16) {
        if self.stack.in_locals == 0 {
            return;
        }
        let mut seen = 0;
        let total = self.stack.in_locals;
        for (scanned, index) in (0..self.stack.len()).rev().enumerate() {
            let reads = match self.stack.entries[index].place {
                Place::Local(local) => local == slot,
                Place::Sum(sum) => sum.reads(slot),
                _ => continue,
            };
            seen += 1;
            if reads || scanned > LONG_SCAN {
                self.settle(index);
            }
            if seen == total {
                return;
            }
        }
    }

    /// Copies a value between slots.
    pub(super) fn copy(&mut self, from: u16, to: u16, ty: ValType) {
        if from == to {
            return;
        }
        if ty.slots() == 2 {
            self.emit(Row::CopySpan, 0, fields(to, from, 2, 0));
        } else if let Some(at) = self.last().filter(|&at| self.code[at] == Op::new(Row::Copy, 0).0 as u64) {
            let first = self.code[at + 1];
            self.take_back();
            self.emit(Row::Copy2, 0, first & 0xffff_ffff | fields(0, 0, to, from));
        } else {
            self.emit(Row::Copy, 0, fields(to, from, 0, 0));
        }
    }

    /// Puts a constant into a slot.
    pub(super) fn constant(&mut self, bits: u64, ty: ValType, to: u16) {
        if narrow(bits, ty) == bits as i32 as i64 {
            self.emit(Row::Const32, 0, fields_imm(to, 0, bits as u32));
        } else {
            self.emit(Row::Const64, 0, fields(to, 0, 0, 0));
            self.code.push(bits);
        }
    }

    /// The slot a value is in, after bringing it to one if it is in none.
    pub(super) fn slot_of(&mut self, entry: &Entry) -> u16 {
        if let Place::Local(local) = entry.place {
            return local;
        }
        self.settle_popped(entry);
        entry.slot
    }

    /// A value as slot or accumulator. No other operand of the instruction may be in the integer accumulator.
    pub(super) fn slot_or_acc(&mut self, entry: &Entry) -> Operand {
        match entry.place {
            Place::Acc { .. } => Operand::Acc,
            Place::Sum(sum) => {
                self.spill(ValType::I32);
                self.sum_to_acc(sum);
                Operand::Acc
            }
            Place::Local(local) if self.is_copy(class(entry.ty), local) => Operand::Acc,
            _ => Operand::Slot(self.slot_of(entry)),
        }
    }

    /// A value as slot, accumulator or immediate.
    fn operand(&mut self, entry: &Entry) -> Operand {
        match entry.place {
            Place::Const(bits) => match immediate(entry.ty, bits) {
                Some(imm) => Operand::Imm(imm),
                None => Operand::Slot(self.slot_of(entry)),
            },
            _ => self.slot_or_acc(entry),
        }
    }

    /// Pops two operands, emits their instruction, pushes its result.
    pub(super) fn binary(&mut self, row: Row, result: ValType) -> Result<(), Error> {
        let (b, a) = (self.stack.pop(), self.stack.pop());
        if let Some(sum) = sum(row, &a, &b) {
            return self.push(result, Place::Sum(sum));
        }
        if let Some((row, other, bits)) = wide(row, &a, &b) {
            let (variant, slot) = match self.slot_or_acc(other) {
                Operand::Slot(slot) => (COMMUTATIVE_WIDE, slot),
                _ => (COMMUTATIVE_WIDE + 2, 0),
            };
            self.spill(result);
            let producer = self.emit(row, variant + TO_ACC, fields(0, slot, 0, 0));
            self.code.push(bits);
            return self.push_acc(result, producer);
        }
        // One of them can be in the accumulator.
        let left = match (a.place, b.place) {
            (Place::Sum(_), Place::Acc { .. } | Place::Sum(_)) => Operand::Slot(self.slot_of(&a)),
            _ => self.operand(&a),
        };
        let right = match b.place {
            Place::Sum(_) | Place::Local(_) if left == Operand::Acc => Operand::Slot(self.slot_of(&b)),
            _ => self.operand(&b),
        };
        let (mut row, mut left, mut right) = (row, left, right);
        if let (Operand::Imm(_), Operand::Imm(_)) = (left, right) {
            left = Operand::Slot(self.slot_of(&a));
        }
        if row.shape() == Shape::Commutative
            && matches!((left, right), (Operand::Imm(_), _) | (Operand::Slot(_), Operand::Acc))
        {
            row = row.mirrored();
            (left, right) = (right, left);
        }
        if let Operand::Imm(imm) = right {
            // One row fewer for the branch predictor to know: x - k is x + -k.
            match row {
                Row::I32Sub => (row, right) = (Row::I32Add, Operand::Imm(imm.wrapping_neg())),
                Row::I64Sub if imm != i32::MIN => (row, right) = (Row::I64Add, Operand::Imm(-imm)),
                _ => {}
            }
        }
        let (pair, operands) = match (left, right) {
            (Operand::Slot(a), Operand::Slot(b)) => (Pair::SlotSlot, fields(0, a, b, 0)),
            (Operand::Slot(a), Operand::Imm(b)) => (Pair::SlotImm, fields_imm(0, a, b as u32)),
            (Operand::Acc, Operand::Slot(b)) => (Pair::AccSlot, fields(0, 0, b, 0)),
            (Operand::Acc, Operand::Imm(b)) => (Pair::AccImm, fields_imm(0, 0, b as u32)),
            (Operand::Slot(a), Operand::Acc) => (Pair::SlotAcc, fields(0, a, 0, 0)),
            (Operand::Imm(a), Operand::Slot(b)) => (Pair::ImmSlot, fields_imm(0, b, a as u32)),
            (Operand::Imm(a), Operand::Acc) => (Pair::ImmAcc, fields_imm(0, 0, a as u32)),
            (Operand::Imm(_), Operand::Imm(_)) | (Operand::Acc, Operand::Acc) => {
                unreachable!("one constant is in a slot, and an accumulator holds one value")
            }
        };
        self.spill(result);
        let producer = self.emit(row, pair as u16 * 2 + TO_ACC, operands);
        self.push_acc(result, producer)
    }

    /// Pops an operand, emits its instruction, pushes its result.
    pub(super) fn unary(&mut self, row: Row, result: ValType) -> Result<(), Error> {
        let a = self.stack.pop();
        let (from_acc, operands) = match self.slot_or_acc(&a) {
            Operand::Slot(slot) => (0, fields(0, slot, 0, 0)),
            _ => (1, 0),
        };
        self.spill(result);
        let producer = self.emit(row, from_acc * 2 + TO_ACC, operands);
        self.push_acc(result, producer)
    }

    /// `eqz`: the opposite of a comparison just made, or a comparison with 0.
    pub(super) fn eqz(&mut self, row: Row, operand: ValType) -> Result<(), Error> {
        if let Some(&Entry { ty: ValType::I32, place: Place::Acc { producer }, .. }) = self.stack.entries.last()
            && self.last() == Some(producer)
        {
            let op = Op(self.code[producer] as u16);
            if let Some(negated) = op.row().negated_compare() {
                self.code[producer] = Op::new(negated, op.variant()).0 as u64;
                return Ok(());
            }
        }
        self.push(operand, Place::Const(0))?;
        self.binary(row, ValType::I32)
    }

    /// Pops a value into a local.
    pub(super) fn set_local(&mut self, index: u32) {
        let (slot, ty) = self.locals[index as usize];
        let value = self.stack.pop();
        let last = self.last();
        self.preserve(slot);
        match value.place {
            // Only while nothing stands between: it could read the local.
            Place::Acc { producer } if last == Some(producer) && self.last() == last => {
                self.redirect(producer, slot);
                if Op(self.code[producer] as u16).row().leaves_copy() {
                    self.copy = Some((class(ty), slot, self.code.len()));
                }
            }
            Place::Acc { .. } => {
                let row = match ty {
                    ValType::F32 => Row::CopyF32,
                    ValType::F64 => Row::CopyF64,
                    _ => Row::Copy,
                };
                self.emit(row, 2, fields(slot, 0, 0, 0));
            }
            Place::Const(bits) => self.constant(bits, ty, slot),
            Place::Sum(sum) => {
                self.spill(ty);
                let producer = self.sum_to_acc(sum);
                self.redirect(producer, slot);
                self.copy = Some((class(ty), slot, self.code.len()));
            }
            Place::Local(from) => self.copy(from, slot, ty),
            // The instruction just emitted left it in its slot: it can leave it in the local as well.
            Place::Slot if last.is_some() && self.last() == last && self.wrote_last(value.slot) => {
                if let Some(producer) = last {
                    // Not `redirect`: such an instruction has no accumulator for its result to be told otherwise.
                    self.code[producer + 1] = self.code[producer + 1] & !0xffff | slot as u64;
                }
            }
            Place::Slot => self.copy(value.slot, slot, ty),
        }
    }

    /// Whether the last instruction's one effect on slots is its result in `slot`.
    fn wrote_last(&self, slot: u16) -> bool {
        self.last().is_some_and(|at| {
            let op = Op(self.code[at] as u16);
            op.row().result_in_field0(op.variant()) && self.code[at + 1] as u16 == slot
        })
    }

    /// The instruction that adds to a local and branches on it, when the last one is such an addition and the branch is on
    /// its result: row, variant, word 1 and the last word.
    fn increment(&self, row: Row, condition: Condition) -> Option<(Row, u16, u64, u64)> {
        const SLOT_SLOT: u16 = Pair::SlotSlot as u16;
        const ACC_SLOT: u16 = Pair::AccSlot as u16;
        const ACC_IMM: u16 = Pair::AccImm as u16;
        let at = self.last()?;
        let (add, operands) = (Op(self.code[at] as u16), self.code[at + 1]);
        let (row, right_is_slot, right) = match row.increment()? {
            (row, true) => (row, false, 0),
            (row, false) if matches!(condition.variant, SLOT_SLOT | ACC_SLOT) => {
                (row, true, condition.operands >> 32 & 0xffff)
            }
            (row, false) => (row, false, condition.operands >> 32),
        };
        // What the addition has left in the accumulator is its result as well.
        let in_acc = match condition.row {
            Row::BrIfNez | Row::BrIfEqz => condition.variant == 1,
            _ => matches!(condition.variant, ACC_SLOT | ACC_IMM),
        };
        let slot = (condition.operands >> 16) as u16;
        let adds = add.row() == Row::I32Add && add.variant() == Pair::SlotImm as u16 * 2;
        (adds && (in_acc || operands as u16 == slot)).then_some((row, !right_is_slot as u16, operands, right))
    }

    pub(super) fn new_label(&mut self) -> LabelId {
        self.labels.push(Label::Waiting(0));
        self.labels.len() - 1
    }

    /// Puts a label here.
    pub(super) fn bind(&mut self, label: LabelId) {
        let here = self.code.len();
        if let Label::Waiting(mut at) = std::mem::replace(&mut self.labels[label], Label::At(here)) {
            while at != 0 {
                at = std::mem::replace(&mut self.code[at], here as u64) as usize;
            }
        }
        self.barrier();
    }

    /// Pushes a word that is the label's position, now or once it is known.
    pub(super) fn push_target(&mut self, label: LabelId) {
        let here = self.code.len();
        match &mut self.labels[label] {
            Label::At(position) => self.code.push(*position as u64),
            Label::Waiting(last) => self.code.push(std::mem::replace(last, here) as u64),
        }
    }

    /// Pops a condition; a comparison that was just made is taken back, to be part of the branch.
    pub(super) fn take_condition(&mut self) -> Condition {
        let entry = self.stack.pop();
        if let Some(condition) = self.comparison(&entry, |_| true) {
            return condition;
        }
        match self.slot_or_acc(&entry) {
            Operand::Slot(slot) => Condition { row: Row::BrIfNez, variant: 0, operands: fields(0, slot, 0, 0) },
            _ => Condition { row: Row::BrIfNez, variant: 1, operands: 0 },
        }
    }

    /// Takes back the comparison that `entry` is the result of, if it was just made and its branch is `wanted`.
    pub(super) fn comparison(&mut self, entry: &Entry, wanted: impl Fn(Row) -> bool) -> Option<Condition> {
        let Place::Acc { producer } = entry.place else { return None };
        if self.last() != Some(producer) {
            return None;
        }
        let (op, operands) = (Op(self.code[producer] as u16), self.code[producer + 1]);
        // The result of an `and` compared with 0: both become the branch.
        if let Some((row, and)) = op.row().and_test()
            && op.variant() == Pair::AccImm as u16 * 2 + TO_ACC
            && operands >> 32 == 0
            && wanted(row)
            && let [.., before, _] = self.recent[..]
            && let test = Op(self.code[before] as u16)
            && test.row() == and
            && test.variant() < COMMUTATIVE_WIDE
            && test.variant() & TO_ACC != 0
        {
            let condition = Condition { row, variant: test.variant() / 2, operands: self.code[before + 1] };
            self.take_back();
            self.take_back();
            return Some(condition);
        }
        let row = op.row().branch().filter(|&row| wanted(row) && op.variant() < COMMUTATIVE_WIDE)?;
        self.take_back();
        Some(Condition { row, variant: op.variant() / 2, operands })
    }

    /// Branches when the condition holds, or when it does not.
    pub(super) fn branch(&mut self, condition: Condition, holds: bool, label: LabelId) {
        let row = if holds {
            condition.row
        } else {
            condition.row.negated_branch().expect("every condition has an opposite")
        };
        match self.increment(row, condition) {
            Some((row, variant, operands, right)) => {
                self.take_back();
                self.emit(row, variant, operands);
                self.push_target(label);
                self.code.push(right);
            }
            None => {
                self.emit(row, condition.variant, condition.operands);
                self.push_target(label);
            }
        }
        // A comparison behind a branch is another basic block's.
        self.recent.clear();
    }

    /// Branches always.
    pub(super) fn jump(&mut self, label: LabelId) {
        self.emit(Row::Br, 0, 0);
        self.push_target(label);
    }
}

/// What two operands add up to when nothing has to be computed before it is known what for.
fn sum(row: Row, a: &Entry, b: &Entry) -> Option<Sum> {
    let term = |entry: &Entry| match entry.place {
        Place::Local(local) => Some(Sum { base: Some(local), ..Sum::default() }),
        Place::Const(bits) => Some(Sum { offset: bits as u32, ..Sum::default() }),
        Place::Sum(sum) => Some(sum),
        _ => None,
    };
    let sum = match (row, a.place, b.place) {
        (Row::I32Add, ..) => term(a)?.plus(term(b)?)?,
        (Row::I32Sub, _, Place::Const(bits)) => {
            term(a)?.plus(Sum { offset: (bits as u32).wrapping_neg(), ..Sum::default() })?
        }
        (Row::I32Shl, Place::Local(local), Place::Const(bits)) if bits % 32 != 0 => {
            Sum { index: Some(local), shift: bits as u16 % 32, ..Sum::default() }
        }
        _ => return None,
    };
    (sum.base.is_some() || sum.index.is_some()).then_some(sum)
}

/// The instruction of two operands, one of which is a constant of 64 bits: row, other operand, constant.
fn wide<'e>(row: Row, a: &'e Entry, b: &'e Entry) -> Option<(Row, &'e Entry, u64)> {
    let long = |entry: &Entry| match entry.place {
        // Widening the 32-bit form of a double would take its time in front of the operation.
        Place::Const(bits) if entry.ty == ValType::F64 || immediate(entry.ty, bits).is_none() => Some(bits),
        _ => None,
    };
    let is_const = |entry: &Entry| matches!(entry.place, Place::Const(_));
    match (row, long(a), long(b)) {
        // x - k is x + -k, unless k is no number: that would change its sign.
        (Row::I64Sub, _, Some(bits)) if !is_const(a) => Some((Row::I64Add, a, bits.wrapping_neg())),
        (Row::F64Sub, _, Some(bits)) if !is_const(a) && !f64::from_bits(bits).is_nan() => {
            Some((Row::F64Add, a, bits ^ 1 << 63))
        }
        (_, _, Some(bits)) if row.takes_wide() && !is_const(a) => Some((row, a, bits)),
        (_, Some(bits), _) if row.takes_wide() && !is_const(b) => Some((row, b, bits)),
        _ => None,
    }
}

/// An operand of a `Stage` instruction, and whether it is an immediate.
pub(super) fn stageable(entry: &Entry) -> Option<(u16, bool)> {
    match entry.place {
        Place::Local(local) if entry.ty.slots() == 1 => Some((local, false)),
        Place::Const(bits) => i16::try_from(narrow(bits, entry.ty)).ok().map(|imm| (imm as u16, true)),
        _ => None,
    }
}

/// A constant's bits as a number that is small when they can be short: of a 32-bit type the upper half does not count.
pub(super) fn narrow(bits: u64, ty: ValType) -> i64 {
    if matches!(ty, ValType::I32 | ValType::F32) { bits as i32 as i64 } else { bits as i64 }
}

/// The 32-bit immediate that stands for a constant, when there is one: see `Value::from_imm`.
pub(super) fn immediate(ty: ValType, bits: u64) -> Option<i32> {
    match ty {
        ValType::I32 | ValType::F32 => Some(bits as i32),
        ValType::F64 => {
            let value = f64::from_bits(bits);
            let narrow = value as f32;
            (f64::from(narrow).to_bits() == bits && !value.is_nan()).then_some(narrow.to_bits() as i32)
        }
        _ => (bits as i32 as i64 as u64 == bits).then_some(bits as i32),
    }
}
