//! The translator: one pass over a body's operators, from stack code to register-like code.
//!
//! It keeps a symbolic operand stack ([`stack`]) whose entries say where a value is *without* moving it: in a local, a
//! constant, a sum of locals, an accumulator or the slot that belongs to its height. `local.get`, constants and additions that may
//! become part of an address emit nothing; an operator
//! emits one instruction that names its operands where they are and leaves its result in an accumulator. When the result
//! is wanted in a slot after all (a `local.set`, an argument, a merge of control flow), the instruction that produced it is
//! patched to write there. Comparisons that feed a branch are taken back and become part of it.
//!
//! ```text
//! frame:  | parameters or results | return ip | caller's sp | locals … | operands by height … |
//!         0                       record                    record + 2
//! ```
//!
//! Everything here is safe code: what it emits is checked again by [`crate::code::verify`] in debug builds, and becomes
//! runnable only in the linker.

mod atomics;
mod bounds;
mod control;
mod emit;
mod exceptions;
mod memory;
mod meter;
mod operators;
mod stack;
#[cfg(feature = "simd")]
mod vectors;

use wasmparser::{FuncToValidate, FuncValidatorAllocations, FunctionBody, ValidatorResources};

use crate::code::verify;
use crate::error::Error;
use crate::module::{Module, Sections, check_operands};
use crate::runtime::Stop;
use crate::types::{FuncType, ValType};
pub(crate) use bounds::too_much_code;
use control::Frame;
pub(crate) use exceptions::regions_around;
use stack::Stack;

/// What is to be translated.
pub(crate) struct Request<'a> {
    pub module: &'a Module,
    pub func: u32,
    pub body: FunctionBody<'a>,
    /// Validates on the way when there.
    pub validate: Option<FuncToValidate<ValidatorResources>>,
    /// Emits the instructions that tell a listener.
    pub listens: bool,
    /// Receives (word, offset in the module) for each operator that emitted something.
    pub map: Option<&'a mut Vec<(u32, u64)>>,
    /// How many words the code may have.
    pub room: usize,
    /// Whether to stop before it is done.
    pub stop: Stop<'a>,
    pub allocations: &'a mut Allocations,
}

/// Memory that is used again from function to function.
#[derive(Default)]
pub(crate) struct Allocations {
    validator: FuncValidatorAllocations,
    code: Vec<u64>,
    recent: Vec<usize>,
    entries: Vec<stack::Entry>,
    control: Vec<Frame>,
    labels: Vec<Label>,
    locals: Vec<(u16, ValType)>,
    meters: Vec<meter::Site>,
}

impl Allocations {
    /// Whether it is worth keeping, and no more than an ordinary function needs. Chosen: 512 KiB of code, and a thousand open
    /// blocks; of what the validator has, the blocks are the most.
    pub(crate) fn is_ordinary(&self) -> bool {
        self.code.capacity() <= 1 << 16 && self.control.capacity() <= 1 << 10 && self.entries.capacity() <= 1 << 14
    }
}

/// What translating a function yields.
pub(crate) struct Translated {
    /// The header and the instructions, not linked.
    pub code: Box<[u64]>,
    /// Where it catches exceptions: by where they end, inner regions before the ones around them.
    pub tries: Vec<TryRegion>,
}

/// Instructions whose exceptions are caught.
#[derive(Clone, Debug)]
pub(crate) struct TryRegion {
    /// Words of the code.
    pub start: usize,
    pub end: usize,
    /// How many blocks are open around it.
    pub depth: usize,
    /// The next region around it.
    pub around: Option<usize>,
    /// The first that matches catches.
    pub catches: Vec<Landing>,
    /// Catches nothing: looks on among the regions this deep or less.
    pub delegate: Option<usize>,
}

/// Where an exception that is caught goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Landing {
    /// The module's tag; `None` for all.
    pub tag: Option<u32>,
    /// Word of the code.
    pub target: usize,
    /// First of the slots that the tag's values go to.
    pub values: u16,
    /// The slot for the reference, when it is wanted.
    pub reference: Option<u16>,
}

/// Translates one function.
///
/// # Errors
///
/// An invalid body, when asked to validate; limits.
pub(crate) fn function(request: Request<'_>) -> Result<Translated, Error> {
    let Request { module, func, body, validate, listens, mut map, room, stop, allocations } = request;
    let mut validator = validate.map(|v| v.into_validator(std::mem::take(&mut allocations.validator)));
    let ty = module.func_type(func);
    let mut translator = Translator::new(module, ty, listens.then_some(func), room, allocations);
    translator.most_passed = bounds::passed_values(body.as_bytes().len(), module);
    bounds::locals(&body, ty.params().len(), module)?;

    let mut reader = body.get_binary_reader();
    if let Some(validator) = &mut validator {
        validator.read_locals(&mut reader)?;
    }
    for local in body.get_locals_reader()? {
        let (count, ty) = local?;
        translator.declare_locals(count, ty)?;
    }
    let mut operators = body.get_operators_reader()?;
    translator.begin()?;
    let mut looked = 0;
    while !operators.eof() {
        let (operator, offset) = operators.read_with_offset()?;
        if let Some(validator) = &mut validator {
            validator.op(offset, &operator)?;
            check_operands(module.engine(), validator)?;
        }
        translator.fresh = translator.code.len();
        translator.operator(&operator, offset)?;
        translator.check_bounds()?;
        stop.check_from_time_to_time(&mut looked, offset)?;
        if let Some(map) = &mut map {
            // Instructions of earlier operators that were taken back are part of this one's now.
            while map.last().is_some_and(|&(start, _)| start as usize >= translator.fresh) {
                map.pop();
            }
            map.push((translator.fresh as u32, offset));
        }
    }
    if let Some(mut validator) = validator {
        let end = operators.original_position();
        operators.get_binary_reader().finish_expression(&validator.visitor(end))?;
        allocations.validator = validator.into_allocations();
    }
    let translated = translator.finish(allocations);
    if cfg!(any(debug_assertions, fuzzing)) {
        verify::verify(&translated.code, &translated.tries, ty, module.sections())
            .map_err(|what| Error::module(format!("translator: {what}"), 0))?;
    }
    Ok(translated)
}

/// A place that branches go to.
#[derive(Clone, Copy)]
enum Label {
    /// The word that waits for the position and was emitted last. Each such word holds the place of the one before it, and the
    /// first one 0, where no target is.
    Waiting(usize),
    At(usize),
}

type LabelId = usize;

struct Translator<'m> {
    module: &'m Module,
    sections: &'m Sections,
    ty: &'m FuncType,
    code: Vec<u64>,
    /// The instructions since the last place that something can branch to.
    recent: Vec<usize>,
    /// A slot whose value is in the accumulator of its class too, and the length of the code for which that holds.
    copy: Option<(usize, u16, usize)>,
    /// Where the running operator's instructions begin.
    fresh: usize,
    stack: Stack,
    control: Vec<Frame>,
    labels: Vec<Label>,
    locals: Vec<(u16, ValType)>,
    /// Slot of the return record.
    record: usize,
    first_local: usize,
    next_local: usize,
    /// Slots of the frame: the largest that was needed.
    frame_slots: usize,
    /// Blocks entered since code became unreachable; `None` while it is reachable.
    unreachable: Option<usize>,
    /// The checks of the function and of the loops that are open.
    meters: Vec<meter::Site>,
    tries: Vec<TryRegion>,
    /// Values that blocks and branches have passed on, and how many they may.
    passed: usize,
    most_passed: usize,
    nesting: bounds::Nesting,
    /// How many words the code may have.
    room: usize,
    /// The function's index, when somebody listens to it.
    listens: Option<u32>,
}

impl<'m> Translator<'m> {
    fn new(
        module: &'m Module,
        ty: &'m FuncType,
        listens: Option<u32>,
        room: usize,
        allocations: &mut Allocations,
    ) -> Translator<'m> {
        fn cleared<T>(list: &mut Vec<T>) -> Vec<T> {
            list.clear();
            std::mem::take(list)
        }
        let record = ty.call_slots();
        let mut translator = Translator {
            module,
            sections: module.sections(),
            ty,
            code: cleared(&mut allocations.code),
            recent: cleared(&mut allocations.recent),
            copy: None,
            fresh: 0,
            stack: Stack { entries: cleared(&mut allocations.entries), ..Stack::default() },
            control: cleared(&mut allocations.control),
            labels: cleared(&mut allocations.labels),
            locals: cleared(&mut allocations.locals),
            record,
            first_local: record + 2,
            next_local: record + 2,
            frame_slots: record + 2,
            unreachable: None,
            meters: cleared(&mut allocations.meters),
            tries: Vec::new(),
            passed: 0,
            most_passed: 0,
            nesting: bounds::Nesting::default(),
            room,
            listens,
        };
        // For the header.
        translator.code.push(0);
        let mut slot = 0;
        for &param in ty.params() {
            translator.locals.push((slot as u16, param));
            slot += param.slots();
        }
        translator
    }

    /// Declares `count` locals that are no parameters.
    fn declare_locals(&mut self, count: u32, ty: wasmparser::ValType) -> Result<(), Error> {
        let ty = ValType::layout(ty);
        let end = self.next_local + count as usize * ty.slots();
        self.need_slots(end)?;
        for _ in 0..count {
            self.locals.push((self.next_local as u16, ty));
            self.next_local += ty.slots();
        }
        Ok(())
    }

    /// Notes that the frame reaches up to slot `end`.
    fn need_slots(&mut self, end: usize) -> Result<(), Error> {
        if end > self.frame_slots {
            let limit = self.module.engine().config().limits.frame_slots;
            if end > limit {
                return Err(Error::limit("frame_slots", format!("a function needs {end} slots, the limit is {limit}")));
            }
            self.frame_slots = end;
        }
        Ok(())
    }
}
