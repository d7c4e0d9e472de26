//! Which row does the work of another, or of two: the opposite and the mirror image of a comparison, the branch or select
//! that takes a comparison along, the access that computes its address. The translator folds by these.

use super::Row::{self, *};

impl Row {
    /// The row that computes the same with its operands exchanged: itself when it commutes.
    pub(crate) const fn mirrored(self) -> Row {
        match self {
            I32LtS => I32GtS,
            I32GtS => I32LtS,
            I32LtU => I32GtU,
            I32GtU => I32LtU,
            I32LeS => I32GeS,
            I32GeS => I32LeS,
            I32LeU => I32GeU,
            I32GeU => I32LeU,
            I64LtS => I64GtS,
            I64GtS => I64LtS,
            I64LtU => I64GtU,
            I64GtU => I64LtU,
            I64LeS => I64GeS,
            I64GeS => I64LeS,
            I64LeU => I64GeU,
            I64GeU => I64LeU,
            F32Lt => F32Gt,
            F32Gt => F32Lt,
            F32Le => F32Ge,
            F32Ge => F32Le,
            F64Lt => F64Gt,
            F64Gt => F64Lt,
            F64Le => F64Ge,
            F64Ge => F64Le,
            other => other,
        }
    }

    /// The comparison whose result is the opposite, where there is one.
    pub(crate) const fn negated_compare(self) -> Option<Row> {
        Some(match self {
            I32Eq => I32Ne,
            I32Ne => I32Eq,
            I32LtS => I32GeS,
            I32GeS => I32LtS,
            I32LtU => I32GeU,
            I32GeU => I32LtU,
            I32GtS => I32LeS,
            I32LeS => I32GtS,
            I32GtU => I32LeU,
            I32LeU => I32GtU,
            I64Eq => I64Ne,
            I64Ne => I64Eq,
            I64LtS => I64GeS,
            I64GeS => I64LtS,
            I64LtU => I64GeU,
            I64GeU => I64LtU,
            I64GtS => I64LeS,
            I64LeS => I64GtS,
            I64GtU => I64LeU,
            I64LeU => I64GtU,
            F32Eq => F32Ne,
            F32Ne => F32Eq,
            F64Eq => F64Ne,
            F64Ne => F64Eq,
            _ => return None,
        })
    }

    /// The comparison that holds exactly when this one does not, among branches.
    pub(crate) const fn negated_branch(self) -> Option<Row> {
        Some(match self {
            BrI32Eq => BrI32Ne,
            BrI32Ne => BrI32Eq,
            BrI32LtS => BrI32GeS,
            BrI32GeS => BrI32LtS,
            BrI32LtU => BrI32GeU,
            BrI32GeU => BrI32LtU,
            BrI32GtS => BrI32LeS,
            BrI32LeS => BrI32GtS,
            BrI32GtU => BrI32LeU,
            BrI32LeU => BrI32GtU,
            BrI64Eq => BrI64Ne,
            BrI64Ne => BrI64Eq,
            BrI64LtS => BrI64GeS,
            BrI64GeS => BrI64LtS,
            BrI64LtU => BrI64GeU,
            BrI64GeU => BrI64LtU,
            BrI64GtS => BrI64LeS,
            BrI64LeS => BrI64GtS,
            BrI64GtU => BrI64LeU,
            BrI64LeU => BrI64GtU,
            BrF32Eq => BrF32Ne,
            BrF32Ne => BrF32Eq,
            BrF64Eq => BrF64Ne,
            BrF64Ne => BrF64Eq,
            BrF32Lt => BrF32NotLt,
            BrF32Gt => BrF32NotGt,
            BrF32Le => BrF32NotLe,
            BrF32Ge => BrF32NotGe,
            BrF64Lt => BrF64NotLt,
            BrF64Gt => BrF64NotGt,
            BrF64Le => BrF64NotLe,
            BrF64Ge => BrF64NotGe,
            BrI32Any => BrI32None,
            BrI32None => BrI32Any,
            BrI64Any => BrI64None,
            BrI64None => BrI64Any,
            BrIfNez => BrIfEqz,
            BrIfEqz => BrIfNez,
            _ => return None,
        })
    }

    /// The branch that a comparison becomes when a `br_if` takes its result.
    pub(crate) const fn branch(self) -> Option<Row> {
        Some(match self {
            I32And => BrI32Any,
            I32Eq => BrI32Eq,
            I32Ne => BrI32Ne,
            I32LtS => BrI32LtS,
            I32LtU => BrI32LtU,
            I32GtS => BrI32GtS,
            I32GtU => BrI32GtU,
            I32LeS => BrI32LeS,
            I32LeU => BrI32LeU,
            I32GeS => BrI32GeS,
            I32GeU => BrI32GeU,
            I64Eq => BrI64Eq,
            I64Ne => BrI64Ne,
            I64LtS => BrI64LtS,
            I64LtU => BrI64LtU,
            I64GtS => BrI64GtS,
            I64GtU => BrI64GtU,
            I64LeS => BrI64LeS,
            I64LeU => BrI64LeU,
            I64GeS => BrI64GeS,
            I64GeU => BrI64GeU,
            F32Eq => BrF32Eq,
            F32Ne => BrF32Ne,
            F32Lt => BrF32Lt,
            F32Gt => BrF32Gt,
            F32Le => BrF32Le,
            F32Ge => BrF32Ge,
            F64Eq => BrF64Eq,
            F64Ne => BrF64Ne,
            F64Lt => BrF64Lt,
            F64Gt => BrF64Gt,
            F64Le => BrF64Le,
            F64Ge => BrF64Ge,
            _ => return None,
        })
    }

    /// Of a comparison with 0, the branch that does it and the `and` in front of it.
    pub(crate) const fn and_test(self) -> Option<(Row, Row)> {
        Some(match self {
            I32Ne => (BrI32Any, I32And),
            I32Eq => (BrI32None, I32And),
            I64Ne => (BrI64Any, I64And),
            I64Eq => (BrI64None, I64And),
            _ => return None,
        })
    }

    /// The branch on what was just added to a local, for a branch on that local; true when it compares with 0.
    pub(crate) const fn increment(self) -> Option<(Row, bool)> {
        Some(match self {
            BrIfNez => (IncI32Ne, true),
            BrIfEqz => (IncI32Eq, true),
            BrI32Eq => (IncI32Eq, false),
            BrI32Ne => (IncI32Ne, false),
            BrI32LtS => (IncI32LtS, false),
            BrI32LtU => (IncI32LtU, false),
            BrI32GtS => (IncI32GtS, false),
            BrI32GtU => (IncI32GtU, false),
            BrI32LeS => (IncI32LeS, false),
            BrI32LeU => (IncI32LeU, false),
            BrI32GeS => (IncI32GeS, false),
            BrI32GeU => (IncI32GeU, false),
            _ => return None,
        })
    }

    /// The select that a branch becomes when its condition decides one.
    pub(crate) const fn select(self) -> Option<Row> {
        Some(match self {
            BrI32Eq => SelectI32Eq,
            BrI32Ne => SelectI32Ne,
            BrI32LtS => SelectI32LtS,
            BrI32LtU => SelectI32LtU,
            BrI32GtS => SelectI32GtS,
            BrI32GtU => SelectI32GtU,
            BrI32LeS => SelectI32LeS,
            BrI32LeU => SelectI32LeU,
            BrI32GeS => SelectI32GeS,
            BrI32GeU => SelectI32GeU,
            BrI32Any => SelectI32Any,
            BrI32None => SelectI32None,
            BrI64Eq => SelectI64Eq,
            BrI64Ne => SelectI64Ne,
            BrI64LtS => SelectI64LtS,
            BrI64LtU => SelectI64LtU,
            BrI64GtS => SelectI64GtS,
            BrI64GtU => SelectI64GtU,
            BrI64LeS => SelectI64LeS,
            BrI64LeU => SelectI64LeU,
            BrI64GeS => SelectI64GeS,
            BrI64GeU => SelectI64GeU,
            BrI64Any => SelectI64Any,
            BrI64None => SelectI64None,
            _ => return None,
        })
    }

    /// The load or store that computes its address.
    pub(crate) const fn indexed(self) -> Option<Row> {
        Some(match self {
            I32Load => I32LoadIndexed,
            I64Load => I64LoadIndexed,
            F32Load => F32LoadIndexed,
            F64Load => F64LoadIndexed,
            I32Load8S => I32Load8SIndexed,
            I32Load8U => I32Load8UIndexed,
            I32Load16S => I32Load16SIndexed,
            I32Load16U => I32Load16UIndexed,
            I64Load8S => I64Load8SIndexed,
            I64Load8U => I64Load8UIndexed,
            I64Load16S => I64Load16SIndexed,
            I64Load16U => I64Load16UIndexed,
            I64Load32S => I64Load32SIndexed,
            I64Load32U => I64Load32UIndexed,
            I32Store => I32StoreIndexed,
            I64Store => I64StoreIndexed,
            F32Store => F32StoreIndexed,
            F64Store => F64StoreIndexed,
            I32Store8 => I32Store8Indexed,
            I32Store16 => I32Store16Indexed,
            I64Store8 => I64Store8Indexed,
            I64Store16 => I64Store16Indexed,
            I64Store32 => I64Store32Indexed,
            _ => return None,
        })
    }
}
