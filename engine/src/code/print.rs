//! Code as text, one instruction a line, for whoever looks at what the translator made of a function.
//!
//! ```text
//!   12  I32Add.3       acc <- s1 #-5           word, row and variant, operands where the shape tells them,
//!   14  BrI32LtS.0     s0 s2 -> 7              else all four fields
//! ```

use std::fmt::Write;

use super::{COMMUTATIVE_WIDE, Form, Header, Op, Row, Shape, TO_ACC};

/// Prints code that is not linked yet.
pub(crate) fn print(code: &[u64]) -> String {
    let Some((&header, _)) = code.split_first() else { return String::new() };
    let Header { frame_slots, first_local, locals } = Header::from_bits(header);
    let mut text = format!("      frame {frame_slots}, locals {first_local}..{}\n", first_local + locals);
    let mut at = 1;
    while at < code.len() {
        let op = Op(code[at] as u16);
        if op.row_index() >= Row::ALL.len() {
            break;
        }
        let operands = code.get(at + 1).copied().unwrap_or(0);
        let end = (at + op.words(operands)).min(code.len());
        let name = format!("{:?}.{}", op.row(), op.variant());
        let _ = writeln!(text, "{at:5} {name:20}{}", operation(op, operands, &code[at..end]));
        at = end;
    }
    text
}

fn operation(op: Op, operands: u64, words: &[u64]) -> String {
    let field = |n: u32| (operands >> (16 * n)) as u16;
    let slot = |n: u32| format!("s{}", field(n));
    let imm = |n: u32| format!("#{}", (operands >> (16 * n)) as i32);
    let source = |acc: bool| if acc { "acc".to_owned() } else { slot(1) };
    let to = if op.variant() & TO_ACC == 0 { slot(0) } else { "acc".to_owned() };
    let pair = |pair: u16| match pair {
        0 => format!("{} {}", slot(1), slot(2)),
        1 => format!("{} {}", slot(1), imm(2)),
        2 => format!("acc {}", slot(2)),
        3 => format!("acc {}", imm(2)),
        4 => format!("{} acc", slot(1)),
        5 => format!("{} {}", imm(2), slot(1)),
        _ => format!("{} acc", imm(2)),
    };
    let address = |form: Form| match form {
        Form::Slot => slot(1),
        Form::Acc => "acc".to_owned(),
        Form::SlotSlot => format!("{} + {}", slot(1), slot(2)),
        Form::AccSlot => format!("acc + {}", slot(2)),
        Form::ScaledSlot => format!("{} << {}", slot(2), field(3)),
        Form::ScaledAcc => format!("acc << {}", field(3)),
        Form::SlotScaledSlot => format!("{} + ({} << {})", slot(1), slot(2), field(3)),
        Form::SlotScaledAcc => format!("{} + (acc << {})", slot(1), field(3)),
    };
    let variant = op.variant();
    let mut text = match op.row().shape() {
        Shape::Commutative if variant >= COMMUTATIVE_WIDE => format!("{to} <- {}", source(variant / 2 == 5)),
        Shape::Commutative | Shape::Binary => format!("{to} <- {}", pair(variant / 2)),
        Shape::Unary => format!("{to} <- {}", source(variant / 2 == 1)),
        Shape::BranchCompare => pair(variant),
        Shape::Load if variant < 4 => format!("{to} <- [{} + ..{}]", source(variant / 2 == 1), (operands >> 32) as u32),
        Shape::Store if variant < 5 => {
            let value = match variant {
                0 | 3 => slot(0),
                1 => "acc".to_owned(),
                _ => format!("#{}", field(0) as i16),
            };
            format!("[{} + ..{}] <- {value}", source(variant > 2), (operands >> 32) as u32)
        }
        Shape::LoadIndexed => format!("{to} <- [{}]", address(Form::ALL[variant as usize / 2])),
        Shape::BranchIncrement => format!("{} <- {} {},", slot(0), slot(1), imm(2)),
        Shape::SelectCompare => format!("{to} <- {} ?", pair(variant / 2)),
        _ if words.len() > 1 => format!("{} {} {} {}", field(0), field(1), field(2), field(3)),
        _ => String::new(),
    };
    let targets = op.targets(operands);
    for (index, word) in words.iter().enumerate().skip(2) {
        let _ = if targets.contains(&index) { write!(text, " -> {word}") } else { write!(text, " {word:#x}") };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::{fields, fields_imm};

    #[test]
    fn operands_and_targets_are_told_apart() {
        let op = |row, variant| u64::from(Op::new(row, variant).0);
        let code = [
            Header { frame_slots: 7, first_local: 3, locals: 2 }.to_bits(),
            op(Row::I32Add, 3),
            fields_imm(0, 1, -5_i32 as u32),
            op(Row::BrI32LtS, 0),
            fields(0, 4, 2, 0),
            1,
            op(Row::Unreachable, 0),
        ];
        let text = print(&code);
        let lines: Vec<_> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(
            lines,
            ["frame 7, locals 3..5", "1 I32Add.3 acc <- s1 #-5", "3 BrI32LtS.0 s4 s2 -> 1", "6 Unreachable.0"]
        );
    }
}
