//! Atomic operators, on memories that are not shared.

use wasmparser::{MemArg, Operator};

use super::Translator;
use super::stack::Place;
use crate::code::{Row, fields};
use crate::error::Error;
use crate::types::ValType;

use ValType::{I32, I64};

impl Translator<'_> {
    /// Translates an atomic operator; `false` when it is none.
    pub(super) fn atomic(&mut self, operator: &Operator<'_>) -> Result<bool, Error> {
        /// From the operator to the row of its width.
        macro_rules! by_name {
            (
                load { $($load:ident: $load_row:ident $load_ty:ident,)* }
                store { $($store:ident: $store_row:ident,)* }
                modify { $($modify:ident: $modify_row:ident $modify_ty:ident,)* }
                exchange { $($exchange:ident: $exchange_row:ident $exchange_ty:ident,)* }
            ) => {
                match *operator {
                    $(Operator::$load { memarg } => self.atomic_access(Row::$load_row, 0, Some($load_ty), memarg, 0)?,)*
                    $(Operator::$store { memarg } => self.atomic_access(Row::$store_row, 1, None, memarg, 0)?,)*
                    $(Operator::$modify { memarg } => self.atomic_access(Row::$modify_row, 1, Some($modify_ty), memarg, 0)?,)*
                    $(Operator::$exchange { memarg } => self.atomic_access(Row::$exchange_row, 2, Some($exchange_ty), memarg, 0)?,)*
                    Operator::MemoryAtomicNotify { memarg } => self.atomic_access(Row::AtomicNotify, 1, Some(I32), memarg, 0)?,
                    Operator::MemoryAtomicWait32 { memarg } => self.atomic_access(Row::AtomicWait, 2, Some(I32), memarg, 0)?,
                    Operator::MemoryAtomicWait64 { memarg } => self.atomic_access(Row::AtomicWait, 2, Some(I32), memarg, 1)?,
                    // One thread sees its own accesses in order.
                    Operator::AtomicFence { .. } => {}
                    _ => return Ok(false),
                }
            };
        }
        by_name! {
            load {
                I32AtomicLoad: AtomicLoad32 I32, I64AtomicLoad: AtomicLoad64 I64, I32AtomicLoad8U: AtomicLoad8 I32,
                I32AtomicLoad16U: AtomicLoad16 I32, I64AtomicLoad8U: AtomicLoad8 I64,
                I64AtomicLoad16U: AtomicLoad16 I64, I64AtomicLoad32U: AtomicLoad32 I64,
            }
            store {
                I32AtomicStore: AtomicStore32, I64AtomicStore: AtomicStore64, I32AtomicStore8: AtomicStore8,
                I32AtomicStore16: AtomicStore16, I64AtomicStore8: AtomicStore8, I64AtomicStore16: AtomicStore16,
                I64AtomicStore32: AtomicStore32,
            }
            modify {
                I32AtomicRmwAdd: AtomicAdd32 I32, I64AtomicRmwAdd: AtomicAdd64 I64,
                I32AtomicRmw8AddU: AtomicAdd8 I32, I32AtomicRmw16AddU: AtomicAdd16 I32,
                I64AtomicRmw8AddU: AtomicAdd8 I64, I64AtomicRmw16AddU: AtomicAdd16 I64,
                I64AtomicRmw32AddU: AtomicAdd32 I64, I32AtomicRmwSub: AtomicSub32 I32,
                I64AtomicRmwSub: AtomicSub64 I64, I32AtomicRmw8SubU: AtomicSub8 I32,
                I32AtomicRmw16SubU: AtomicSub16 I32, I64AtomicRmw8SubU: AtomicSub8 I64,
                I64AtomicRmw16SubU: AtomicSub16 I64, I64AtomicRmw32SubU: AtomicSub32 I64,
                I32AtomicRmwAnd: AtomicAnd32 I32, I64AtomicRmwAnd: AtomicAnd64 I64,
                I32AtomicRmw8AndU: AtomicAnd8 I32, I32AtomicRmw16AndU: AtomicAnd16 I32,
                I64AtomicRmw8AndU: AtomicAnd8 I64, I64AtomicRmw16AndU: AtomicAnd16 I64,
                I64AtomicRmw32AndU: AtomicAnd32 I64, I32AtomicRmwOr: AtomicOr32 I32, I64AtomicRmwOr: AtomicOr64 I64,
                I32AtomicRmw8OrU: AtomicOr8 I32, I32AtomicRmw16OrU: AtomicOr16 I32, I64AtomicRmw8OrU: AtomicOr8 I64,
                I64AtomicRmw16OrU: AtomicOr16 I64, I64AtomicRmw32OrU: AtomicOr32 I64,
                I32AtomicRmwXor: AtomicXor32 I32, I64AtomicRmwXor: AtomicXor64 I64,
                I32AtomicRmw8XorU: AtomicXor8 I32, I32AtomicRmw16XorU: AtomicXor16 I32,
                I64AtomicRmw8XorU: AtomicXor8 I64, I64AtomicRmw16XorU: AtomicXor16 I64,
                I64AtomicRmw32XorU: AtomicXor32 I64, I32AtomicRmwXchg: AtomicXchg32 I32,
                I64AtomicRmwXchg: AtomicXchg64 I64, I32AtomicRmw8XchgU: AtomicXchg8 I32,
                I32AtomicRmw16XchgU: AtomicXchg16 I32, I64AtomicRmw8XchgU: AtomicXchg8 I64,
                I64AtomicRmw16XchgU: AtomicXchg16 I64, I64AtomicRmw32XchgU: AtomicXchg32 I64,
            }
            exchange {
                I32AtomicRmwCmpxchg: AtomicCmpxchg32 I32, I64AtomicRmwCmpxchg: AtomicCmpxchg64 I64,
                I32AtomicRmw8CmpxchgU: AtomicCmpxchg8 I32, I32AtomicRmw16CmpxchgU: AtomicCmpxchg16 I32,
                I64AtomicRmw8CmpxchgU: AtomicCmpxchg8 I64, I64AtomicRmw16CmpxchgU: AtomicCmpxchg16 I64,
                I64AtomicRmw32CmpxchgU: AtomicCmpxchg32 I64,
            }
        }
        Ok(true)
    }

    /// An access with `count` operands after the address. `wait64` is 1 for a wait on 8 bytes.
    fn atomic_access(
        &mut self,
        row: Row,
        count: usize,
        result: Option<ValType>,
        memarg: MemArg,
        wait64: u16,
    ) -> Result<(), Error> {
        let mut operands = [0; 2];
        for operand in operands[..count].iter_mut().rev() {
            *operand = self.pop_slot();
        }
        let addr = self.pop_slot();
        // A result replaces the address; without one, field 0 names a slot that is not written.
        let to = if result.is_some() { self.next_slot() as u16 } else { addr };
        let [operand, replacement] = operands;
        let wide = self.is_memory64(&memarg) as u16;
        let variant = if row == Row::AtomicWait { wide * 2 + wait64 } else { wide };
        self.emit(row, variant, fields(to, addr, operand, replacement));
        self.push_wide(&memarg);
        match result {
            Some(ty) => self.push(ty, Place::Slot),
            None => Ok(()),
        }
    }
}
