//! Code: what the translator writes and the handlers run.
//!
//! A function's code is a sequence of 64-bit words. The first is its [`Header`]; instructions follow. An instruction is
//!
//! ```text
//! word 0        word 1                                        word 2 …
//! [ handler ]   [ field0 u16 | field1 u16 | field2 u16 | f3 ]  [ branch target | 64-bit immediate | … ]
//!                 destination  left source   right source
//!                                            [ imm: i32 in fields 2 and 3 ]
//! ```
//!
//! Between translator and linker ([`crate::exec::link`]), word 0 holds an [`Op`] number, a branch target holds the index
//! of a word of the same function, and a call holds a function index. The linker replaces them by a handler's
//! address, an absolute address and the callee's entry; only then can the code run.
//!
//! An [`Op`] is a [`Row`] (what to compute) and a variant (where operands come from and the result goes). Rows are
//! listed once, in [`rows`]; the row's [`Shape`] says how many words an instruction has and what its variants mean.
//! [`relations`] has what the translator makes of one row, or two, when it folds.

pub(crate) mod print;
mod relations;
pub(crate) mod rows;
pub(crate) mod verify;

pub(crate) use rows::Row;

/// Variants a row has room for.
pub(crate) const VARIANTS: usize = 16;

/// Bit 0 of a variant, in every row that has a result: 1 sends it to the accumulator of its type, 0 to the slot in
/// field 0. Turning 1 into 0 and writing field 0 redirects a result after the fact.
pub(crate) const TO_ACC: u16 = 1;

/// Where the two operands of a binary instruction come from. Slots of left operands are in field 1, of right operands
/// in field 2; an immediate is in fields 2 and 3.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u16)]
pub(crate) enum Pair {
    SlotSlot = 0,
    SlotImm = 1,
    AccSlot = 2,
    AccImm = 3,
    SlotAcc = 4,
    /// The slot is in field 1, as the immediate takes the place of field 2.
    ImmSlot = 5,
    ImmAcc = 6,
}

/// How an indexed access computes its address: the sum, modulo 2³², of a base (slot in field 1, or the accumulator), an
/// index (slot in field 2, or the accumulator) shifted to the left by field 3, and the lower half of word 2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u16)]
pub(crate) enum Form {
    Slot = 0,
    Acc = 1,
    SlotSlot = 2,
    /// The index is in a slot, and not shifted.
    AccSlot = 3,
    ScaledSlot = 4,
    ScaledAcc = 5,
    SlotScaledSlot = 6,
    SlotScaledAcc = 7,
}

impl Form {
    /// All forms, by their number.
    pub(crate) const ALL: [Form; 8] = [
        Form::Slot,
        Form::Acc,
        Form::SlotSlot,
        Form::AccSlot,
        Form::ScaledSlot,
        Form::ScaledAcc,
        Form::SlotScaledSlot,
        Form::SlotScaledAcc,
    ];

    /// Where a store with such an address has its variants. False: at three times the number, for a value in a slot, in the
    /// accumulator, immediate. True: at the number, for a value in a slot, immediate.
    pub(crate) const fn of_store(self) -> (u16, bool) {
        match self {
            Form::Slot => (0, false),
            Form::SlotSlot => (1, false),
            Form::ScaledSlot => (2, false),
            Form::SlotScaledSlot => (3, false),
            Form::Acc => (12, true),
            Form::AccSlot => (14, true),
            Form::ScaledAcc | Form::SlotScaledAcc => panic!("stores have no such form"),
        }
    }

    /// The slots it reads: those of the base and the index.
    pub(crate) const fn slots(self) -> (bool, bool) {
        match self {
            Form::Acc | Form::ScaledAcc => (false, false),
            Form::Slot | Form::SlotScaledAcc => (true, false),
            Form::AccSlot | Form::ScaledSlot => (false, true),
            Form::SlotSlot | Form::SlotScaledSlot => (true, true),
        }
    }
}

/// The first of the variants, of those commutative rows that have them, whose right operand is word 2: slot, accumulator on
/// the left, two each.
pub(crate) const COMMUTATIVE_WIDE: u16 = 8;

/// The first variant of a vector access that computes its address; the others follow in the order of [`Form`].
pub(crate) const VECTOR_INDEXED: u16 = 6;

/// What an instruction looks like and what its variants mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// Two operands, one result: `pair * 2 + to_acc`, the first four pairs (the operation commutes, or has a mirror); from
    /// [`COMMUTATIVE_WIDE`] on with an immediate of 64 bits.
    Commutative,
    /// Two operands, one result: `pair * 2 + to_acc`, all seven pairs.
    Binary,
    /// One operand in field 1, one result: `from_acc * 2 + to_acc`.
    Unary,
    /// Compare two operands and branch to word 2: `pair`, the first four.
    BranchCompare,
    /// `from_acc * 2 + to_acc`. Field 0 destination, field 1 address, fields 2 and 3 the offset of the access's *end*.
    /// Plus 4: the wide form, for other memories and larger offsets; word 2 is the 64-bit offset of its start, word 3 the
    /// memory's index. Plus 8: the wide form with a 64-bit address.
    Load,
    /// Address and value: slot slot, slot acc, slot imm, acc slot, acc imm; + 5 and + 10 for the wide forms, as loads have
    /// them. Field 0 is the value's slot or a 16-bit signed immediate, field 1 the address.
    Store,
    /// A load that computes its address: `form * 2 + to_acc`. Field 0 destination, the others as [`Form`] says; word 2 the
    /// offset to add and, in the upper half, the offset of the access's end.
    LoadIndexed,
    /// A store that computes its address, as `LoadIndexed`; field 0 as `Store` has it, variants by [`Form::of_store`].
    StoreIndexed,
    /// Slot field 1 plus an immediate to slot field 0; branches to word 2 when this compares with word 3: slot, immediate.
    BranchIncrement,
    /// Compares as `BranchCompare`; the result is slot (word 2, bits 0 to 15) when it holds, else slot (bits 16 to 31):
    /// `pair * 2 + to_acc`.
    SelectCompare,
    /// Anything else: this many words and no branch target; variants as the row's handlers say.
    Plain(u16),
    /// Word 2 is a branch target, of this many words; variants as the row's handlers say.
    Branch(u16),
    /// Word 1's upper half is the number of targets that follow from word 2 on.
    BranchTable,
    /// Word 2 is a function index, replaced by its entry's address. Variants by the arguments that are operands.
    Call,
    /// Vector in field 1 to vector in field 0.
    VectorUnary,
    /// Vectors in fields 1 and 2.
    VectorBinary,
    /// Vectors in fields 1, 2 and 3.
    VectorTernary,
    /// Vector in field 1, number of bits in slot field 2.
    Shift,
    /// Vector in field 1 to slot field 0.
    Test,
    /// Slot field 1 to vector in field 0.
    Splat,
    /// Vector in field 1, lane number field 2, to slot field 0.
    Extract,
    /// Vector in field 1, slot field 2, lane number field 3, to vector in field 0.
    Replace,
    /// Address from slot or accumulator, to vector in field 0; + 2 and + 4 for the wide forms, as loads have them; from
    /// [`VECTOR_INDEXED`] on with a computed address, as `LoadIndexed`.
    VectorLoad,
    /// As `VectorLoad`, field 0 being the vector that is stored.
    VectorStore,
    /// Address in slot field 1, vector in field 2, lane number field 3, result in field 0; always wide, variant 1 with a
    /// 64-bit address.
    Lane,
}

/// An instruction's row and variant in one number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Op(pub u16);

impl Op {
    pub(crate) const fn new(row: Row, variant: u16) -> Op {
        Op(row as u16 * VARIANTS as u16 + variant)
    }

    pub(crate) const fn row_index(self) -> usize {
        self.0 as usize / VARIANTS
    }

    pub(crate) const fn variant(self) -> u16 {
        self.0 % VARIANTS as u16
    }

    pub(crate) fn row(self) -> Row {
        Row::ALL[self.row_index()]
    }

    /// How many words the instruction has whose word 1 is `operands`.
    pub(crate) fn words(self, operands: u64) -> usize {
        // Of an access: from which variant on it is in its wide form.
        let access = |wide: u16| if self.variant() < wide { 2 } else { 4 };
        match self.row().shape() {
            Shape::Commutative if self.variant() >= COMMUTATIVE_WIDE => 3,
            Shape::Commutative | Shape::Binary | Shape::Unary => 2,
            Shape::VectorUnary | Shape::VectorBinary | Shape::VectorTernary | Shape::Shift | Shape::Test => 2,
            Shape::Splat | Shape::Extract | Shape::Replace => 2,
            Shape::VectorLoad | Shape::VectorStore if self.variant() >= VECTOR_INDEXED => 3,
            Shape::VectorLoad | Shape::VectorStore => access(2),
            Shape::Load => access(4),
            Shape::Store => access(5),
            Shape::LoadIndexed | Shape::StoreIndexed | Shape::SelectCompare => 3,
            Shape::BranchCompare | Shape::Call => 3,
            Shape::BranchIncrement | Shape::Lane => 4,
            Shape::Plain(words) | Shape::Branch(words) => words as usize,
            Shape::BranchTable => 2 + (operands >> 32) as usize,
        }
    }

    /// Which words, counted from the instruction's first, are branch targets.
    pub(crate) fn targets(self, operands: u64) -> std::ops::Range<usize> {
        match self.row().shape() {
            Shape::BranchCompare | Shape::Branch(_) | Shape::BranchIncrement => 2..3,
            Shape::BranchTable => 2..2 + (operands >> 32) as usize,
            _ => 0..0,
        }
    }
}

/// The first word of a function's code: what a call has to know before it jumps.
///
/// ```text
/// bits  0..32          32..48        48..64
///       frame slots    first local   locals to zero   (both in slots; parameters are not among them)
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Header {
    pub frame_slots: u32,
    pub first_local: u16,
    pub locals: u16,
}

impl Header {
    pub(crate) const fn to_bits(self) -> u64 {
        self.frame_slots as u64 | (self.first_local as u64) << 32 | (self.locals as u64) << 48
    }

    pub(crate) const fn from_bits(bits: u64) -> Header {
        Header { frame_slots: bits as u32, first_local: (bits >> 32) as u16, locals: (bits >> 48) as u16 }
    }
}

/// Packs word 1 from four fields.
pub(crate) const fn fields(f0: u16, f1: u16, f2: u16, f3: u16) -> u64 {
    f0 as u64 | (f1 as u64) << 16 | (f2 as u64) << 32 | (f3 as u64) << 48
}

/// Packs word 1 from two fields and a 32-bit immediate.
pub(crate) const fn fields_imm(f0: u16, f1: u16, imm: u32) -> u64 {
    f0 as u64 | (f1 as u64) << 16 | (imm as u64) << 32
}
