//! Vector operators.

use wasmparser::{MemArg, Operator};

use super::Translator;
use super::emit::Operand;
use super::stack::{Entry, Place};
use crate::code::{Row, Shape, VECTOR_INDEXED, fields, fields_imm};
use crate::error::Error;
use crate::types::ValType;

use ValType::{F32, F64, I32, I64, V128};

impl Translator<'_> {
    /// Translates a vector operator; `false` when it is none.
    pub(super) fn vector(&mut self, operator: &Operator<'_>) -> Result<bool, Error> {
        /// From the operator to its row, by name.
        macro_rules! by_name {
            (
                values { $($value:ident)* }
                tests { $($test:ident)* }
                extract { $($extract:ident: $extract_ty:ident,)* }
                replace { $($replace:ident)* }
                load { $($load:ident: $load_size:literal,)* }
                lane { $($load_lane:ident $store_lane:ident,)* }
            ) => {
                match *operator {
                    $(Operator::$value => self.vector_value(Row::$value, V128)?,)*
                    $(Operator::$test => self.vector_value(Row::$test, I32)?,)*
                    $(Operator::$extract { lane } => self.extract(Row::$extract, lane, $extract_ty)?,)*
                    $(Operator::$replace { lane } => self.replace(Row::$replace, lane)?,)*
                    $(Operator::$load { memarg } => self.vector_load(Row::$load, $load_size, memarg)?,)*
                    $(Operator::$load_lane { memarg, lane } => self.load_lane(Row::$load_lane, lane, memarg)?,)*
                    $(Operator::$store_lane { memarg, lane } => self.store_lane(Row::$store_lane, lane, memarg)?,)*
                    Operator::V128Store { memarg } => self.vector_store(memarg)?,
                    Operator::V128Const { value } => {
                        let to = self.next_slot() as u16;
                        self.emit(Row::V128Const, 0, fields(to, 0, 0, 0));
                        self.push_bytes(*value.bytes());
                        self.push(V128, Place::Slot)?;
                    }
                    Operator::I8x16Shuffle { lanes } => {
                        let (b, a) = (self.pop_slot(), self.pop_slot());
                        let to = self.next_slot() as u16;
                        self.emit(Row::I8x16Shuffle, 0, fields(to, a, b, 0));
                        self.push_bytes(lanes);
                        self.push(V128, Place::Slot)?;
                    }
                    _ => return Ok(false),
                }
            };
        }
        by_name! {
            values {
                I8x16Abs I16x8Abs I32x4Abs I64x2Abs I8x16Neg I16x8Neg I32x4Neg I64x2Neg I8x16Popcnt F32x4Abs F32x4Neg
                F32x4Sqrt F32x4Ceil F32x4Floor F32x4Trunc F32x4Nearest F64x2Abs F64x2Neg F64x2Sqrt F64x2Ceil
                F64x2Floor F64x2Trunc F64x2Nearest I32x4TruncSatF32x4S I32x4TruncSatF32x4U F32x4ConvertI32x4S
                F32x4ConvertI32x4U I32x4RelaxedTruncF32x4S I32x4RelaxedTruncF32x4U I16x8ExtendLowI8x16S
                I16x8ExtendHighI8x16S I16x8ExtendLowI8x16U I16x8ExtendHighI8x16U I32x4ExtendLowI16x8S
                I32x4ExtendHighI16x8S I32x4ExtendLowI16x8U I32x4ExtendHighI16x8U I64x2ExtendLowI32x4S
                I64x2ExtendHighI32x4S I64x2ExtendLowI32x4U I64x2ExtendHighI32x4U F64x2ConvertLowI32x4S
                F64x2ConvertLowI32x4U F64x2PromoteLowF32x4 I16x8ExtAddPairwiseI8x16S I16x8ExtAddPairwiseI8x16U
                I32x4ExtAddPairwiseI16x8S I32x4ExtAddPairwiseI16x8U V128Not I32x4TruncSatF64x2SZero
                I32x4TruncSatF64x2UZero I32x4RelaxedTruncF64x2SZero I32x4RelaxedTruncF64x2UZero F32x4DemoteF64x2Zero
                I8x16Eq I8x16Ne I8x16LtS I8x16LtU I8x16GtS I8x16GtU I8x16LeS I8x16LeU I8x16GeS I8x16GeU I16x8Eq
                I16x8Ne I16x8LtS I16x8LtU I16x8GtS I16x8GtU I16x8LeS I16x8LeU I16x8GeS I16x8GeU I32x4Eq I32x4Ne
                I32x4LtS I32x4LtU I32x4GtS I32x4GtU I32x4LeS I32x4LeU I32x4GeS I32x4GeU I64x2Eq I64x2Ne I64x2LtS
                I64x2GtS I64x2LeS I64x2GeS F32x4Eq F32x4Ne F32x4Lt F32x4Gt F32x4Le F32x4Ge F64x2Eq F64x2Ne F64x2Lt
                F64x2Gt F64x2Le F64x2Ge I8x16Add I16x8Add I32x4Add I64x2Add I8x16Sub I16x8Sub I32x4Sub I64x2Sub
                I16x8Mul I32x4Mul I64x2Mul I8x16AddSatS I8x16AddSatU I16x8AddSatS I16x8AddSatU I8x16SubSatS
                I8x16SubSatU I16x8SubSatS I16x8SubSatU I8x16MinS I8x16MinU I8x16MaxS I8x16MaxU I16x8MinS I16x8MinU
                I16x8MaxS I16x8MaxU I32x4MinS I32x4MinU I32x4MaxS I32x4MaxU I8x16AvgrU I16x8AvgrU I16x8Q15MulrSatS
                I16x8RelaxedQ15mulrS F32x4Add F32x4Sub F32x4Mul F32x4Div F32x4Min F32x4Max F32x4RelaxedMin
                F32x4RelaxedMax F32x4PMin F32x4PMax F64x2Add F64x2Sub F64x2Mul F64x2Div F64x2Min F64x2Max
                F64x2RelaxedMin F64x2RelaxedMax F64x2PMin F64x2PMax I16x8ExtMulLowI8x16S I16x8ExtMulHighI8x16S
                I16x8ExtMulLowI8x16U I16x8ExtMulHighI8x16U I32x4ExtMulLowI16x8S I32x4ExtMulHighI16x8S
                I32x4ExtMulLowI16x8U I32x4ExtMulHighI16x8U I64x2ExtMulLowI32x4S I64x2ExtMulHighI32x4S
                I64x2ExtMulLowI32x4U I64x2ExtMulHighI32x4U I8x16NarrowI16x8S I8x16NarrowI16x8U I16x8NarrowI32x4S
                I16x8NarrowI32x4U V128And V128AndNot V128Or V128Xor I16x8RelaxedDotI8x16I7x16S I32x4DotI16x8S
                I8x16Swizzle I8x16RelaxedSwizzle V128Bitselect I8x16RelaxedLaneselect I16x8RelaxedLaneselect
                I32x4RelaxedLaneselect I64x2RelaxedLaneselect F32x4RelaxedMadd F32x4RelaxedNmadd F64x2RelaxedMadd
                F64x2RelaxedNmadd I32x4RelaxedDotI8x16I7x16AddS I8x16Shl I8x16ShrS I8x16ShrU I16x8Shl I16x8ShrS
                I16x8ShrU I32x4Shl I32x4ShrS I32x4ShrU I64x2Shl I64x2ShrS I64x2ShrU I8x16Splat I16x8Splat I32x4Splat
                I64x2Splat F32x4Splat F64x2Splat
            }
            tests { V128AnyTrue I8x16AllTrue I16x8AllTrue I32x4AllTrue I64x2AllTrue I8x16Bitmask I16x8Bitmask I32x4Bitmask I64x2Bitmask }
            extract {
                I8x16ExtractLaneS: I32, I8x16ExtractLaneU: I32, I16x8ExtractLaneS: I32, I16x8ExtractLaneU: I32,
                I32x4ExtractLane: I32, I64x2ExtractLane: I64, F32x4ExtractLane: F32, F64x2ExtractLane: F64,
            }
            replace { I8x16ReplaceLane I16x8ReplaceLane I32x4ReplaceLane I64x2ReplaceLane F32x4ReplaceLane F64x2ReplaceLane }
            load {
                V128Load: 16, V128Load8x8S: 8, V128Load8x8U: 8, V128Load16x4S: 8, V128Load16x4U: 8, V128Load32x2S: 8,
                V128Load32x2U: 8, V128Load8Splat: 1, V128Load16Splat: 2, V128Load32Splat: 4, V128Load64Splat: 8,
                V128Load32Zero: 4, V128Load64Zero: 8,
            }
            lane {
                V128Load8Lane V128Store8Lane, V128Load16Lane V128Store16Lane,
                V128Load32Lane V128Store32Lane, V128Load64Lane V128Store64Lane,
            }
        }
        Ok(true)
    }

    /// Two words of 16 bytes.
    fn push_bytes(&mut self, bytes: [u8; 16]) {
        let bits = u128::from_le_bytes(bytes);
        self.code.push(bits as u64);
        self.code.push((bits >> 64) as u64);
    }

    /// Operands in slots, as many as the row's shape has, and a result in the slot of its height.
    fn vector_value(&mut self, row: Row, result: ValType) -> Result<(), Error> {
        let mut slots = [0; 3];
        let count = match row.shape() {
            Shape::VectorTernary => 3,
            Shape::VectorBinary | Shape::Shift => 2,
            _ => 1,
        };
        for slot in slots[..count].iter_mut().rev() {
            *slot = self.pop_slot();
        }
        let to = self.next_slot() as u16;
        self.emit(row, 0, fields(to, slots[0], slots[1], slots[2]));
        self.push(result, Place::Slot)
    }

    fn extract(&mut self, row: Row, lane: u8, result: ValType) -> Result<(), Error> {
        let vector = self.pop_slot();
        let to = self.next_slot() as u16;
        self.emit(row, 0, fields(to, vector, lane as u16, 0));
        self.push(result, Place::Slot)
    }

    fn replace(&mut self, row: Row, lane: u8) -> Result<(), Error> {
        let (scalar, vector) = (self.pop_slot(), self.pop_slot());
        let to = self.next_slot() as u16;
        self.emit(row, 0, fields(to, vector, scalar, lane as u16));
        self.push(V128, Place::Slot)
    }

    /// Emits a vector access whose address is `addr` and whose vector is in slot `vector`.
    fn vector_access(&mut self, row: Row, vector: u16, addr: &Entry, size: u64, memarg: &MemArg) {
        if let Some(address) = self.indexed(addr, memarg, size, true) {
            self.emit_indexed(row, VECTOR_INDEXED + address.form as u16, vector, &address);
            return;
        }
        let (from_acc, slot) = match self.slot_or_acc(addr) {
            Operand::Slot(slot) => (0, slot),
            _ => (1, 0),
        };
        match self.end_offset(memarg, size) {
            Some(end) => {
                self.emit(row, from_acc, fields_imm(vector, slot, end));
            }
            None => {
                let wide = if self.is_memory64(memarg) { 4 } else { 2 };
                self.emit(row, wide + from_acc, fields(vector, slot, 0, 0));
                self.push_wide(memarg);
            }
        }
    }

    fn vector_load(&mut self, row: Row, size: u64, memarg: MemArg) -> Result<(), Error> {
        let addr = self.stack.pop();
        let to = self.next_slot() as u16;
        self.vector_access(row, to, &addr, size, &memarg);
        self.push(V128, Place::Slot)
    }

    fn vector_store(&mut self, memarg: MemArg) -> Result<(), Error> {
        let value = self.pop_slot();
        let addr = self.stack.pop();
        self.vector_access(Row::V128Store, value, &addr, 16, &memarg);
        Ok(())
    }

    fn load_lane(&mut self, row: Row, lane: u8, memarg: MemArg) -> Result<(), Error> {
        let (vector, addr) = (self.pop_slot(), self.pop_slot());
        let to = self.next_slot() as u16;
        self.emit(row, self.is_memory64(&memarg) as u16, fields(to, addr, vector, lane as u16));
        self.push_wide(&memarg);
        self.push(V128, Place::Slot)
    }

    fn store_lane(&mut self, row: Row, lane: u8, memarg: MemArg) -> Result<(), Error> {
        let (vector, addr) = (self.pop_slot(), self.pop_slot());
        // Field 0 is not written; it names the vector's slot, as every field names a slot.
        self.emit(row, self.is_memory64(&memarg) as u16, fields(vector, addr, vector, lane as u16));
        self.push_wide(&memarg);
        Ok(())
    }
}
