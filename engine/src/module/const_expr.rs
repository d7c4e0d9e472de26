//! Constant expressions: initial values of globals and tables, offsets of segments.

use wasmparser::{AbstractHeapType, HeapType, Operator, OperatorsReader};

use crate::error::{Error, operator_name};

/// One instruction of a constant expression.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Const(u64),
    #[cfg_attr(not(feature = "simd"), allow(dead_code, reason = "then there are none"))]
    Vector(Box<[u64; 2]>),
    GlobalGet(u32),
    RefFunc(u32),
    Add32,
    Sub32,
    Mul32,
    Add64,
    Sub64,
    Mul64,
}

/// A validated constant expression. Most are of one instruction.
#[derive(Clone, Debug)]
pub(crate) enum ConstExpr {
    One(Step),
    Several(Box<[Step]>),
}

/// What an element of a table is set to: there can be many in a module, and each takes three bytes there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reference {
    Null,
    Func(u32),
    Global(u32),
}

impl ConstExpr {
    /// Takes an expression that the validator has accepted, or is about to look at.
    pub(crate) fn new(expr: &wasmparser::ConstExpr<'_>) -> Result<ConstExpr, Error> {
        let mut first = None;
        let mut steps: Vec<Step> = Vec::new();
        let mut reader: OperatorsReader<'_> = expr.get_operators_reader();
        while !reader.eof() {
            let (operator, offset) = reader.read_with_offset()?;
            let step = match operator {
                Operator::I32Const { value } => Step::Const(value as u32 as u64),
                Operator::I64Const { value } => Step::Const(value as u64),
                Operator::F32Const { value } => Step::Const(value.bits() as u64),
                Operator::F64Const { value } => Step::Const(value.bits()),
                #[cfg(feature = "simd")]
                Operator::V128Const { value } => {
                    let bits = u128::from_le_bytes(*value.bytes());
                    Step::Vector(Box::new([bits as u64, (bits >> 64) as u64]))
                }
                Operator::GlobalGet { global_index } => Step::GlobalGet(global_index),
                Operator::RefNull { hty: HeapType::Concrete(_) } => Step::Const(0),
                Operator::RefNull {
                    hty:
                        HeapType::Abstract {
                            shared: false,
                            ty: AbstractHeapType::Func | AbstractHeapType::Extern | AbstractHeapType::Exn,
                        },
                } => Step::Const(0),
                Operator::RefFunc { function_index } => Step::RefFunc(function_index),
                Operator::I32Add => Step::Add32,
                Operator::I32Sub => Step::Sub32,
                Operator::I32Mul => Step::Mul32,
                Operator::I64Add => Step::Add64,
                Operator::I64Sub => Step::Sub64,
                Operator::I64Mul => Step::Mul64,
                Operator::End => continue,
                other => {
                    // The validator lets nothing else in.
                    let part = format!("{} in a constant expression", operator_name(&other));
                    return Err(Error::garbage_collection(&part, offset));
                }
            };
            if steps.is_empty() {
                match first.take() {
                    None => {
                        first = Some(step);
                        continue;
                    }
                    Some(one) => {
                        // This one and all that follow, but for the end: there may be many, in one place of the right size.
                        steps.reserve_exact(1 + reader.clone().into_iter().count());
                        steps.push(one);
                    }
                }
            }
            steps.push(step);
        }
        Ok(match first {
            Some(step) => ConstExpr::One(step),
            None => ConstExpr::Several(steps.into()),
        })
    }

    /// As an element of a table; `None` for what cannot be one.
    pub(crate) fn as_reference(&self) -> Option<Reference> {
        match *self {
            ConstExpr::One(Step::Const(0)) => Some(Reference::Null),
            ConstExpr::One(Step::RefFunc(index)) => Some(Reference::Func(index)),
            ConstExpr::One(Step::GlobalGet(index)) => Some(Reference::Global(index)),
            _ => None,
        }
    }

    /// The value, in the one or two slots of its type, given the values of globals and functions.
    pub(crate) fn evaluate(&self, global: impl Fn(u32) -> [u64; 2], function: impl Fn(u32) -> u64) -> [u64; 2] {
        let steps = match self {
            ConstExpr::One(Step::Const(value)) => return [*value, 0],
            ConstExpr::One(Step::Vector(value)) => return **value,
            ConstExpr::One(Step::GlobalGet(index)) => return global(*index),
            ConstExpr::One(step) => std::slice::from_ref(step),
            ConstExpr::Several(steps) => steps,
        };
        let mut stack = Vec::with_capacity(4);
        for step in steps {
            let value = match step {
                Step::Const(value) => *value,
                Step::GlobalGet(index) => global(*index)[0],
                Step::RefFunc(index) => function(*index),
                operation => {
                    // Validated: there are two operands.
                    let (b, a): (u64, u64) = (stack.pop().unwrap_or(0), stack.pop().unwrap_or(0));
                    match operation {
                        Step::Add32 => (a as u32).wrapping_add(b as u32) as u64,
                        Step::Sub32 => (a as u32).wrapping_sub(b as u32) as u64,
                        Step::Mul32 => (a as u32).wrapping_mul(b as u32) as u64,
                        Step::Add64 => a.wrapping_add(b),
                        Step::Sub64 => a.wrapping_sub(b),
                        _ => a.wrapping_mul(b),
                    }
                }
            };
            stack.push(value);
        }
        [stack.pop().unwrap_or(0), 0]
    }
}
