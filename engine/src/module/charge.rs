//! What a module takes of the host's memory, added up while it is read: before a section is looked at, for what its count
//! and its length say. So a module beyond [`Limits::loaded_bytes`](crate::Limits) is refused before it takes that much.
//!
//! The prices are upper bounds of what this crate and the validator have together, at the worst moment, for the item and its
//! share in lists that grow by doubling. `engine/tests/module_memory.rs` measures that they are.

use wasmparser::{BinaryReader, DataKind, DataSectionReader, Payload};

use crate::error::Error;
use crate::limits::Limits;
use crate::types::MOST_VALUES;

/// Of a module without sections.
const MODULE: u64 = 16 << 10;

/// What an item of a section costs, and a byte of the section.
struct Price {
    item: u64,
    byte: u64,
}

/// A function type or a group of them, and a byte, which may be a value's type.
const TYPE: Price = Price { item: 620, byte: 24 };
/// An import, and a byte, which may be of a name.
const IMPORT: Price = Price { item: 340, byte: 8 };
const FUNCTION: Price = Price { item: 48, byte: 0 };
/// A table, and a byte, which may be of its initial element's expression. Of most tables it is not.
const TABLE: Price = Price { item: 60, byte: EXPRESSION_BYTE };
const MEMORY: Price = Price { item: 100, byte: 0 };
const TAG: Price = Price { item: 16, byte: 0 };
const GLOBAL: Price = Price { item: 24, byte: EXPRESSION_BYTE };
const EXPORT: Price = Price { item: 150, byte: 4 };
/// An element segment, and a byte, which may be an element or of an expression.
const ELEMENT: Price = Price { item: 64, byte: EXPRESSION_BYTE };
/// A data segment. Its bytes stay where they are; of its offset, see [`offsets`].
const DATA: Price = Price { item: 48, byte: 0 };
/// A byte of a constant expression.
const EXPRESSION_BYTE: u64 = 18;
/// An operand, an open block and a declaration of locals, while a body is validated.
const OPERAND: u64 = 24;
const BLOCK: u64 = 100;
const LOCAL: u64 = 24;

pub(super) struct Charge<'a> {
    bytes: u64,
    limits: &'a Limits,
    /// What the largest body so far has been charged.
    body: u64,
}

impl Charge<'_> {
    /// Begins with a module of so many bytes.
    pub(super) fn new(limits: &Limits, module: usize) -> Result<Charge<'_>, Error> {
        let mut charge = Charge { bytes: 0, limits, body: 0 };
        charge.take("bytes", 0, module as u64 + MODULE)?;
        Ok(charge)
    }

    /// What has been charged.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn take(&mut self, what: &str, offset: u64, bytes: u64) -> Result<(), Error> {
        self.bytes = self.bytes.saturating_add(bytes);
        let (all, limit) = (self.bytes, self.limits.loaded_bytes);
        if all <= limit {
            return Ok(());
        }
        let message = format!(
            "with its {what} (at offset {offset:#x}) the module takes {all} bytes of memory when it is loaded, the limit is {limit}"
        );
        Err(Error::limit("loaded_bytes", message))
    }

    /// Charges a section of so many items. An item has a byte at least, whatever the count says.
    fn section(&mut self, what: &str, count: u32, range: std::ops::Range<u64>, price: Price) -> Result<(), Error> {
        let length = range.end - range.start;
        let items = u64::from(count).min(length);
        self.take(what, range.start, items * price.item + length * price.byte)
    }

    /// What it takes to validate a body of so many bytes. It is bounded by other limits, however long the body is.
    fn body(&self, length: usize) -> u64 {
        let limits = self.limits;
        // A call may have a thousand results. A function has no more locals than the validator allows.
        let operands = limits.frame_slots.min(length.saturating_mul(MOST_VALUES)) as u64 * OPERAND;
        operands + limits.nesting.min(length) as u64 * BLOCK + length.min(50_000) as u64 * LOCAL
    }

    /// Charges what is about to be read; a body only if it is going to be validated now.
    pub(super) fn payload(&mut self, payload: &Payload<'_>, module: &[u8], bodies: bool) -> Result<(), Error> {
        match payload {
            Payload::TypeSection(reader) => {
                let range = reader.range();
                let bytes = &module[range.start as usize..range.end as usize];
                self.section("types", count_types(bytes), range, TYPE)
            }
            Payload::ImportSection(reader) => self.section("imports", reader.count(), reader.range(), IMPORT),
            Payload::FunctionSection(reader) => self.section("functions", reader.count(), reader.range(), FUNCTION),
            Payload::TableSection(reader) => self.section("tables", reader.count(), reader.range(), TABLE),
            Payload::MemorySection(reader) => self.section("memories", reader.count(), reader.range(), MEMORY),
            Payload::TagSection(reader) => self.section("tags", reader.count(), reader.range(), TAG),
            Payload::GlobalSection(reader) => self.section("globals", reader.count(), reader.range(), GLOBAL),
            Payload::ExportSection(reader) => self.section("exports", reader.count(), reader.range(), EXPORT),
            Payload::ElementSection(reader) => self.section("elements", reader.count(), reader.range(), ELEMENT),
            Payload::DataSection(reader) => {
                self.section("data segments", reader.count(), reader.range(), DATA)?;
                self.take("data segments", reader.range().start, offsets(reader).saturating_mul(EXPRESSION_BYTE))
            }
            Payload::CodeSectionEntry(body) if bodies => {
                let range = body.range();
                let wanted = self.body((range.end - range.start) as usize);
                let more = wanted.saturating_sub(self.body);
                self.body = self.body.max(wanted);
                self.take("function body", range.start, more)
            }
            _ => Ok(()),
        }
    }
}

/// How long the expressions are that say where data segments go.
fn offsets(reader: &DataSectionReader<'_>) -> u64 {
    let segments = reader.clone().into_iter().map_while(Result::ok);
    let lengths = segments.map(|segment| match segment.kind {
        DataKind::Active { offset_expr, .. } => {
            let range = offset_expr.get_binary_reader().range();
            range.end - range.start
        }
        DataKind::Passive => 0,
    });
    lengths.sum()
}

/// How many types a type section has, those in groups and groups without any included. What is malformed ends the count: the validator says so.
fn count_types(section: &[u8]) -> u32 {
    fn list(reader: &mut BinaryReader<'_>) -> Option<()> {
        for _ in 0..reader.read_var_u32().ok()? {
            // A reference to a type of the module has its index behind; all else is a byte.
            if let 0x63 | 0x64 = reader.read_u8().ok()? {
                reader.read_var_s33().ok()?;
            }
        }
        Some(())
    }
    fn count(reader: &mut BinaryReader<'_>, types: &mut u32) -> Option<()> {
        for _ in 0..reader.read_var_u32().ok()? {
            let mut form = reader.read_u8().ok()?;
            let grouped = form == 0x4e;
            let members = if grouped { reader.read_var_u32().ok()? } else { 1 };
            *types += u32::from(members == 0);
            for _ in 0..members {
                if grouped {
                    form = reader.read_u8().ok()?;
                }
                // All other forms need garbage collection, and the module is refused for it.
                if form != 0x60 {
                    return None;
                }
                *types += 1;
                list(reader)?;
                list(reader)?;
            }
        }
        Some(())
    }
    let mut types = 0;
    let _ = count(&mut BinaryReader::new(section, 0), &mut types);
    types
}
