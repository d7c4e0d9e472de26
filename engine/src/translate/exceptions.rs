//! Exceptions: `try_table` and the older `try`, both as regions of code with landings.
//!
//! A landing is where a caught exception goes on: its values are put into the slots of the stack heights they have there.
//! The landings of a `try_table` stand behind its body and branch on to the labels; those of a `try` are its handlers.

use wasmparser::{BlockType, Catch, TryTable};

use super::control::{Frame, FrameKind};
use super::stack::Place;
use super::{Landing, Translator, TryRegion};
use crate::code::{Row, fields, fields_imm};
use crate::error::Error;
use crate::types::ValType;

impl Translator<'_> {
    /// `try_table`, and `try` with no catches known yet.
    fn open_try(&mut self, ty: BlockType, catches: Vec<Catch>) {
        let (params, results) = self.block_types(ty);
        self.settle_all();
        let start = self.code.len();
        // An instruction before the region is not to become part of one in it.
        self.barrier();
        self.open(FrameKind::Try(start), params, results);
        if let Some(frame) = self.control.last_mut() {
            frame.catches = catches;
        }
    }

    pub(super) fn try_table(&mut self, table: &TryTable) {
        self.open_try(table.ty, table.catches.clone());
    }

    pub(super) fn legacy_try(&mut self, ty: BlockType) {
        self.open_try(ty, Vec::new());
    }

    /// Slots and types of what exceptions with a tag carry.
    fn tag_types(&self, tag: u32) -> &[ValType] {
        self.sections.types[self.sections.tags[tag as usize] as usize].params()
    }

    pub(super) fn throw(&mut self, tag: u32) -> Result<(), Error> {
        let count = self.tag_types(tag).len();
        self.settle_top(count);
        let base = match self.stack.entries.get(self.stack.len() - count) {
            Some(entry) => entry.slot,
            None => self.next_slot() as u16,
        };
        self.emit(Row::Throw, 0, fields_imm(base, 0, tag));
        self.become_unreachable();
        Ok(())
    }

    pub(super) fn throw_ref(&mut self) {
        let reference = self.pop_slot();
        self.emit(Row::ThrowRef, 0, fields(reference, 0, 0, 0));
        self.become_unreachable();
    }

    /// Throws again what the handler at that depth caught.
    pub(super) fn rethrow(&mut self, depth: u32) {
        let base = self.control[self.target(depth)].base as u16;
        self.emit(Row::ThrowRef, 0, fields(base, 0, 0, 0));
        self.become_unreachable();
    }

    /// `catch` and, without a tag, `catch_all` of a legacy `try`: ends its body or the handler before.
    pub(super) fn legacy_catch(&mut self, tag: Option<u32>) -> Result<(), Error> {
        let reachable = self.unreachable.is_none();
        let index = self.control.len() - 1;
        if reachable {
            self.leave(index);
        }
        let here = self.code.len();
        let frame = &mut self.control[index];
        if let FrameKind::Try(start) = frame.kind {
            frame.body = Some((start, here));
        }
        frame.kind = FrameKind::Catch;
        let (height, base) = (frame.height, frame.base as u16);
        self.unreachable = None;
        self.stack.truncate(height);
        // The reference is kept below the values: `rethrow` wants it.
        self.push(ValType::ExnRef, Place::Slot)?;
        let types = tag.map_or(Vec::new(), |tag| self.tag_types(tag).to_vec());
        let values = self.next_slot() as u16;
        self.push_settled(&types)?;
        self.barrier();
        self.control[index].landings.push(Landing { tag, target: here, values, reference: Some(base) });
        Ok(())
    }

    /// Goes to the end of a block with its results.
    fn leave(&mut self, frame: usize) {
        self.move_to(frame);
        self.control[frame].used = true;
        let label = self.control[frame].label;
        self.jump(label);
    }

    /// `delegate`: ends a `try`, whose exceptions are looked after by the block at that depth, or what is around it.
    pub(super) fn delegate(&mut self, depth: u32) -> Result<(), Error> {
        // The depth counts from outside of the `try` that ends here.
        let to = self.target(depth + 1);
        if let Some(&Frame { kind: FrameKind::Try(start), .. }) = self.control.last() {
            let region = TryRegion {
                start,
                end: self.code.len(),
                depth: self.control.len() - 1,
                catches: Vec::new(),
                delegate: Some(to),
            };
            self.tries.push(region);
        }
        self.end()
    }

    /// `end` of a `try_table` or `try`.
    pub(super) fn end_try(&mut self, mut frame: Frame, reachable: bool) -> Result<(), Error> {
        let here = self.code.len();
        let depth = self.control.len();
        let label = frame.label;
        // `leave` looks at the block as one that is open.
        let catches = std::mem::take(&mut frame.catches);
        let landings = std::mem::take(&mut frame.landings);
        let (kind, body, height, results) = (frame.kind, frame.body, frame.height, frame.results.clone());
        self.control.push(frame);
        if reachable {
            self.leave(depth);
        }
        let region = |start, end, catches| TryRegion { start, end, depth, catches, delegate: None };
        if let Some((start, end)) = body {
            self.tries.push(region(start, end, landings));
        } else if let FrameKind::Try(start) = kind
            && !catches.is_empty()
        {
            let place = self.tries.len();
            let mut landings = Vec::with_capacity(catches.len());
            for catch in catches {
                self.unreachable = None;
                self.stack.truncate(height);
                self.barrier();
                let (tag, to, with_reference) = match catch {
                    Catch::One { tag, label } => (Some(tag), label, false),
                    Catch::OneRef { tag, label } => (Some(tag), label, true),
                    Catch::All { label } => (None, label, false),
                    Catch::AllRef { label } => (None, label, true),
                };
                let target = self.code.len();
                let values = self.next_slot() as u16;
                let types = tag.map_or(Vec::new(), |tag| self.tag_types(tag).to_vec());
                self.push_settled(&types)?;
                let reference = with_reference.then(|| self.next_slot() as u16);
                if with_reference {
                    self.push(ValType::ExnRef, Place::Slot)?;
                }
                // Seen from inside the block, which stays open so that what is below it stays on the stack.
                self.br(to + 1);
                landings.push(Landing { tag, target, values, reference });
            }
            self.tries.insert(place, region(start, here, landings));
        }
        let used = self.control.pop().is_some_and(|frame| frame.used);
        self.bind(label);
        self.stack.truncate(height);
        self.unreachable = if used { None } else { Some(0) };
        if used { self.push_settled(&results) } else { Ok(()) }
    }
}
