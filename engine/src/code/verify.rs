//! Checks translated code by decoding it again: what the handlers take for granted (invariants C and S of
//! [`exec`](crate::exec)). Runs in debug builds, under the fuzzers and in tests.

use super::{Form, Header, Op, Row, Shape};
use crate::exec::handlers;
use crate::module::Sections;

/// Says what is wrong with code that is not linked yet.
pub(crate) fn verify(code: &[u64], sections: &Sections) -> Result<(), String> {
    let header = Header::from_bits(*code.first().ok_or("no header")?);
    let frame = header.frame_slots as usize;
    if header.first_local as usize + header.locals as usize > frame {
        return Err("locals beyond the frame".into());
    }
    let mut starts = vec![false; code.len()];
    let mut targets = Vec::new();
    let mut at = 1;
    let mut falls_through = true;
    while at < code.len() {
        let op = Op(u16::try_from(code[at]).map_err(|_| format!("word {at} is no instruction"))?);
        if op.row_index() >= Row::ALL.len() || !handlers::exists(op) {
            return Err(format!("no such instruction at word {at}: {}", op.0));
        }
        let operands = code.get(at + 1).copied().unwrap_or(0);
        let words = op.words(operands);
        if at + words > code.len() {
            return Err(format!("{:?} at word {at} is cut off", op.row()));
        }
        for slot in slots(op, operands, &code[at..at + words]) {
            if slot >= frame {
                return Err(format!("{:?} at word {at} names slot {slot} of {frame}", op.row()));
            }
        }
        let functions = sections.funcs.len();
        if op.row().shape() == Shape::Call && !(sections.imported_funcs..functions).contains(&(code[at + 2] as usize)) {
            return Err(format!("call at word {at} of function {} of {functions}", code[at + 2]));
        }
        targets.extend(op.targets(operands).map(|target| code[at + target]));
        starts[at] = true;
        falls_through = !matches!(
            op.row(),
            Row::Br
                | Row::Throw
                | Row::ThrowRef
                | Row::ReturnCallRef
                | Row::BrTable
                | Row::Return
                | Row::ReturnOne
                | Row::Unreachable
                | Row::ReturnCall
                | Row::ReturnCallImport
                | Row::ReturnCallIndirect
        );
        at += words;
    }
    if falls_through {
        return Err("the last instruction goes on".into());
    }
    match targets.into_iter().find(|&target| !starts.get(target as usize).is_some_and(|&start| start)) {
        Some(target) => Err(format!("branch to word {target}, where no instruction begins")),
        None => Ok(()),
    }
}

/// The slots an instruction names.
fn slots(op: Op, operands: u64, words: &[u64]) -> Vec<usize> {
    let field = |n: u32| (operands >> (16 * n)) as u16 as usize;
    let variant = op.variant();
    let to = if variant & super::TO_ACC == 0 { Some(field(0)) } else { None };
    match op.row().shape() {
        Shape::Commutative | Shape::Binary => pair_slots(variant / 2, field).chain(to).collect(),
        Shape::Unary => (variant / 2 == 0).then(|| field(1)).into_iter().chain(to).collect(),
        Shape::BranchCompare => pair_slots(variant, field).collect(),
        Shape::VectorUnary => vec![field(0) + 1, field(1) + 1],
        Shape::VectorBinary => vec![field(0) + 1, field(1) + 1, field(2) + 1],
        Shape::VectorTernary => vec![field(0) + 1, field(1) + 1, field(2) + 1, field(3) + 1],
        Shape::Shift | Shape::Replace => vec![field(0) + 1, field(1) + 1, field(2)],
        Shape::Test | Shape::Extract => vec![field(0), field(1) + 1],
        Shape::Splat => vec![field(0) + 1, field(1)],
        Shape::VectorLoad | Shape::VectorStore if variant >= super::VECTOR_INDEXED => {
            let form = Form::ALL[(variant - super::VECTOR_INDEXED) as usize];
            form_slots(form, field).chain([field(0) + 1]).collect()
        }
        Shape::VectorLoad | Shape::VectorStore if variant.is_multiple_of(2) => vec![field(0) + 1, field(1)],
        Shape::VectorLoad | Shape::VectorStore => vec![field(0) + 1],
        Shape::Lane => vec![field(0) + 1, field(1), field(2) + 1],
        Shape::Load => (variant % 4 < 2).then(|| field(1)).into_iter().chain(to).collect(),
        Shape::Store => match variant % 5 {
            0 => vec![field(0), field(1)],
            1 | 2 => vec![field(1)],
            3 => vec![field(0)],
            _ => vec![],
        },
        Shape::LoadIndexed => form_slots(Form::ALL[variant as usize / 2], field).chain(to).collect(),
        Shape::StoreIndexed => {
            let (form, value) = match variant {
                12.. => ([Form::Acc, Form::AccSlot][variant as usize / 2 - 6], variant % 2 == 0),
                _ => {
                    let forms = [Form::Slot, Form::SlotSlot, Form::ScaledSlot, Form::SlotScaledSlot];
                    (forms[variant as usize / 3], variant % 3 == 0)
                }
            };
            form_slots(form, field).chain(value.then(|| field(0))).collect()
        }
        Shape::BranchIncrement => {
            let right = (variant == 0).then_some(words[3] as usize);
            [field(0), field(1)].into_iter().chain(right).collect()
        }
        Shape::SelectCompare => {
            let values = [words[2] as u16 as usize, (words[2] >> 16) as usize];
            pair_slots(variant / 2, field).chain(to).chain(values).collect()
        }
        Shape::Call => vec![field(0), field(0) + field(1) + 1],
        Shape::Plain(_) | Shape::Branch(_) | Shape::BranchTable => match op.row() {
            Row::Const32 | Row::Const64 | Row::MemorySize | Row::TableSize | Row::RefFunc => vec![field(0)],
            Row::Stage2 => staged(variant, &[field(1), field(2)]).chain([field(0) + 1]).collect(),
            Row::Stage3 => staged(variant, &[field(1), field(2), field(3)]).chain([field(0) + 2]).collect(),
            Row::Stage4 => {
                let sources = [0, 16, 32, 48].map(|at| (words[2] >> at) as u16 as usize);
                staged(variant, &sources).chain([field(0) + 3]).collect()
            }
            Row::CopySpan => vec![(field(0) + field(2)).max(1) - 1, (field(1) + field(2)).max(1) - 1],
            Row::BrIfNez | Row::BrIfEqz | Row::BrTable if variant == 0 => vec![field(1)],
            Row::Return => vec![field(0) + 1],
            Row::ReturnOne if variant == 0 => vec![field(0) + 1, field(1)],
            Row::ReturnOne => vec![field(0) + 1],
            Row::CallImport | Row::CallIndirect => vec![field(0) + field(1) + 1],
            Row::ReturnCallImport | Row::ReturnCallIndirect => vec![field(0) + field(1) + 1, field(2) + 1],
            Row::MemoryFill
            | Row::MemoryCopy
            | Row::MemoryInit
            | Row::TableFill
            | Row::TableCopy
            | Row::TableInit
            | Row::TableGrow => vec![field(0), field(1), field(2)],
            Row::MemoryGrow | Row::TableGet | Row::TableSet => vec![field(0), field(1)],
            Row::ThrowRef | Row::RefAsNonNull => vec![field(0)],
            Row::CallRef => vec![field(0) + field(1) + 1, field(2)],
            Row::ReturnCallRef => vec![field(0) + field(1) + 1, field(2) + 1],
            Row::I64Add128 | Row::I64Sub128 => vec![field(0), field(1), field(2), field(3)],
            Row::I64MulWideS | Row::I64MulWideU => vec![field(0) + 1, field(1), field(2)],
            row if row.is_atomic() => vec![field(0), field(1), field(2), field(3)],
            Row::GlobalGet => to.into_iter().collect(),
            Row::GlobalSet if variant == 0 => vec![field(1)],
            Row::GlobalGetWide => vec![field(0) + 1],
            Row::GlobalSetWide => vec![field(1) + 1],
            Row::V128Const => vec![field(0) + 1],
            Row::I8x16Shuffle => vec![field(0) + 1, field(1) + 1, field(2) + 1],
            Row::SelectWide => {
                let mut slots = vec![field(0) + 1, field(1) + 1, field(2) + 1];
                slots.extend((variant == 0).then(|| field(3)));
                slots
            }
            Row::Select => {
                let mut slots = vec![field(1), field(2)];
                slots.extend(to);
                slots.extend((variant / 2 == 0).then(|| field(3)));
                slots
            }
            _ => vec![],
        },
    }
}

/// The slots that an address is computed from.
fn form_slots(form: Form, field: impl Fn(u32) -> usize) -> impl Iterator<Item = usize> {
    let (base, index) = form.slots();
    base.then(|| field(1)).into_iter().chain(index.then(|| field(2)))
}

/// Those operands of a `Stage` instruction that are slots.
fn staged(variant: u16, operands: &[usize]) -> impl Iterator<Item = usize> {
    operands.iter().copied().enumerate().filter(move |(n, _)| variant >> n & 1 == 0).map(|(_, slot)| slot)
}

/// The slots of a [`Pair`](super::Pair).
fn pair_slots(pair: u16, field: impl Fn(u32) -> usize) -> impl Iterator<Item = usize> {
    let left = matches!(pair, 0 | 1 | 4 | 5).then(|| field(1));
    let right = matches!(pair, 0 | 2).then(|| field(2));
    left.into_iter().chain(right)
}
