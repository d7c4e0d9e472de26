//! What a single instruction names: slots, which have to be inside the frame, and indices, which have to be the module's.

use super::super::{COMMUTATIVE_WIDE, Form, Op, Row, Shape, TO_ACC, VECTOR_INDEXED};
use super::Function;
use crate::module::Sections;
use crate::types::FuncType;

/// An instruction's words, by their parts.
#[derive(Clone, Copy)]
struct Words<'a>(&'a [u64]);

impl Words<'_> {
    fn field(self, n: usize) -> usize {
        (self.word(1) >> (16 * n)) as u16 as usize
    }

    /// Fields 2 and 3.
    fn imm(self) -> usize {
        (self.word(1) >> 32) as usize
    }

    fn word(self, n: usize) -> u64 {
        self.0.get(n).copied().unwrap_or(0)
    }

    fn low(self, n: usize) -> usize {
        self.word(n) as u32 as usize
    }

    fn high(self, n: usize) -> usize {
        (self.word(n) >> 32) as usize
    }
}

/// Says what is wrong with an instruction of these words.
pub(super) fn check(op: Op, words: &[u64], function: &Function<'_>) -> Result<(), String> {
    let words = Words(words);
    for (first, count) in slots(op, words) {
        function.check_slots(first, count)?;
    }
    for (what, index, count) in indices(op, words, function.sections) {
        if index >= count {
            return Err(format!("{what} {index} of {count}"));
        }
    }
    if matches!(op.row(), Row::Return | Row::ReturnOne) && words.field(0) != function.record {
        return Err(format!("the return record is at slot {}, not {}", function.record, words.field(0)));
    }
    match callee(op, words, function.sections)? {
        Some(ty) => check_call(op, words, ty, function),
        None => Ok(()),
    }
}

/// The type of the function that an instruction calls or the tag it throws.
fn callee<'a>(op: Op, words: Words<'_>, sections: &'a Sections) -> Result<Option<&'a FuncType>, String> {
    let by_function = |func: usize| -> Result<_, String> {
        let ty = sections.funcs.get(func).ok_or_else(|| format!("function {func} of {}", sections.funcs.len()))?;
        Ok(Some(&sections.types[*ty as usize]))
    };
    match op.row() {
        Row::Call | Row::CallImport | Row::ReturnCall | Row::ReturnCallImport => by_function(words.low(2)),
        Row::CallIndirect | Row::ReturnCallIndirect | Row::CallRef | Row::ReturnCallRef => {
            let id = words.low(2) as u32;
            let index = sections.type_ids.iter().position(|&known| known == id);
            Ok(Some(&sections.types[index.ok_or_else(|| format!("no type of the module has number {id}"))?]))
        }
        Row::Throw => tag_type(sections, words.imm()).map(Some),
        _ => Ok(None),
    }
}

/// The type of the module's tag.
pub(super) fn tag_type(sections: &Sections, tag: usize) -> Result<&FuncType, String> {
    let ty = sections.tags.get(tag).ok_or_else(|| format!("tag {tag} of {}", sections.tags.len()))?;
    Ok(&sections.types[*ty as usize])
}

/// The callee's frame and record have room in the caller's frame; a tail call also moves them to the frame's beginning.
fn check_call(op: Op, words: Words<'_>, ty: &FuncType, function: &Function<'_>) -> Result<(), String> {
    let base = words.field(0);
    if op.row() == Row::Throw {
        return function.check_slots(base, ty.param_slots());
    }
    if words.field(1) != ty.call_slots() {
        return Err(format!("a call of {} slots, the type has {}", words.field(1), ty.call_slots()));
    }
    function.check_slots(base, ty.call_slots() + 2)?;
    let tail =
        matches!(op.row(), Row::ReturnCall | Row::ReturnCallImport | Row::ReturnCallIndirect | Row::ReturnCallRef);
    if tail {
        function.check_slots(0, ty.call_slots() + 2)?;
        if (words.field(2), words.field(3)) != (function.record, ty.param_slots()) {
            return Err(format!("a tail call by record {} with {} slots", words.field(2), words.field(3)));
        }
    }
    Ok(())
}

/// The slots that an instruction names: the first, and how many.
fn slots(op: Op, words: Words<'_>) -> Vec<(usize, usize)> {
    let variant = op.variant();
    let one = |n: usize| (words.field(n), 1);
    let two = |n: usize| (words.field(n), 2);
    let to = (variant & TO_ACC == 0).then(|| one(0));
    let when = |holds: bool, n: usize| holds.then(|| one(n));
    match op.row().shape() {
        Shape::Commutative if variant >= COMMUTATIVE_WIDE => {
            when(variant < COMMUTATIVE_WIDE + 2, 1).into_iter().chain(to).collect()
        }
        Shape::Commutative | Shape::Binary => pair(variant / 2, one).chain(to).collect(),
        Shape::Unary => when(variant / 2 == 0, 1).into_iter().chain(to).collect(),
        Shape::BranchCompare => pair(variant, one).collect(),
        Shape::VectorUnary => vec![two(0), two(1)],
        Shape::VectorBinary => vec![two(0), two(1), two(2)],
        Shape::VectorTernary => vec![two(0), two(1), two(2), two(3)],
        Shape::Shift | Shape::Replace => vec![two(0), two(1), one(2)],
        Shape::Test | Shape::Extract => vec![one(0), two(1)],
        Shape::Splat => vec![two(0), one(1)],
        Shape::VectorLoad | Shape::VectorStore if variant >= VECTOR_INDEXED => {
            address(Form::ALL[(variant - VECTOR_INDEXED) as usize], one).chain([two(0)]).collect()
        }
        Shape::VectorLoad | Shape::VectorStore => {
            when(variant.is_multiple_of(2), 1).into_iter().chain([two(0)]).collect()
        }
        Shape::Lane => vec![two(0), one(1), two(2)],
        Shape::Load => when(variant % 4 < 2, 1).into_iter().chain(to).collect(),
        Shape::Store => match variant % 5 {
            0 => vec![one(0), one(1)],
            1 | 2 => vec![one(1)],
            3 => vec![one(0)],
            _ => vec![],
        },
        Shape::LoadIndexed => address(Form::ALL[variant as usize / 2], one).chain(to).collect(),
        Shape::StoreIndexed => {
            let (form, value) = match variant {
                12.. => ([Form::Acc, Form::AccSlot][variant as usize / 2 - 6], variant.is_multiple_of(2)),
                _ => {
                    let forms = [Form::Slot, Form::SlotSlot, Form::ScaledSlot, Form::SlotScaledSlot];
                    (forms[variant as usize / 3], variant.is_multiple_of(3))
                }
            };
            address(form, one).chain(when(value, 0)).collect()
        }
        Shape::BranchIncrement => {
            let right = (variant == 0).then(|| (words.word(3) as usize, 1));
            right.into_iter().chain([one(0), one(1)]).collect()
        }
        Shape::SelectCompare => {
            let values = [0, 16].map(|at| ((words.word(2) >> at) as u16 as usize, 1));
            pair(variant / 2, one).chain(to).chain(values).collect()
        }
        // The rest by the callee's type.
        Shape::Call if op.row() == Row::Call => last_arguments(variant, words),
        Shape::Call => vec![],
        Shape::Plain(_) | Shape::Branch(_) | Shape::BranchTable => match op.row() {
            Row::Const32 | Row::Const64 | Row::MemorySize | Row::TableSize | Row::RefFunc => vec![one(0)],
            Row::Stage2 => staged(variant, &[1, 2].map(one)).chain([two(0)]).collect(),
            Row::Stage3 => staged(variant, &[1, 2, 3].map(one)).chain([(words.field(0), 3)]).collect(),
            Row::Stage4 => {
                let sources = [0, 16, 32, 48].map(|at| ((words.word(2) >> at) as u16 as usize, 1));
                staged(variant, &sources).chain([(words.field(0), 4)]).collect()
            }
            Row::CallImport => last_arguments(variant, words),
            Row::Copy2 => vec![one(0), one(1), one(2), one(3)],
            Row::CopySpan => vec![(words.field(0), words.field(2)), (words.field(1), words.field(2))],
            Row::BrIfNez | Row::BrIfEqz | Row::BrTable => when(variant == 0, 1).into_iter().collect(),
            Row::Return => vec![two(0)],
            Row::ReturnOne => when(variant == 0, 1).into_iter().chain([two(0)]).collect(),
            Row::CallIndirect => when(variant.is_multiple_of(2), 2).into_iter().collect(),
            Row::CallRef => vec![one(2)],
            Row::ReturnCallIndirect | Row::ReturnCallRef => vec![(words.word(3) as usize, 1)],
            Row::MemoryFill
            | Row::MemoryCopy
            | Row::MemoryInit
            | Row::TableFill
            | Row::TableCopy
            | Row::TableInit
            | Row::TableGrow => vec![one(0), one(1), one(2)],
            Row::MemoryGrow | Row::TableGet | Row::TableSet => vec![one(0), one(1)],
            Row::ThrowRef | Row::RefAsNonNull => vec![one(0)],
            Row::I64Add128 | Row::I64Sub128 => vec![one(0), one(1), one(2), one(3), (words.word(2) as usize, 2)],
            Row::I64MulWideS | Row::I64MulWideU => vec![two(0), one(1), one(2)],
            row if row.is_atomic() => vec![one(0), one(1), one(2), one(3)],
            Row::GlobalGet => to.into_iter().collect(),
            Row::GlobalSet => when(variant == 0, 1).into_iter().collect(),
            Row::GlobalGetWide | Row::V128Const => vec![two(0)],
            Row::GlobalSetWide => vec![two(1)],
            Row::I8x16Shuffle => vec![two(0), two(1), two(2)],
            Row::SelectWide => when(variant == 0, 3).into_iter().chain([two(0), two(1), two(2)]).collect(),
            Row::Select => when(variant / 2 == 0, 3).into_iter().chain(to).chain([one(1), one(2)]).collect(),
            _ => vec![],
        },
    }
}

/// The slots among the arguments that a call has for operands, and those that they go to.
fn last_arguments(variant: u16, words: Words<'_>) -> Vec<(usize, usize)> {
    let operands = [2, 3].map(|n| (words.field(n), 1));
    match variant {
        0 => vec![],
        1..=4 => staged((variant - 1) % 2, &operands[..1])
            .chain([(words.field(0) + (variant as usize - 1) / 2, 1)])
            .collect(),
        _ => staged((variant - 5) % 4, &operands).chain([(words.field(0) + (variant as usize - 5) / 4, 2)]).collect(),
    }
}

/// The slots that an address is computed from.
fn address(form: Form, one: impl Fn(usize) -> (usize, usize)) -> impl Iterator<Item = (usize, usize)> {
    let (base, index) = form.slots();
    base.then(|| one(1)).into_iter().chain(index.then(|| one(2)))
}

/// Those operands of a `Stage` instruction that are slots.
fn staged(variant: u16, operands: &[(usize, usize)]) -> impl Iterator<Item = (usize, usize)> {
    operands.iter().copied().enumerate().filter(move |(n, _)| variant >> n & 1 == 0).map(|(_, slot)| slot)
}

/// The slots of a [`Pair`](super::super::Pair).
fn pair(pair: u16, one: impl Fn(usize) -> (usize, usize)) -> impl Iterator<Item = (usize, usize)> {
    let left = matches!(pair, 0 | 1 | 4 | 5).then(|| one(1));
    let right = matches!(pair, 0 | 2).then(|| one(2));
    left.into_iter().chain(right)
}

/// The indices that an instruction names: of what, which, and how many the module has.
fn indices(op: Op, words: Words<'_>, sections: &Sections) -> Vec<(&'static str, usize, usize)> {
    let memory = |index| ("memory", index, sections.memories.len());
    let table = |index| ("table", index, sections.tables.len());
    let global = |index| ("global", index, sections.globals.len());
    let data = |index| ("data segment", index, sections.data.len());
    let elements = |index| ("element segment", index, sections.elements.len());
    let function = |index| ("function", index, sections.funcs.len());
    let imported = |index| ("imported function", index, sections.imported_funcs);
    let defined = |index: usize| ("function", index.wrapping_sub(sections.imported_funcs), sections.bodies.len());
    let wide = op.words(words.word(1)) == 4;
    match op.row().shape() {
        Shape::Load | Shape::Store | Shape::VectorLoad | Shape::VectorStore if !wide => vec![],
        Shape::Load | Shape::Store | Shape::VectorLoad | Shape::VectorStore | Shape::Lane => {
            vec![memory(words.word(3) as usize)]
        }
        Shape::Call => vec![defined(words.word(2) as usize)],
        _ => match op.row() {
            row if row.is_atomic() => vec![memory(words.word(3) as usize)],
            Row::CallImport | Row::ReturnCallImport => vec![imported(words.word(2) as usize)],
            Row::CallIndirect | Row::ReturnCallIndirect => vec![table(words.high(2))],
            Row::GlobalGet | Row::GlobalSet | Row::GlobalGetWide | Row::GlobalSetWide => vec![global(words.imm())],
            Row::MemorySize | Row::MemoryGrow => vec![memory(words.imm())],
            Row::MemoryFill => vec![memory(words.low(2))],
            Row::MemoryCopy => vec![memory(words.low(2)), memory(words.high(2))],
            Row::MemoryInit => vec![memory(words.low(2)), data(words.high(2))],
            Row::DataDrop => vec![data(words.imm())],
            Row::TableGet | Row::TableSet | Row::TableSize => vec![table(words.imm())],
            Row::TableGrow | Row::TableFill => vec![table(words.low(2))],
            Row::TableCopy => vec![table(words.low(2)), table(words.high(2))],
            Row::TableInit => vec![table(words.low(2)), elements(words.high(2))],
            Row::ElemDrop => vec![elements(words.imm())],
            Row::RefFunc | Row::ListenBefore | Row::ListenAfter => vec![function(words.imm())],
            _ => vec![],
        },
    }
}
