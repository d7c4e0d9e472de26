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
    /// Nowhere yet: an `i32` that is computed from locals, most likely an address.
    Sum(Sum),
    /// In the accumulator of its type; the instruction there produced it.
    Acc { producer: usize },
}

/// `base + (index << shift) + offset`, modulo 2³²; at least one of the locals is there.
///
/// Compilers compute addresses like that in front of loads and stores, whose instructions can do it on the way.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Sum {
    pub base: Option<u16>,
    pub index: Option<u16>,
    pub shift: u16,
    pub offset: u32,
}

impl Sum {
    /// The sum of both, when it has room for their locals.
    pub(super) fn plus(self, other: Sum) -> Option<Sum> {
        let offset = self.offset.wrapping_add(other.offset);
        let (base, index, shift) = match (self.base, self.index, other.base, other.index) {
            (base, index, None, None) => (base, index, self.shift),
            (None, None, base, index) => (base, index, other.shift),
            (base, None, None, index) => (base, index, other.shift),
            (None, index, base, None) => (base, index, self.shift),
            (base, None, index, None) => (base, index, 0),
            _ => return None,
        };
        Some(Sum { base, index, shift, offset })
    }

    pub(super) fn reads(self, local: u16) -> bool {
        self.base == Some(local) || self.index == Some(local)
    }
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
    /// How many entries are in locals, or computed from them.
    pub in_locals: usize,
}

impl Stack {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn push(&mut self, entry: Entry) {
        match entry.place {
            Place::Acc { .. } => self.acc[class(entry.ty)] = Some(self.entries.len()),
            Place::Local(_) | Place::Sum(_) => self.in_locals += 1,
            _ => {}
        }
        self.entries.push(entry);
    }

    pub(super) fn pop(&mut self) -> Entry {
        let entry = self.entries.pop().expect("validated code does not pop an empty stack");
        match entry.place {
            Place::Acc { .. } => self.acc[class(entry.ty)] = None,
            Place::Local(_) | Place::Sum(_) => self.in_locals -= 1,
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
            Place::Local(_) | Place::Sum(_) => self.in_locals -= 1,
            _ => {}
        }
        entry.place = Place::Slot;
    }
}
