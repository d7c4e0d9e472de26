//! The instruction list, once. [`for_each_row`] hands it to whoever derives something from it: the [`Row`] enum and its
//! names and shapes here, the handler tables in [`crate::exec::handlers`].
//!
//! A name is the WebAssembly instruction's, with `Br` in front when it branches on the comparison, `Inc` when
//! it adds to a local before, `Select` when it chooses by it. `Sum` marks twins that leave the
//! accumulator alone, for sums that are needed while something is in it. `Not` marks the
//! negation of a float comparison, which is not the opposite comparison when an operand is NaN.

/// Calls `$callback! { Name: shape [handler…]; … }` with all rows. The bracket is what `handlers` needs to find the
/// functions: for most shapes the operation's marker type, else the handlers of the variants in order.
macro_rules! for_each_row {
    ($callback:ident) => {
        $callback! {
            // integers
            I32Add: commutative; I32Sub: binary; I32Mul: commutative; I32And: commutative; I32Or: commutative;
            I32Xor: commutative; I32Shl: binary; I32ShrS: binary; I32ShrU: binary; I32Rotl: binary; I32Rotr: binary;
            I32DivS: binary; I32DivU: binary; I32RemS: binary; I32RemU: binary;
            I64Add: commutative_wide; I64Sub: binary; I64Mul: commutative_wide; I64And: commutative_wide; I64Or: commutative_wide;
            I64Xor: commutative_wide; I64Shl: binary; I64ShrS: binary; I64ShrU: binary; I64Rotl: binary; I64Rotr: binary;
            I64DivS: binary; I64DivU: binary; I64RemS: binary; I64RemU: binary;
            I32Clz: unary; I32Ctz: unary; I32Popcnt: unary; I32Extend8S: unary; I32Extend16S: unary;
            I64Clz: unary; I64Ctz: unary; I64Popcnt: unary; I64Extend8S: unary; I64Extend16S: unary; I64Extend32S: unary;
            // comparisons; `gt` mirrors `lt`, so each has the four pairs with the immediate on the right
            I32Eq: commutative; I32Ne: commutative; I32LtS: commutative; I32LtU: commutative; I32GtS: commutative;
            I32GtU: commutative; I32LeS: commutative; I32LeU: commutative; I32GeS: commutative; I32GeU: commutative;
            I64Eq: commutative; I64Ne: commutative; I64LtS: commutative; I64LtU: commutative; I64GtS: commutative;
            I64GtU: commutative; I64LeS: commutative; I64LeU: commutative; I64GeS: commutative; I64GeU: commutative;
            F32Eq: commutative; F32Ne: commutative; F32Lt: commutative; F32Gt: commutative; F32Le: commutative; F32Ge: commutative;
            F64Eq: commutative; F64Ne: commutative; F64Lt: commutative; F64Gt: commutative; F64Le: commutative; F64Ge: commutative;
            // compare and branch
            BrI32Eq: branch_compare; BrI32Ne: branch_compare; BrI32LtS: branch_compare; BrI32LtU: branch_compare;
            BrI32GtS: branch_compare; BrI32GtU: branch_compare; BrI32LeS: branch_compare; BrI32LeU: branch_compare;
            BrI32GeS: branch_compare; BrI32GeU: branch_compare;
            BrI64Eq: branch_compare; BrI64Ne: branch_compare; BrI64LtS: branch_compare; BrI64LtU: branch_compare;
            BrI64GtS: branch_compare; BrI64GtU: branch_compare; BrI64LeS: branch_compare; BrI64LeU: branch_compare;
            BrI64GeS: branch_compare; BrI64GeU: branch_compare;
            BrF32Eq: branch_compare; BrF32Ne: branch_compare; BrF32Lt: branch_compare; BrF32Gt: branch_compare;
            BrF32Le: branch_compare; BrF32Ge: branch_compare;
            BrF32NotLt: branch_compare; BrF32NotGt: branch_compare; BrF32NotLe: branch_compare; BrF32NotGe: branch_compare;
            BrF64Eq: branch_compare; BrF64Ne: branch_compare; BrF64Lt: branch_compare; BrF64Gt: branch_compare;
            BrF64Le: branch_compare; BrF64Ge: branch_compare;
            BrF64NotLt: branch_compare; BrF64NotGt: branch_compare; BrF64NotLe: branch_compare; BrF64NotGe: branch_compare;
            // branch on whether the operands have a bit in common, or none
            BrI32Any: branch_compare; BrI32None: branch_compare; BrI64Any: branch_compare; BrI64None: branch_compare;
            // floats
            F32Add: commutative; F32Sub: binary; F32Mul: commutative; F32Div: binary; F32Min: commutative; F32Max: commutative;
            F32Copysign: binary;
            F64Add: commutative_wide; F64Sub: binary; F64Mul: commutative_wide; F64Div: binary; F64Min: commutative; F64Max: commutative;
            F64Copysign: binary;
            F32Abs: unary; F32Neg: unary; F32Ceil: unary; F32Floor: unary; F32Trunc: unary; F32Nearest: unary; F32Sqrt: unary;
            F64Abs: unary; F64Neg: unary; F64Ceil: unary; F64Floor: unary; F64Trunc: unary; F64Nearest: unary; F64Sqrt: unary;
            // conversions
            I32WrapI64: unary; I64ExtendI32S: unary; I64ExtendI32U: unary;
            I32TruncF32S: unary; I32TruncF32U: unary; I32TruncF64S: unary; I32TruncF64U: unary;
            I64TruncF32S: unary; I64TruncF32U: unary; I64TruncF64S: unary; I64TruncF64U: unary;
            I32TruncSatF32S: unary; I32TruncSatF32U: unary; I32TruncSatF64S: unary; I32TruncSatF64U: unary;
            I64TruncSatF32S: unary; I64TruncSatF32U: unary; I64TruncSatF64S: unary; I64TruncSatF64U: unary;
            F32ConvertI32S: unary; F32ConvertI32U: unary; F32ConvertI64S: unary; F32ConvertI64U: unary;
            F64ConvertI32S: unary; F64ConvertI32U: unary; F64ConvertI64S: unary; F64ConvertI64U: unary;
            F32DemoteF64: unary; F64PromoteF32: unary;
            I32ReinterpretF32: unary; I64ReinterpretF64: unary; F32ReinterpretI32: unary; F64ReinterpretI64: unary;
            // copies: 64 bits through the integer accumulator, floats through their own
            Copy: unary; CopyF32: unary; CopyF64: unary;
            // memory
            I32Load: load; I64Load: load; F32Load: load; F64Load: load;
            I32Load8S: load; I32Load8U: load; I32Load16S: load; I32Load16U: load;
            I64Load8S: load; I64Load8U: load; I64Load16S: load; I64Load16U: load; I64Load32S: load; I64Load32U: load;
            I32Store: store; I64Store: store; F32Store: store; F64Store: store;
            I32Store8: store; I32Store16: store; I64Store8: store; I64Store16: store; I64Store32: store;
            // loads and stores that compute their address
            I32LoadIndexed: load_indexed; I64LoadIndexed: load_indexed; F32LoadIndexed: load_indexed;
            F64LoadIndexed: load_indexed; I32Load8SIndexed: load_indexed; I32Load8UIndexed: load_indexed;
            I32Load16SIndexed: load_indexed; I32Load16UIndexed: load_indexed; I64Load8SIndexed: load_indexed;
            I64Load8UIndexed: load_indexed; I64Load16SIndexed: load_indexed; I64Load16UIndexed: load_indexed;
            I64Load32SIndexed: load_indexed; I64Load32UIndexed: load_indexed;
            I32StoreIndexed: store_indexed; I64StoreIndexed: store_indexed; F32StoreIndexed: store_indexed;
            F64StoreIndexed: store_indexed; I32Store8Indexed: store_indexed; I32Store16Indexed: store_indexed;
            I64Store8Indexed: store_indexed; I64Store16Indexed: store_indexed; I64Store32Indexed: store_indexed;
            // add to a local, compare and branch; select by comparison
            IncI32Eq: branch_increment; IncI32Ne: branch_increment; IncI32LtS: branch_increment;
            IncI32LtU: branch_increment; IncI32GtS: branch_increment; IncI32GtU: branch_increment;
            IncI32LeS: branch_increment; IncI32LeU: branch_increment; IncI32GeS: branch_increment;
            IncI32GeU: branch_increment;
            SelectI32Eq: select_compare; SelectI32Ne: select_compare; SelectI32LtS: select_compare;
            SelectI32LtU: select_compare; SelectI32GtS: select_compare; SelectI32GtU: select_compare;
            SelectI32LeS: select_compare; SelectI32LeU: select_compare; SelectI32GeS: select_compare;
            SelectI32GeU: select_compare; SelectI64Eq: select_compare; SelectI64Ne: select_compare;
            SelectI64LtS: select_compare; SelectI64LtU: select_compare; SelectI64GtS: select_compare;
            SelectI64GtU: select_compare; SelectI64LeS: select_compare; SelectI64LeU: select_compare;
            SelectI64GeS: select_compare; SelectI64GeU: select_compare; SelectI32Any: select_compare; SelectI32None: select_compare;
            SelectI64Any: select_compare; SelectI64None: select_compare;
            // the rest: variants are listed where the handlers stand
            SumI32Add: sum; SumI32Shl: sum;
            Const32: plain(2); Const64: plain(3); CopySpan: plain(2);
            Copy2: plain(2); Stage2: plain(2); Stage3: plain(2); Stage4: plain(3);
            Select: plain(2);
            Br: branch(3); BrIfNez: branch(3); BrIfEqz: branch(3); BrTable: branch_table;
            Return: plain(2); ReturnOne: plain(2); Unreachable: plain(1);
            Call: call; CallImport: plain(3); CallIndirect: plain(3);
            ReturnCall: call; ReturnCallImport: plain(3); ReturnCallIndirect: plain(4);
            CallRef: plain(3); ReturnCallRef: plain(4); RefAsNonNull: plain(2);
            GlobalGet: plain(2); GlobalSet: plain(2); GlobalGetWide: plain(2); GlobalSetWide: plain(2);
            MemorySize: plain(2); MemoryGrow: plain(2); MemoryFill: plain(3); MemoryCopy: plain(3); MemoryInit: plain(3);
            DataDrop: plain(2);
            TableGet: plain(2); TableSet: plain(2); TableSize: plain(2); TableGrow: plain(3); TableFill: plain(3);
            TableCopy: plain(3); TableInit: plain(3); ElemDrop: plain(2); RefFunc: plain(2);
            Throw: plain(2); ThrowRef: plain(2);
            Check: plain(2); ListenBefore: plain(2); ListenAfter: plain(2);
            // vectors: operands and results in pairs of slots
            I8x16Abs: vector_unary; I16x8Abs: vector_unary; I32x4Abs: vector_unary; I64x2Abs: vector_unary;
            I8x16Neg: vector_unary; I16x8Neg: vector_unary; I32x4Neg: vector_unary; I64x2Neg: vector_unary;
            I8x16Popcnt: vector_unary; F32x4Abs: vector_unary; F32x4Neg: vector_unary; F32x4Sqrt: vector_unary;
            F32x4Ceil: vector_unary; F32x4Floor: vector_unary; F32x4Trunc: vector_unary; F32x4Nearest: vector_unary;
            F64x2Abs: vector_unary; F64x2Neg: vector_unary; F64x2Sqrt: vector_unary; F64x2Ceil: vector_unary;
            F64x2Floor: vector_unary; F64x2Trunc: vector_unary; F64x2Nearest: vector_unary;
            I32x4TruncSatF32x4S: vector_unary; I32x4TruncSatF32x4U: vector_unary; F32x4ConvertI32x4S: vector_unary;
            F32x4ConvertI32x4U: vector_unary; I32x4RelaxedTruncF32x4S: vector_unary;
            I32x4RelaxedTruncF32x4U: vector_unary; I16x8ExtendLowI8x16S: vector_unary;
            I16x8ExtendHighI8x16S: vector_unary; I16x8ExtendLowI8x16U: vector_unary;
            I16x8ExtendHighI8x16U: vector_unary; I32x4ExtendLowI16x8S: vector_unary;
            I32x4ExtendHighI16x8S: vector_unary; I32x4ExtendLowI16x8U: vector_unary;
            I32x4ExtendHighI16x8U: vector_unary; I64x2ExtendLowI32x4S: vector_unary;
            I64x2ExtendHighI32x4S: vector_unary; I64x2ExtendLowI32x4U: vector_unary;
            I64x2ExtendHighI32x4U: vector_unary; F64x2ConvertLowI32x4S: vector_unary;
            F64x2ConvertLowI32x4U: vector_unary; F64x2PromoteLowF32x4: vector_unary;
            I16x8ExtAddPairwiseI8x16S: vector_unary; I16x8ExtAddPairwiseI8x16U: vector_unary;
            I32x4ExtAddPairwiseI16x8S: vector_unary; I32x4ExtAddPairwiseI16x8U: vector_unary; V128Not: vector_unary;
            I32x4TruncSatF64x2SZero: vector_unary; I32x4TruncSatF64x2UZero: vector_unary;
            I32x4RelaxedTruncF64x2SZero: vector_unary; I32x4RelaxedTruncF64x2UZero: vector_unary;
            F32x4DemoteF64x2Zero: vector_unary;
            I8x16Eq: vector_binary; I8x16Ne: vector_binary; I8x16LtS: vector_binary; I8x16LtU: vector_binary;
            I8x16GtS: vector_binary; I8x16GtU: vector_binary; I8x16LeS: vector_binary; I8x16LeU: vector_binary;
            I8x16GeS: vector_binary; I8x16GeU: vector_binary; I16x8Eq: vector_binary; I16x8Ne: vector_binary;
            I16x8LtS: vector_binary; I16x8LtU: vector_binary; I16x8GtS: vector_binary; I16x8GtU: vector_binary;
            I16x8LeS: vector_binary; I16x8LeU: vector_binary; I16x8GeS: vector_binary; I16x8GeU: vector_binary;
            I32x4Eq: vector_binary; I32x4Ne: vector_binary; I32x4LtS: vector_binary; I32x4LtU: vector_binary;
            I32x4GtS: vector_binary; I32x4GtU: vector_binary; I32x4LeS: vector_binary; I32x4LeU: vector_binary;
            I32x4GeS: vector_binary; I32x4GeU: vector_binary; I64x2Eq: vector_binary; I64x2Ne: vector_binary;
            I64x2LtS: vector_binary; I64x2GtS: vector_binary; I64x2LeS: vector_binary; I64x2GeS: vector_binary;
            F32x4Eq: vector_binary; F32x4Ne: vector_binary; F32x4Lt: vector_binary; F32x4Gt: vector_binary;
            F32x4Le: vector_binary; F32x4Ge: vector_binary; F64x2Eq: vector_binary; F64x2Ne: vector_binary;
            F64x2Lt: vector_binary; F64x2Gt: vector_binary; F64x2Le: vector_binary; F64x2Ge: vector_binary;
            I8x16Add: vector_binary; I16x8Add: vector_binary; I32x4Add: vector_binary; I64x2Add: vector_binary;
            I8x16Sub: vector_binary; I16x8Sub: vector_binary; I32x4Sub: vector_binary; I64x2Sub: vector_binary;
            I16x8Mul: vector_binary; I32x4Mul: vector_binary; I64x2Mul: vector_binary; I8x16AddSatS: vector_binary;
            I8x16AddSatU: vector_binary; I16x8AddSatS: vector_binary; I16x8AddSatU: vector_binary;
            I8x16SubSatS: vector_binary; I8x16SubSatU: vector_binary; I16x8SubSatS: vector_binary;
            I16x8SubSatU: vector_binary; I8x16MinS: vector_binary; I8x16MinU: vector_binary;
            I8x16MaxS: vector_binary; I8x16MaxU: vector_binary; I16x8MinS: vector_binary; I16x8MinU: vector_binary;
            I16x8MaxS: vector_binary; I16x8MaxU: vector_binary; I32x4MinS: vector_binary; I32x4MinU: vector_binary;
            I32x4MaxS: vector_binary; I32x4MaxU: vector_binary; I8x16AvgrU: vector_binary; I16x8AvgrU: vector_binary;
            I16x8Q15MulrSatS: vector_binary; I16x8RelaxedQ15mulrS: vector_binary; F32x4Add: vector_binary;
            F32x4Sub: vector_binary; F32x4Mul: vector_binary; F32x4Div: vector_binary; F32x4Min: vector_binary;
            F32x4Max: vector_binary; F32x4RelaxedMin: vector_binary; F32x4RelaxedMax: vector_binary;
            F32x4PMin: vector_binary; F32x4PMax: vector_binary; F64x2Add: vector_binary; F64x2Sub: vector_binary;
            F64x2Mul: vector_binary; F64x2Div: vector_binary; F64x2Min: vector_binary; F64x2Max: vector_binary;
            F64x2RelaxedMin: vector_binary; F64x2RelaxedMax: vector_binary; F64x2PMin: vector_binary;
            F64x2PMax: vector_binary; I16x8ExtMulLowI8x16S: vector_binary; I16x8ExtMulHighI8x16S: vector_binary;
            I16x8ExtMulLowI8x16U: vector_binary; I16x8ExtMulHighI8x16U: vector_binary;
            I32x4ExtMulLowI16x8S: vector_binary; I32x4ExtMulHighI16x8S: vector_binary;
            I32x4ExtMulLowI16x8U: vector_binary; I32x4ExtMulHighI16x8U: vector_binary;
            I64x2ExtMulLowI32x4S: vector_binary; I64x2ExtMulHighI32x4S: vector_binary;
            I64x2ExtMulLowI32x4U: vector_binary; I64x2ExtMulHighI32x4U: vector_binary;
            I8x16NarrowI16x8S: vector_binary; I8x16NarrowI16x8U: vector_binary; I16x8NarrowI32x4S: vector_binary;
            I16x8NarrowI32x4U: vector_binary; V128And: vector_binary; V128AndNot: vector_binary;
            V128Or: vector_binary; V128Xor: vector_binary; I16x8RelaxedDotI8x16I7x16S: vector_binary;
            I32x4DotI16x8S: vector_binary; I8x16Swizzle: vector_binary; I8x16RelaxedSwizzle: vector_binary;
            V128Bitselect: vector_ternary; I8x16RelaxedLaneselect: vector_ternary;
            I16x8RelaxedLaneselect: vector_ternary; I32x4RelaxedLaneselect: vector_ternary;
            I64x2RelaxedLaneselect: vector_ternary; F32x4RelaxedMadd: vector_ternary;
            F32x4RelaxedNmadd: vector_ternary; F64x2RelaxedMadd: vector_ternary; F64x2RelaxedNmadd: vector_ternary;
            I32x4RelaxedDotI8x16I7x16AddS: vector_ternary;
            I8x16Shl: shift; I8x16ShrS: shift; I8x16ShrU: shift; I16x8Shl: shift; I16x8ShrS: shift; I16x8ShrU: shift;
            I32x4Shl: shift; I32x4ShrS: shift; I32x4ShrU: shift; I64x2Shl: shift; I64x2ShrS: shift; I64x2ShrU: shift;
            V128AnyTrue: test; I8x16AllTrue: test; I16x8AllTrue: test; I32x4AllTrue: test; I64x2AllTrue: test;
            I8x16Bitmask: test; I16x8Bitmask: test; I32x4Bitmask: test; I64x2Bitmask: test;
            I8x16Splat: splat; I16x8Splat: splat; I32x4Splat: splat; I64x2Splat: splat; F32x4Splat: splat;
            F64x2Splat: splat;
            I8x16ExtractLaneS: extract; I8x16ExtractLaneU: extract; I16x8ExtractLaneS: extract;
            I16x8ExtractLaneU: extract; I32x4ExtractLane: extract; I64x2ExtractLane: extract;
            F32x4ExtractLane: extract; F64x2ExtractLane: extract;
            I8x16ReplaceLane: replace; I16x8ReplaceLane: replace; I32x4ReplaceLane: replace;
            I64x2ReplaceLane: replace; F32x4ReplaceLane: replace; F64x2ReplaceLane: replace;
            V128Load8x8S: vector_load; V128Load8x8U: vector_load; V128Load16x4S: vector_load;
            V128Load16x4U: vector_load; V128Load32x2S: vector_load; V128Load32x2U: vector_load;
            V128Load8Splat: vector_load; V128Load16Splat: vector_load; V128Load32Splat: vector_load;
            V128Load64Splat: vector_load; V128Load32Zero: vector_load; V128Load64Zero: vector_load;
            V128Load: vector_load; V128Store: vector_store; V128Const: plain(4); I8x16Shuffle: plain(4); SelectWide: plain(2);
            V128Load8Lane: lane; V128Load16Lane: lane; V128Load32Lane: lane; V128Load64Lane: lane;
            V128Store8Lane: lane; V128Store16Lane: lane; V128Store32Lane: lane; V128Store64Lane: lane;
            // atomic accesses, by width: results are zero-extended, so the 32- and 64-bit instructions are the same
            AtomicLoad8: plain(4); AtomicLoad16: plain(4); AtomicLoad32: plain(4); AtomicLoad64: plain(4);
            AtomicStore8: plain(4); AtomicStore16: plain(4); AtomicStore32: plain(4); AtomicStore64: plain(4);
            AtomicAdd8: plain(4); AtomicAdd16: plain(4); AtomicAdd32: plain(4); AtomicAdd64: plain(4);
            AtomicSub8: plain(4); AtomicSub16: plain(4); AtomicSub32: plain(4); AtomicSub64: plain(4);
            AtomicAnd8: plain(4); AtomicAnd16: plain(4); AtomicAnd32: plain(4); AtomicAnd64: plain(4);
            AtomicOr8: plain(4); AtomicOr16: plain(4); AtomicOr32: plain(4); AtomicOr64: plain(4);
            AtomicXor8: plain(4); AtomicXor16: plain(4); AtomicXor32: plain(4); AtomicXor64: plain(4);
            AtomicXchg8: plain(4); AtomicXchg16: plain(4); AtomicXchg32: plain(4); AtomicXchg64: plain(4);
            AtomicCmpxchg8: plain(4); AtomicCmpxchg16: plain(4); AtomicCmpxchg32: plain(4); AtomicCmpxchg64: plain(4);
            AtomicNotify: plain(4); AtomicWait: plain(4);
            // 128-bit arithmetic in pairs of slots
            I64Add128: plain(3); I64Sub128: plain(3); I64MulWideS: plain(2); I64MulWideU: plain(2);
            // never translated to, only run
            Lazy: plain(1); Halt: plain(1); LeaveInstance: plain(1); Illegal: plain(1);
        }
    };
}
pub(crate) use for_each_row;

use super::Shape;

#[rustfmt::skip]
macro_rules! shape {
    (commutative) => { Shape::Commutative };
    (commutative_wide) => { Shape::Commutative };
    (sum) => { Shape::Commutative };
    (binary) => { Shape::Binary };
    (unary) => { Shape::Unary };
    (branch_compare) => { Shape::BranchCompare };
    (load) => { Shape::Load };
    (store) => { Shape::Store };
    (load_indexed) => { Shape::LoadIndexed };
    (store_indexed) => { Shape::StoreIndexed };
    (branch_increment) => { Shape::BranchIncrement };
    (select_compare) => { Shape::SelectCompare };
    (plain $words:literal) => { Shape::Plain($words) };
    (branch $words:literal) => { Shape::Branch($words) };
    (branch_table) => { Shape::BranchTable };
    (call) => { Shape::Call };
    (vector_unary) => { Shape::VectorUnary };
    (vector_binary) => { Shape::VectorBinary };
    (vector_ternary) => { Shape::VectorTernary };
    (shift) => { Shape::Shift };
    (test) => { Shape::Test };
    (splat) => { Shape::Splat };
    (extract) => { Shape::Extract };
    (replace) => { Shape::Replace };
    (vector_load) => { Shape::VectorLoad };
    (vector_store) => { Shape::VectorStore };
    (lane) => { Shape::Lane };
}

macro_rules! is_wide {
    (commutative_wide) => {
        true
    };
    ($other:ident) => {
        false
    };
}

macro_rules! define_rows {
    ($($name:ident: $shape:ident $(($words:literal))?;)*) => {
        /// What an instruction computes.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u16)]
        pub(crate) enum Row { $($name,)* }

        impl Row {
            /// All rows, by their number.
            pub(crate) const ALL: &'static [Row] = &[$(Row::$name,)*];
            const SHAPES: &'static [Shape] = &[$(shape!($shape $($words)?),)*];
            const WIDE: &'static [bool] = &[$(is_wide!($shape),)*];
        }
    };
}

for_each_row!(define_rows);

impl Row {
    pub(crate) const fn shape(self) -> Shape {
        Row::SHAPES[self as usize]
    }

    /// Whether it is an atomic access.
    pub(crate) const fn is_atomic(self) -> bool {
        self as u16 >= Row::AtomicLoad8 as u16 && self as u16 <= Row::AtomicWait as u16
    }

    /// Whether such an instruction leaves one result, in the slot or slots that field 0 names, and touches no other.
    pub(crate) const fn result_in_field0(self, variant: u16) -> bool {
        match self.shape() {
            Shape::VectorUnary
            | Shape::VectorBinary
            | Shape::VectorTernary
            | Shape::Shift
            | Shape::Test
            | Shape::Splat
            | Shape::Extract
            | Shape::Replace
            | Shape::VectorLoad => true,
            Shape::Lane => {
                matches!(self, Row::V128Load8Lane | Row::V128Load16Lane | Row::V128Load32Lane | Row::V128Load64Lane)
            }
            _ => match self {
                Row::Select | Row::GlobalGet => variant.is_multiple_of(2),
                Row::SelectWide
                | Row::V128Const
                | Row::I8x16Shuffle
                | Row::GlobalGetWide
                | Row::MemorySize
                | Row::MemoryGrow
                | Row::TableGet
                | Row::TableSize
                | Row::TableGrow
                | Row::RefFunc => true,
                _ => false,
            },
        }
    }

    /// Whether a result that was redirected to a slot is in its accumulator as well.
    pub(crate) const fn leaves_copy(self) -> bool {
        match self.shape() {
            Shape::Commutative | Shape::Binary | Shape::Load | Shape::LoadIndexed => {
                !matches!(self, Row::SumI32Add | Row::SumI32Shl)
            }
            Shape::Unary => !matches!(self, Row::Copy | Row::CopyF32 | Row::CopyF64),
            _ => false,
        }
    }

    /// Whether it changes no accumulator and no slot.
    pub(crate) const fn changes_nothing(self) -> bool {
        match self.shape() {
            Shape::Store | Shape::StoreIndexed | Shape::VectorStore | Shape::BranchCompare => true,
            _ => matches!(self, Row::BrIfNez | Row::BrIfEqz),
        }
    }

    /// Whether its operand on the right may be an immediate of 64 bits.
    pub(crate) const fn takes_wide(self) -> bool {
        Row::WIDE[self as usize]
    }
}
