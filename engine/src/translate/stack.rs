//! The symbolic operand stack.

use crate::types::ValType;

/// Where a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// In the slot of its height.
    Slot,
    /// In a local's slot, still.
    Local(u16),
    /// Nowhere yet: these bits.
    Const(u64),
    /// In the accumulator of its type; the instruction there produced it.
    Acc { producer: usize },
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub ty: ValType,
    pub place: Place,
    /// The slot of its height.
    pub slot: u16,
}

/// Which accumulator values of a type use.
pub(super) fn class(ty: ValType) -> usize {
    match ty {
        ValType::F32 => 1,
        ValType::F64 => 2,
        _ => 0,
    }
}

#[derive(Default)]
pub(super) struct Stack {
    pub entries: Vec<Entry>,
    /// Which entry each accumulator holds.
    pub acc: [Option<usize>; 3],
    /// How many entries are in locals.
    pub in_locals: usize,
}

impl Stack {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn push(&mut self, entry: Entry) {
        match entry.place {
            Place::Acc { .. } => self.acc[class(entry.ty)] = Some(self.entries.len()),
            Place::Local(_) => self.in_locals += 1,
            _ => {}
        }
        self.entries.push(entry);
    }

    pub(super) fn pop(&mut self) -> Entry {
        let entry = self.entries.pop().expect("validated code does not pop an empty stack");
        match entry.place {
            Place::Acc { .. } => self.acc[class(entry.ty)] = None,
            Place::Local(_) => self.in_locals -= 1,
            _ => {}
        }
        entry
    }

    pub(super) fn truncate(&mut self, len: usize) {
        while self.entries.len() > len {
            self.pop();
        }
    }

    /// Says that an entry is in its slot now.
    pub(super) fn settle(&mut self, index: usize) {
        let entry = &mut self.entries[index];
        match entry.place {
            Place::Acc { .. } => self.acc[class(entry.ty)] = None,
            Place::Local(_) => self.in_locals -= 1,
            _ => {}
        }
        entry.place = Place::Slot;
    }
}
