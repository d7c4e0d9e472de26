//! Exceptions: `try_table` and the older `try`, both as regions of code with landings.
//!
//! A landing is where a caught exception goes on: its values are put into the slots of the stack heights they have there.
//! The landings of a `try_table` stand behind its body and branch on to the labels; those of a `try` are its handlers.

use std::cmp::Reverse;

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
                around: None,
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
        let region = |start, end, catches| TryRegion { start, end, depth, around: None, catches, delegate: None };
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

/// Sorts a function's regions, which lie in or beside each other, and tells each the next one around it.
pub(super) fn nest(tries: &mut [TryRegion]) {
    tries.sort_by_key(|region| (region.end, Reverse(region.start), Reverse(region.depth)));
    // Those that may be around a region that comes before them, the innermost last.
    let mut open: Vec<usize> = Vec::new();
    for at in (0..tries.len()).rev() {
        while open.last().is_some_and(|&outer| tries[outer].start > tries[at].start) {
            open.pop();
        }
        tries[at].around = open.last().copied();
        open.push(at);
    }
}

/// The regions around a word of the code, inner ones first.
pub(crate) fn regions_around(tries: &[TryRegion], word: usize) -> impl Iterator<Item = &TryRegion> {
    let first = tries.partition_point(|region| region.end <= word);
    // What is around the word is around the first that ends behind it, or is that.
    std::iter::successors(tries.get(first), |region| tries.get(region.around?))
        .filter(move |region| region.start <= word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_found_from_the_inside_out() {
        let region = |start, end, depth| TryRegion { start, end, depth, around: None, catches: vec![], delegate: None };
        let plain = [
            region(1, 20, 1),
            region(1, 10, 2),
            region(3, 10, 3),
            region(3, 10, 4),
            region(5, 6, 5),
            region(7, 7, 5),
            region(12, 15, 2),
            region(30, 31, 1),
        ];
        let mut tries = plain.clone();
        tries.rotate_left(3);
        nest(&mut tries);
        for word in 0..40 {
            let mut expected: Vec<_> =
                plain.iter().filter(|region| (region.start..region.end).contains(&word)).collect();
            expected.sort_by_key(|region| Reverse(region.depth));
            let key = |region: &&TryRegion| (region.start, region.end, region.depth);
            let found: Vec<_> = regions_around(&tries, word).map(|region| key(&region)).collect();
            assert_eq!(found, expected.iter().map(key).collect::<Vec<_>>(), "{word}");
        }
    }
}
