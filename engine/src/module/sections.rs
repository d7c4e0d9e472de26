//! What a module's sections say, as far as the engine keeps it.

use std::ops::Range;

use super::{ConstExpr, Reference};
use crate::types::{FuncType, GlobalType, MemoryType, TableType};

/// Something imported or exported, by its index in its own index space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ExternIndex {
    Func(u32),
    Table(u32),
    Memory(u32),
    Global(u32),
    Tag(u32),
}

/// An import as it stands in the module; the type is in the index space of its kind.
pub(crate) struct Import {
    /// Where the names lie in the module's bytes.
    pub module: Range<u32>,
    pub name: Range<u32>,
    pub index: ExternIndex,
}

/// Where an active segment goes.
pub(crate) struct ActiveSegment {
    pub index: u32,
    pub offset: ConstExpr,
}

pub(crate) enum SegmentMode {
    Active(ActiveSegment),
    Passive,
    Declared,
}

pub(crate) struct ElementSegment {
    pub mode: SegmentMode,
    pub items: ElementItems,
}

/// Mostly plain function indices; expressions where the module says so.
pub(crate) enum ElementItems {
    Functions(Box<[u32]>),
    References(Box<[Reference]>),
}

pub(crate) struct DataSegment {
    pub mode: SegmentMode,
    pub bytes: Range<u32>,
}

/// What the sections say.
#[derive(Default)]
pub(crate) struct Sections {
    pub types: Vec<FuncType>,
    /// The engine's numbers for `types`.
    pub type_ids: Vec<u32>,
    /// Which of `types` are not alone: they are in a recursive group with others, or refer to themselves. Another type
    /// that looks the same is not the same.
    pub grouped: Vec<bool>,
    pub imports: Vec<Import>,
    /// Type indices of all functions, imports first.
    pub funcs: Vec<u32>,
    pub tables: Vec<TableType>,
    /// Initial elements of defined tables that have an expression for them.
    pub table_inits: Vec<Option<ConstExpr>>,
    pub memories: Vec<MemoryType>,
    pub globals: Vec<GlobalType>,
    /// Initial values of defined globals.
    pub global_inits: Vec<ConstExpr>,
    /// Type indices of all tags, imports first.
    pub tags: Vec<u32>,
    pub imported_tags: usize,
    pub imported_funcs: usize,
    pub imported_tables: usize,
    pub imported_memories: usize,
    pub imported_globals: usize,
    /// Names, as places in the module's bytes, and what they stand for.
    pub exports: Vec<(Range<u32>, ExternIndex)>,
    pub start: Option<u32>,
    pub elements: Vec<ElementSegment>,
    pub data: Vec<DataSegment>,
    /// Bodies of defined functions, in the module's bytes.
    pub bodies: Vec<Range<u32>>,
    /// The name section's contents.
    pub names: Option<Range<u32>>,
}
