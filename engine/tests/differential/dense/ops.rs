//! The instructions that bodies are made of: operators by result type, constants, loads and stores.

use wasm_encoder::{Instruction, MemArg, MemArgTarget};

use super::{Ty, Words};

type Row = (&'static [Ty], Instruction<'static>);

const I: &[Ty] = &[Ty::I32];
const II: &[Ty] = &[Ty::I32, Ty::I32];
const L: &[Ty] = &[Ty::I64];
const LL: &[Ty] = &[Ty::I64, Ty::I64];
const F: &[Ty] = &[Ty::F32];
const FF: &[Ty] = &[Ty::F32, Ty::F32];
const D: &[Ty] = &[Ty::F64];
const DD: &[Ty] = &[Ty::F64, Ty::F64];
const V: &[Ty] = &[Ty::V128];
const VV: &[Ty] = &[Ty::V128, Ty::V128];
const VVV: &[Ty] = &[Ty::V128, Ty::V128, Ty::V128];
const VI: &[Ty] = &[Ty::V128, Ty::I32];
const VL: &[Ty] = &[Ty::V128, Ty::I64];

use Instruction as X;

const TO_I32: &[Row] = &[
    (II, X::I32Add),
    (II, X::I32Sub),
    (II, X::I32Mul),
    (II, X::I32And),
    (II, X::I32Or),
    (II, X::I32Xor),
    (II, X::I32Shl),
    (II, X::I32ShrS),
    (II, X::I32ShrU),
    (II, X::I32Rotl),
    (II, X::I32Rotr),
    (II, X::I32Eq),
    (II, X::I32Ne),
    (II, X::I32LtS),
    (II, X::I32LtU),
    (II, X::I32GtS),
    (II, X::I32GtU),
    (II, X::I32LeS),
    (II, X::I32LeU),
    (II, X::I32GeS),
    (II, X::I32GeU),
    (I, X::I32Eqz),
    (I, X::I32Eqz),
    (I, X::I32Clz),
    (I, X::I32Ctz),
    (I, X::I32Popcnt),
    (I, X::I32Extend8S),
    (I, X::I32Extend16S),
    (L, X::I32WrapI64),
    (L, X::I64Eqz),
    (LL, X::I64Eq),
    (LL, X::I64Ne),
    (LL, X::I64LtS),
    (LL, X::I64LtU),
    (LL, X::I64GtS),
    (LL, X::I64GeU),
    (LL, X::I64LeS),
    (FF, X::F32Eq),
    (FF, X::F32Lt),
    (FF, X::F32Ge),
    (FF, X::F32Ne),
    (DD, X::F64Eq),
    (DD, X::F64Lt),
    (DD, X::F64Gt),
    (DD, X::F64Le),
    (F, X::I32TruncSatF32S),
    (D, X::I32TruncSatF64U),
    (F, X::I32ReinterpretF32),
    (II, X::I32DivS),
    (II, X::I32RemU),
    (V, X::I32x4ExtractLane(2)),
    (V, X::V128AnyTrue),
    (V, X::I8x16ExtractLaneS(15)),
    (V, X::I16x8Bitmask),
];
const TO_I64: &[Row] = &[
    (LL, X::I64Add),
    (LL, X::I64Sub),
    (LL, X::I64Mul),
    (LL, X::I64And),
    (LL, X::I64Or),
    (LL, X::I64Xor),
    (LL, X::I64Shl),
    (LL, X::I64ShrS),
    (LL, X::I64ShrU),
    (LL, X::I64Rotl),
    (LL, X::I64Rotr),
    (L, X::I64Clz),
    (L, X::I64Ctz),
    (L, X::I64Popcnt),
    (L, X::I64Extend8S),
    (L, X::I64Extend16S),
    (L, X::I64Extend32S),
    (I, X::I64ExtendI32S),
    (I, X::I64ExtendI32U),
    (I, X::I64ExtendI32U),
    (F, X::I64TruncSatF32U),
    (D, X::I64TruncSatF64S),
    (D, X::I64ReinterpretF64),
    (LL, X::I64DivU),
    (LL, X::I64RemS),
    (V, X::I64x2ExtractLane(1)),
];
const TO_F32: &[Row] = &[
    (FF, X::F32Add),
    (FF, X::F32Sub),
    (FF, X::F32Mul),
    (FF, X::F32Div),
    (FF, X::F32Min),
    (FF, X::F32Max),
    (FF, X::F32Copysign),
    (F, X::F32Abs),
    (F, X::F32Neg),
    (F, X::F32Ceil),
    (F, X::F32Floor),
    (F, X::F32Trunc),
    (F, X::F32Nearest),
    (F, X::F32Sqrt),
    (I, X::F32ConvertI32S),
    (I, X::F32ConvertI32U),
    (L, X::F32ConvertI64S),
    (L, X::F32ConvertI64U),
    (D, X::F32DemoteF64),
    (I, X::F32ConvertI32S),
];
const TO_F64: &[Row] = &[
    (DD, X::F64Add),
    (DD, X::F64Sub),
    (DD, X::F64Mul),
    (DD, X::F64Div),
    (DD, X::F64Min),
    (DD, X::F64Max),
    (DD, X::F64Copysign),
    (D, X::F64Abs),
    (D, X::F64Neg),
    (D, X::F64Ceil),
    (D, X::F64Floor),
    (D, X::F64Trunc),
    (D, X::F64Nearest),
    (D, X::F64Sqrt),
    (I, X::F64ConvertI32S),
    (I, X::F64ConvertI32U),
    (L, X::F64ConvertI64S),
    (L, X::F64ConvertI64U),
    (F, X::F64PromoteF32),
    (I, X::F64ConvertI32S),
];
const TO_V128: &[Row] = &[
    (VV, X::I8x16Add),
    (VV, X::I16x8Mul),
    (VV, X::I32x4Sub),
    (VV, X::I64x2Add),
    (VV, X::V128And),
    (VV, X::V128Xor),
    (VVV, X::V128Bitselect),
    (V, X::V128Not),
    (I, X::I32x4Splat),
    (L, X::I64x2Splat),
    (I, X::I8x16Splat),
    (VI, X::I32x4ReplaceLane(1)),
    (VL, X::I64x2ReplaceLane(0)),
    (VI, X::I32x4Shl),
    (VI, X::I64x2ShrS),
    (VV, X::I8x16Swizzle),
    (VV, X::I32x4LtS),
    (VV, X::I16x8AvgrU),
    (V, X::I8x16Popcnt),
    (VV, X::I32x4DotI16x8S),
    (VV, X::I8x16Shuffle([0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31])),
];

/// An operator with that result, and its operands.
pub fn operation(words: &mut Words, ty: Ty) -> Row {
    let rows = match ty {
        Ty::I64 => TO_I64,
        Ty::F32 => TO_F32,
        Ty::F64 => TO_F64,
        Ty::V128 => TO_V128,
        _ => TO_I32,
    };
    let (operands, instruction) = &rows[words.below(rows.len())];
    // Divisions trap too often to be as frequent as the rest.
    let instruction = match instruction {
        X::I32DivS if !words.one_in(10) => X::I32Sub,
        X::I32RemU if !words.one_in(10) => X::I32Mul,
        X::I64DivU if !words.one_in(10) => X::I64Sub,
        X::I64RemS if !words.one_in(10) => X::I64Add,
        other => other.clone(),
    };
    (operands, instruction)
}

/// A constant: small, at the edge of what immediates hold, or any.
pub fn constant(words: &mut Words, ty: Ty) -> Instruction<'static> {
    const EDGES: [i64; 14] = [
        0,
        1,
        -1,
        2,
        31,
        0x7fff,
        0x8000,
        -0x8000,
        -0x8001,
        0x7fff_ffff,
        0x8000_0000,
        -0x8000_0000,
        -0x8000_0001,
        i64::MIN,
    ];
    let (any, pick) = (words.word(), words.below(20));
    let int = EDGES.get(pick).copied().unwrap_or(any as i64);
    let float = match pick {
        0..=13 => int as f64,
        14 => -0.0,
        15 => f64::INFINITY,
        16 => f64::NAN,
        17 => 1e-320,
        _ => f64::from(any as i32) / 3.0,
    };
    match ty {
        Ty::I64 => X::I64Const(int),
        Ty::F32 => X::F32Const((float as f32).into()),
        Ty::F64 => X::F64Const(float.into()),
        Ty::V128 => X::V128Const(i128::from(int) << 64 | i128::from(any)),
        _ => X::I32Const(int as i32),
    }
}

fn memarg(words: &mut Words) -> MemArg {
    let choices = if words.one_in(30) { 8 } else { 6 };
    let pick = words.below(choices);
    let offset = [0, 0, 1, 4, 8, 0x1000, 0xffff, 0x1_0000][pick];
    MemArg { offset, align: 0, target: MemArgTarget::Memory(0), ordering: None }
}

/// A load of that type.
pub fn load(words: &mut Words, ty: Ty) -> Instruction<'static> {
    let at = memarg(words);
    match (ty, words.below(4)) {
        (Ty::I64, 0) => X::I64Load32S(at),
        (Ty::I64, 1) => X::I64Load8U(at),
        (Ty::I64, _) => X::I64Load(at),
        (Ty::F32, _) => X::F32Load(at),
        (Ty::F64, _) => X::F64Load(at),
        (Ty::V128, 0) => X::V128Load32Splat(at),
        (Ty::V128, _) => X::V128Load(at),
        (_, 0) => X::I32Load16U(at),
        (_, 1) => X::I32Load8S(at),
        _ => X::I32Load(at),
    }
}

/// A store of that type.
pub fn store(words: &mut Words, ty: Ty) -> Instruction<'static> {
    let at = memarg(words);
    match (ty, words.below(4)) {
        (Ty::I64, 0) => X::I64Store32(at),
        (Ty::I64, 1) => X::I64Store8(at),
        (Ty::I64, _) => X::I64Store(at),
        (Ty::F32, _) => X::F32Store(at),
        (Ty::F64, _) => X::F64Store(at),
        (Ty::V128, _) => X::V128Store(at),
        (_, 0) => X::I32Store16(at),
        (_, 1) => X::I32Store8(at),
        _ => X::I32Store(at),
    }
}
