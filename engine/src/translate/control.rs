//! Structured control: blocks, branches, returns.
//!
//! Where control flow meets, values are in the slots of their heights. A branch brings them there; a conditional branch
//! that has to move values jumps around the moves.

use std::collections::HashMap;

use wasmparser::{BlockType, Catch};

use super::emit::{Condition, Operand, narrow};
use super::stack::{Entry, Place};
use super::{Allocations, LabelId, Landing, Translated, Translator, exceptions};
use crate::code::{Header, Row, fields, fields_imm};
use crate::error::Error;
use crate::types::ValType;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameKind {
    Function,
    Block,
    Loop,
    /// Not yet at its `else`, which is where the label is.
    If(LabelId),
    Else,
    /// The body of a `try` or `try_table`, which began at that word.
    Try(usize),
    /// A handler of a legacy `try`; the exception's reference is in the slot of the block's first result.
    Catch,
}

/// A block that is open.
pub(super) struct Frame {
    pub(super) kind: FrameKind,
    /// Where branches to it go.
    pub(super) label: LabelId,
    /// Entries below its parameters.
    pub(super) height: usize,
    /// Slot of its first parameter or result.
    pub(super) base: usize,
    pub(super) params: Vec<ValType>,
    pub(super) results: Vec<ValType>,
    /// Whether any branch goes to its end.
    pub(super) used: bool,
    /// What a `try_table` catches.
    pub(super) catches: Vec<Catch>,
    /// The handlers of a legacy `try` so far.
    pub(super) landings: Vec<Landing>,
    /// The words of a legacy `try`'s body, once it has ended.
    pub(super) body: Option<(usize, usize)>,
}

impl Frame {
    fn branch_types(&self) -> &[ValType] {
        if self.kind == FrameKind::Loop { &self.params } else { &self.results }
    }
}

impl Translator<'_> {
    /// Emits what stands before the first operator.
    pub(super) fn begin(&mut self) -> Result<(), Error> {
        let label = self.new_label();
        self.control.push(Frame {
            kind: FrameKind::Function,
            label,
            height: 0,
            base: self.next_slot(),
            params: Vec::new(),
            results: self.ty.results().to_vec(),
            used: false,
            catches: Vec::new(),
            landings: Vec::new(),
            body: None,
        });
        if let Some(func) = self.listens {
            self.emit(Row::ListenBefore, 0, fields_imm(0, 0, func));
        }
        self.enter_function();
        Ok(())
    }

    /// The finished code.
    pub(super) fn finish(mut self, allocations: &mut Allocations) -> Translated {
        let locals = self.next_local - self.first_local;
        let header = Header {
            frame_slots: self.frame_slots as u32,
            first_local: self.first_local as u16,
            locals: locals as u16,
        };
        self.code[0] = header.to_bits();
        let code = self.code[..].into();
        allocations.code = self.code;
        allocations.recent = self.recent;
        allocations.entries = self.stack.entries;
        allocations.control = self.control;
        allocations.labels = self.labels;
        allocations.locals = self.locals;
        allocations.meters = self.meters;
        exceptions::nest(&mut self.tries);
        Translated { code, tries: self.tries }
    }

    pub(super) fn block_types(&self, ty: BlockType) -> (Vec<ValType>, Vec<ValType>) {
        match ty {
            BlockType::Empty => (Vec::new(), Vec::new()),
            BlockType::Type(ty) => (Vec::new(), vec![ValType::layout(ty)]),
            BlockType::FuncType(index) => {
                let ty = &self.sections.types[index as usize];
                (ty.params().to_vec(), ty.results().to_vec())
            }
        }
    }

    pub(super) fn open(&mut self, kind: FrameKind, params: Vec<ValType>, results: Vec<ValType>) {
        self.passed += params.len() + results.len();
        let height = self.stack.len() - params.len();
        let base = match self.stack.entries.get(height) {
            Some(entry) => entry.slot as usize,
            None => self.next_slot(),
        };
        let label = self.new_label();
        self.control.push(Frame {
            kind,
            label,
            height,
            base,
            params,
            results,
            used: false,
            catches: Vec::new(),
            landings: Vec::new(),
            body: None,
        });
    }

    pub(super) fn block(&mut self, ty: BlockType) -> Result<(), Error> {
        let (params, results) = self.block_types(ty);
        self.settle_all();
        self.open(FrameKind::Block, params, results);
        Ok(())
    }

    pub(super) fn loop_(&mut self, ty: BlockType) -> Result<(), Error> {
        let (params, results) = self.block_types(ty);
        self.settle_all();
        self.settle_top(params.len());
        self.open(FrameKind::Loop, params, results);
        let label = self.control.last().map(|frame| frame.label).expect("just opened");
        self.bind(label);
        self.meter_loop();
        Ok(())
    }

    pub(super) fn if_(&mut self, ty: BlockType) -> Result<(), Error> {
        let (params, results) = self.block_types(ty);
        let condition = self.take_condition();
        self.settle_all();
        self.settle_top(params.len());
        let otherwise = self.new_label();
        self.branch(condition, false, otherwise);
        self.open(FrameKind::If(otherwise), params, results);
        Ok(())
    }

    pub(super) fn else_(&mut self) -> Result<(), Error> {
        let reachable = self.unreachable.is_none();
        let frame = self.control.last_mut().expect("validated: an `if` is open");
        let FrameKind::If(otherwise) = frame.kind else { unreachable!("validated: an `if` is open") };
        frame.kind = FrameKind::Else;
        let (label, height, params, results) = (frame.label, frame.height, frame.params.clone(), frame.results.len());
        if reachable {
            frame.used = true;
            self.settle_top(results);
            self.jump(label);
        }
        self.bind(otherwise);
        self.unreachable = None;
        self.stack.truncate(height);
        self.push_settled(&params)
    }

    /// Pushes values that are in the slots of their heights.
    pub(super) fn push_settled(&mut self, types: &[ValType]) -> Result<(), Error> {
        self.passed += types.len();
        for &ty in types {
            self.push(ty, Place::Slot)?;
        }
        Ok(())
    }

    pub(super) fn end(&mut self) -> Result<(), Error> {
        let reachable = self.unreachable.is_none();
        let frame = self.control.pop().expect("validated: a block is open");
        if frame.kind == FrameKind::Function {
            if reachable {
                self.return_values();
            }
            self.close_meter();
            self.unreachable = Some(0);
            return Ok(());
        }
        if matches!(frame.kind, FrameKind::Try(_) | FrameKind::Catch) {
            return self.end_try(frame, reachable);
        }
        if reachable {
            self.settle_top(frame.results.len());
            // What was pushed before the block is where it was; accumulators hold nothing of it (`settle_all`).
        }
        let mut goes_on = reachable;
        if let FrameKind::If(otherwise) = frame.kind {
            // No `else`: the parameters are the results, in place.
            self.bind(otherwise);
            goes_on = true;
        }
        if frame.kind == FrameKind::Loop {
            self.close_meter();
        } else {
            goes_on |= frame.used;
            self.bind(frame.label);
        }
        self.stack.truncate(frame.height);
        self.unreachable = if goes_on { None } else { Some(0) };
        if goes_on { self.push_settled(&frame.results) } else { Ok(()) }
    }

    /// Code up to the end of the innermost block cannot be reached.
    pub(super) fn become_unreachable(&mut self) {
        let height = self.control.last().map_or(0, |frame| frame.height);
        self.stack.truncate(height);
        self.barrier();
        self.unreachable = Some(0);
    }

    pub(super) fn target(&self, depth: u32) -> usize {
        self.control.len() - 1 - depth as usize
    }

    /// Whether the topmost values already are in the slots where a branch to that frame wants them.
    fn in_place(&self, frame: usize) -> bool {
        let frame = &self.control[frame];
        let count = frame.branch_types().len();
        count == 0 || self.stack.entries[self.stack.len() - count].slot as usize == frame.base
    }

    /// Moves the topmost values, which stay on the symbolic stack as they are, to where a branch to that frame wants
    /// them. Ascending: a value's slot is never below its target, so none is overwritten before it is read.
    pub(super) fn move_to(&mut self, frame: usize) {
        let (count, base) = (self.control[frame].branch_types().len(), self.control[frame].base);
        let first = self.stack.len() - count;
        self.passed += count;
        let mut target = base;
        for index in first..self.stack.len() {
            let Entry { ty, place, slot } = self.stack.entries[index];
            let to = target as u16;
            match place {
                Place::Slot => self.copy(slot, to, ty),
                Place::Local(local) => self.copy(local, to, ty),
                Place::Const(bits) => self.constant(bits, ty, to),
                Place::Sum(sum) => self.sum_to_slot(sum, to, slot),
                Place::Acc { producer } if self.last() == Some(producer) && count == 1 => self.redirect(producer, to),
                Place::Acc { .. } => {
                    self.settle(index);
                    self.copy(slot, to, ty);
                }
            }
            target += ty.slots();
        }
    }

    pub(super) fn br(&mut self, depth: u32) {
        let frame = self.target(depth);
        if self.control[frame].kind == FrameKind::Function {
            self.return_values();
        } else {
            self.control[frame].used = true;
            let label = self.control[frame].label;
            if self.in_place(frame) {
                let count = self.control[frame].branch_types().len();
                self.settle_top(count);
            } else {
                self.move_to(frame);
            }
            self.jump(label);
        }
        self.become_unreachable();
    }

    pub(super) fn br_if(&mut self, depth: u32) {
        let condition = self.take_condition();
        self.br_when(condition, depth);
    }

    /// Branches with the topmost values when the condition holds.
    fn br_when(&mut self, condition: Condition, depth: u32) {
        let frame = self.target(depth);
        let count = self.control[frame].branch_types().len();
        // Both ways go on with these values.
        self.settle_top(count);
        self.control[frame].used = true;
        let label = self.control[frame].label;
        let returns = self.control[frame].kind == FrameKind::Function;
        if !returns && self.in_place(frame) {
            self.branch(condition, true, label);
            return;
        }
        let around = self.new_label();
        self.branch(condition, false, around);
        if returns {
            self.return_values();
        } else {
            self.move_to(frame);
            self.jump(label);
        }
        self.bind(around);
    }

    /// Branches when the reference on top is null, without it; else it stays.
    pub(super) fn br_on_null(&mut self, depth: u32) -> Result<(), Error> {
        let reference = self.stack.pop();
        let slot = self.slot_of(&reference);
        self.br_when(Condition::null(slot, true), depth);
        self.push(reference.ty, if slot == reference.slot { Place::Slot } else { Place::Local(slot) })
    }

    /// Branches with the reference on top when it is not null; else it is dropped.
    pub(super) fn br_on_non_null(&mut self, depth: u32) {
        self.settle_top(1);
        let slot = self.stack.entries.last().map_or(0, |reference| reference.slot);
        self.br_when(Condition::null(slot, false), depth);
        self.stack.pop();
    }

    pub(super) fn br_table(&mut self, targets: &wasmparser::BrTable<'_>) -> Result<(), Error> {
        self.check_targets(targets.len())?;
        let index = self.stack.pop();
        let default = self.target(targets.default());
        let count = self.control[default].branch_types().len();
        let operand = self.slot_or_acc(&index);
        self.settle_top(count);
        let (variant, slot) = match operand {
            Operand::Slot(slot) => (0, slot),
            _ => (1, 0),
        };
        self.emit(Row::BrTable, variant, fields_imm(0, slot, targets.len() + 1));
        // Targets that have to move values or return get there by a detour behind the table, one each.
        let mut detours: HashMap<usize, LabelId> = HashMap::new();
        let mut order = Vec::new();
        for depth in targets.targets().chain([Ok(targets.default())]) {
            let frame = self.target(depth?);
            self.control[frame].used = true;
            let direct = self.control[frame].kind != FrameKind::Function && self.in_place(frame);
            let label = if direct {
                self.control[frame].label
            } else if let Some(&label) = detours.get(&frame) {
                label
            } else {
                let label = self.new_label();
                detours.insert(frame, label);
                order.push((frame, label));
                label
            };
            self.push_target(label);
        }
        for (frame, detour) in order {
            self.check_work()?;
            self.bind(detour);
            if self.control[frame].kind == FrameKind::Function {
                self.return_values();
            } else {
                self.move_to(frame);
                let label = self.control[frame].label;
                self.jump(label);
            }
        }
        self.become_unreachable();
        Ok(())
    }

    /// Returns with the topmost values; the symbolic stack stays as it is.
    pub(super) fn return_values(&mut self) {
        let record = self.record as u16;
        let results = self.ty.results();
        self.passed += results.len();
        if let ([ty], None) = (results, self.listens)
            && ty.slots() == 1
        {
            let entry = *self.stack.entries.last().expect("validated: the result is there");
            let (variant, operands) = match entry.place {
                Place::Acc { .. } => (2 + super::stack::class(*ty) as u16, fields(record, 0, 0, 0)),
                Place::Const(bits) if narrow(bits, *ty) == bits as i32 as i64 => {
                    (1, fields_imm(record, 0, bits as u32))
                }
                _ => (0, fields(record, self.slot_of(&entry), 0, 0)),
            };
            self.emit(Row::ReturnOne, variant, operands);
            return;
        }
        if !results.is_empty() {
            // By way of their own slots: a result's slot may be the parameter that another result is.
            let count = results.len();
            self.settle_top(count);
            let first = self.stack.entries[self.stack.len() - count].slot;
            self.emit(Row::CopySpan, 0, fields(0, first, self.ty.result_slots() as u16, 0));
        }
        if let Some(func) = self.listens {
            self.emit(Row::ListenAfter, 0, fields_imm(0, 0, func));
        }
        self.emit(Row::Return, 0, fields(record, 0, 0, 0));
    }
}
