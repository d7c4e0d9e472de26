//! Checks translated code by decoding it again: what the handlers take for granted (invariants C and S of
//! [`exec`](crate::exec)). Runs in debug builds, under the fuzzers and in tests.
//!
//! Here is what concerns a function as a whole: instructions follow each other, branches and landings go to where one
//! begins, the last does not go on. What a single instruction names stands in [`operands`].

mod operands;

use super::{Header, Op, Row};
use crate::exec::handlers;
use crate::module::Sections;
use crate::translate::TryRegion;
use crate::types::FuncType;

/// Says what is wrong with code that is not linked yet: that of a function of type `ty`, which catches in `tries`.
pub(crate) fn verify(code: &[u64], tries: &[TryRegion], ty: &FuncType, sections: &Sections) -> Result<(), String> {
    let header = Header::from_bits(*code.first().ok_or("no header")?);
    let function = Function { frame: header.frame_slots as usize, record: ty.call_slots(), sections };
    if header.first_local as usize != function.record + 2 {
        return Err("locals do not follow the return record".into());
    }
    if header.first_local as usize + header.locals as usize > function.frame {
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
        let instruction = code.get(at..at + words).ok_or_else(|| format!("{:?} at word {at} is cut off", op.row()))?;
        let wrong = |what: String| format!("{:?} at word {at}: {what}", op.row());
        operands::check(op, instruction, &function).map_err(wrong)?;
        targets.extend(op.targets(operands).map(|target| code[at + target]));
        starts[at] = true;
        falls_through = goes_on(op.row());
        at += words;
    }
    if falls_through {
        return Err("the last instruction goes on".into());
    }
    let begins = |word: usize| starts.get(word).is_some_and(|&start| start);
    if let Some(target) = targets.into_iter().find(|&target| !begins(target as usize)) {
        return Err(format!("branch to word {target}, where no instruction begins"));
    }
    for (at, region) in tries.iter().enumerate() {
        check_region(region, &function, code.len(), begins)?;
        let around = region.around.map_or(Some(region), |around| tries[at + 1..].get(around - at - 1));
        if around.is_none_or(|around| around.start > region.start || around.end < region.end) {
            return Err(format!(
                "region {at} from word {} to {} is not in {:?}",
                region.start, region.end, region.around
            ));
        }
    }
    Ok(())
}

/// What instructions are checked against.
struct Function<'a> {
    /// Slots of the frame.
    frame: usize,
    /// The first slot of the return record.
    record: usize,
    sections: &'a Sections,
}

impl Function<'_> {
    fn check_slots(&self, first: usize, count: usize) -> Result<(), String> {
        if first.checked_add(count).is_some_and(|end| end <= self.frame) {
            return Ok(());
        }
        Err(format!("names slots from {first} on, {count} of them, in a frame of {}", self.frame))
    }
}

/// Whether control may go on with the instruction that follows.
fn goes_on(row: Row) -> bool {
    !matches!(
        row,
        Row::Br
            | Row::BrTable
            | Row::Return
            | Row::ReturnOne
            | Row::ReturnCall
            | Row::ReturnCallImport
            | Row::ReturnCallIndirect
            | Row::ReturnCallRef
            | Row::Throw
            | Row::ThrowRef
            | Row::Unreachable
    )
}

/// A region covers whole instructions, and its landings are places in the code, with slots for what they are given.
fn check_region(
    region: &TryRegion,
    function: &Function<'_>,
    len: usize,
    begins: impl Fn(usize) -> bool,
) -> Result<(), String> {
    if !begins(region.start) || (region.end != len && !begins(region.end)) || region.start > region.end {
        return Err(format!("a region from word {} to {}", region.start, region.end));
    }
    for landing in &region.catches {
        let wrong = |what: String| format!("landing at word {}: {what}", landing.target);
        if !begins(landing.target) {
            return Err(wrong("no instruction begins there".into()));
        }
        if let Some(tag) = landing.tag {
            let values = operands::tag_type(function.sections, tag as usize).map_err(wrong)?.param_slots();
            function.check_slots(landing.values as usize, values).map_err(wrong)?;
        }
        if let Some(reference) = landing.reference {
            function.check_slots(reference as usize, 1).map_err(wrong)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{fields, fields_imm};
    use super::*;
    use crate::translate::Landing;
    use crate::types::ValType;

    /// A function `(i32) -> (i32)` with one local and a frame of eight slots; slot 0 the parameter, 1 and 2 the record.
    fn check(code: &[&[u64]], tries: &[TryRegion]) -> Result<(), String> {
        let ty = FuncType::new([ValType::I32], [ValType::I32]);
        let mut words = vec![Header { frame_slots: 8, first_local: 3, locals: 1 }.to_bits()];
        words.extend(code.iter().copied().flatten());
        words.extend([Op::new(Row::Return, 0).0.into(), fields(1, 0, 0, 0)]);
        let mut sections = Sections::default();
        let pair = FuncType::new([ValType::I64, ValType::V128], []);
        (sections.types, sections.type_ids) = (vec![ty.clone(), pair], vec![40, 41]);
        (sections.funcs, sections.tags, sections.bodies) = (vec![0], vec![1], vec![Default::default()]);
        verify(&words, tries, &ty, &sections)
    }

    fn op(row: Row, variant: u16) -> u64 {
        Op::new(row, variant).0.into()
    }

    /// An instruction that fits, and the same with something one slot too far.
    #[test]
    fn operands_are_inside_the_frame() {
        /// Row, word 1 that fits and that does not, further words likewise.
        type Case = (Row, [u64; 2], &'static [u64], &'static [u64]);
        let cases: &[Case] = &[
            (Row::I32Add, [fields(7, 0, 7, 0), fields(7, 0, 8, 0)], &[], &[]),
            (Row::V128Not, [fields(6, 6, 0, 0), fields(6, 7, 0, 0)], &[], &[]),
            (Row::CopySpan, [fields(0, 4, 4, 0), fields(0, 5, 4, 0)], &[], &[]),
            (Row::Throw, [fields_imm(5, 0, 0), fields_imm(6, 0, 0)], &[], &[]),
            (Row::Call, [fields(5, 1, 0, 0), fields(6, 1, 0, 0)], &[0], &[0]),
            (Row::ReturnCall, [fields(5, 1, 1, 1), fields(6, 1, 1, 1)], &[0], &[0]),
            (Row::ReturnCallRef, [fields(5, 1, 1, 1); 2], &[40, 7], &[40, 8]),
            (Row::I64Add128, [fields(7, 7, 7, 7); 2], &[6], &[7]),
            (Row::I64Sub128, [fields(7, 7, 7, 7); 2], &[6], &[u64::MAX]),
        ];
        for (row, [good, bad], good_more, bad_more) in cases {
            let run = |operands: u64, more: &[u64]| check(&[&[op(*row, 0), operands], more], &[]);
            assert_eq!(run(*good, good_more), Ok(()), "{row:?}");
            assert!(run(*bad, bad_more).is_err_and(|what| what.contains("names slots")), "{row:?}");
        }
    }

    #[test]
    fn calls_fit_their_types() {
        let call = |slots: u16, func: u64| check(&[&[op(Row::Call, 0), fields(4, slots, 0, 0), func]], &[]);
        assert_eq!(call(1, 0), Ok(()));
        assert!(call(2, 0).unwrap_err().contains("slots"));
        assert!(call(1, 1).unwrap_err().contains("function 1 of 1"));
        let by_reference = |id: u64| check(&[&[op(Row::CallRef, 0), fields(4, 1, 3, 0), id]], &[]);
        assert_eq!(by_reference(40), Ok(()));
        assert!(by_reference(41).is_err() && by_reference(7).is_err());
        let indirect = check(&[&[op(Row::CallIndirect, 0), fields(4, 1, 3, 0), 40]], &[]);
        assert!(indirect.unwrap_err().contains("table 0 of 0"));
        // A tail call goes by this function's record and moves as many slots as there are parameters.
        let tail =
            |record: u16, params: u16| check(&[&[op(Row::ReturnCallRef, 0), fields(4, 1, record, params), 40, 3]], &[]);
        assert_eq!(tail(1, 1), Ok(()));
        assert!(tail(2, 1).is_err() && tail(1, 2).is_err());
    }

    #[test]
    fn regions_and_landings_are_places_in_the_code() {
        let landing = Landing { tag: Some(0), target: 3, values: 5, reference: Some(7) };
        let region = TryRegion { start: 1, end: 3, depth: 1, around: None, catches: vec![landing], delegate: None };
        let run = |change: fn(&mut TryRegion)| {
            let mut region = region.clone();
            change(&mut region);
            check(&[&[op(Row::Copy, 0), fields(3, 0, 0, 0)]], &[region])
        };
        assert_eq!(run(|_| {}), Ok(()));
        assert!(run(|region| region.end = 2).is_err());
        assert!(run(|region| region.catches[0].target = 4).is_err());
        assert!(run(|region| region.catches[0].values = 6).is_err());
        assert!(run(|region| region.catches[0].reference = Some(8)).is_err());
        assert!(run(|region| region.catches[0].tag = Some(1)).is_err());
    }

    /// Operands as large as they get: some variant of each row that has any is refused.
    #[test]
    fn every_row_with_operands_is_looked_at() {
        for &row in Row::ALL {
            let refused = (0..super::super::VARIANTS as u16).map(|variant| Op::new(row, variant)).any(|op| {
                let mut code = vec![u64::MAX >> 1; op.words(1 << 32)];
                code[0] = op.0.into();
                handlers::exists(op) && check(&[&code], &[]).is_err()
            });
            let has_none = matches!(
                row,
                Row::Check | Row::Unreachable | Row::Lazy | Row::Halt | Row::LeaveInstance | Row::Illegal
            );
            assert_eq!(refused, !has_none, "{row:?}");
        }
    }
}
