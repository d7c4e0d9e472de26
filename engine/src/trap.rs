//! What ends a call early: a trap of WebAssembly's, an exit, or an error of a host function's.
//!
//! A [`Trap`] is one word, so that `Result<(), Trap>` travels in a register between a host function and the engine.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::escaped::Escaped;
use crate::runtime::exception::Exception;

macro_rules! trap_codes {
    ($($(#[$doc:meta])* $name:ident = $value:literal $text:literal,)*) => {
        /// Why a call trapped.
        ///
        /// The texts of [`Display`](fmt::Display) are the ones that the specification's test suite expects.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum TrapCode { $($(#[$doc])* $name = $value,)* }

        impl TrapCode {
            /// What happened, in the specification's words.
            pub const fn message(self) -> &'static str {
                match self { $(TrapCode::$name => $text,)* }
            }

            pub(crate) const fn from_raw(raw: u32) -> Option<TrapCode> {
                match raw { $($value => Some(TrapCode::$name),)* _ => None }
            }
        }
    };
}

trap_codes! {
    /// An `unreachable` instruction was executed.
    Unreachable = 1 "unreachable",
    /// A load, store or bulk operation outside its memory.
    MemoryOutOfBounds = 2 "out of bounds memory access",
    /// An access outside its table.
    TableOutOfBounds = 3 "out of bounds table access",
    /// `call_indirect` with an index outside its table.
    UndefinedElement = 4 "undefined element",
    /// `call_indirect` of a null element.
    UninitializedElement = 5 "uninitialized element",
    /// `call_indirect` of a function of another type.
    IndirectCallTypeMismatch = 6 "indirect call type mismatch",
    /// An integer division, or conversion, whose result cannot be represented.
    IntegerOverflow = 7 "integer overflow",
    /// An integer division by zero.
    IntegerDivideByZero = 8 "integer divide by zero",
    /// A conversion of a float that is not a number to an integer.
    InvalidConversionToInteger = 9 "invalid conversion to integer",
    /// The guest's calls are nested deeper than its value stack allows: [`Limits::value_stack_bytes`](crate::Limits).
    StackOverflow = 10 "call stack exhausted",
    /// Guest and host call each other deeper than [`Limits::host_reentry`](crate::Limits).
    HostReentry = 19 "guest and host call each other too deeply",
    /// A reference that is not one of this store's was used: only a raw host function can make one.
    InvalidReference = 11 "invalid reference",
    /// The store's fuel is spent.
    OutOfFuel = 12 "all fuel consumed",
    /// An atomic access whose address is not a multiple of its width.
    UnalignedAtomic = 15 "unaligned atomic",
    /// `memory.atomic.wait` on a memory that is not shared.
    ExpectedSharedMemory = 16 "expected shared memory",
    /// `call_ref` of a null reference.
    NullFunctionReference = 18 "null function reference",
    /// `ref.as_non_null` of a null reference.
    NullReference = 17 "null reference",
    /// `throw_ref` of a null reference.
    NullExceptionReference = 14 "null exception reference",
    /// More exceptions are alive than [`Limits::exceptions`](crate::Limits) allows.
    TooManyExceptions = 20 "too many exceptions",
    /// The store was interrupted by an [`InterruptHandle`](crate::InterruptHandle).
    Interrupted = 13 "interrupted",
}

impl TrapCode {
    /// The field of [`Limits`](crate::Limits) that was in the way, when one was.
    pub const fn limit(self) -> Option<&'static str> {
        match self {
            TrapCode::StackOverflow => Some("value_stack_bytes"),
            TrapCode::HostReentry => Some("host_reentry"),
            TrapCode::TooManyExceptions => Some("exceptions"),
            _ => None,
        }
    }
}

impl fmt::Display for TrapCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

/// One frame of a guest's calls, as it was when a trap happened. Names are as the guest has them; `{}` shows them
/// [escaped](Escaped).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FrameInfo {
    /// The module's name, from its name section.
    pub module: Option<String>,
    /// The function's index in its module.
    pub func_index: u32,
    /// The function's name, from the name section, or else its export's.
    pub func_name: Option<String>,
    /// Where in the module's bytes the instruction stands that trapped, or that made the call.
    pub offset: Option<u64>,
}

impl fmt::Display for FrameInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(module) = &self.module {
            write!(f, "{}!", Escaped(module))?;
        }
        match &self.func_name {
            Some(name) => write!(f, "{}", Escaped(name))?,
            None => write!(f, "<function {}>", self.func_index)?,
        }
        match self.offset {
            Some(offset) => write!(f, " @ {offset:#x}"),
            None => Ok(()),
        }
    }
}

/// Why a call did not return: it holds exactly one of a [`TrapCode`], an exit status, or a host function's error.
///
/// ```
/// use hostel_engine::{Trap, TrapCode};
/// let trap = Trap::from(TrapCode::Unreachable);
/// assert_eq!(trap.code(), Some(TrapCode::Unreachable));
/// assert_eq!(Trap::exit(3).exit_status(), Some(3));
/// assert_eq!(Trap::message("disk on fire").to_string(), "disk on fire");
/// ```
pub struct Trap(Box<Inner>);

struct Inner {
    reason: Reason,
    /// Whether what stopped can go on.
    resumable: bool,
    frames: Vec<FrameInfo>,
    /// Frames beyond [`Trap::MAX_FRAMES`] that were left out.
    omitted: usize,
}

enum Reason {
    Code(TrapCode),
    Exit(u32),
    Exception(Arc<Exception>),
    Host(Box<dyn StdError + Send + Sync>),
}

impl Trap {
    /// How many frames of a backtrace are kept: the innermost ones. Chosen.
    pub const MAX_FRAMES: usize = 64;

    #[cold]
    fn from_reason(reason: Reason) -> Trap {
        Trap(Box::new(Inner { reason, resumable: false, frames: Vec::new(), omitted: 0 }))
    }

    /// A guest's exception on its way through the host.
    pub(crate) fn exception(exception: Arc<Exception>) -> Trap {
        Trap::from_reason(Reason::Exception(exception))
    }

    pub(crate) fn as_exception(&self) -> Option<&Arc<Exception>> {
        if let Reason::Exception(exception) = &self.0.reason { Some(exception) } else { None }
    }

    /// Whether it is an exception that a guest threw and nobody caught. A host function that passes it on gives outer
    /// guests the chance to catch it.
    pub fn is_uncaught_exception(&self) -> bool {
        self.as_exception().is_some()
    }

    /// An error of a host function's. [`downcast_ref`](Self::downcast_ref) finds it again.
    pub fn new(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Trap {
        Trap::from_reason(Reason::Host(error.into()))
    }

    /// A host function's error that is only a text.
    pub fn message(text: impl Into<String>) -> Trap {
        Trap::new(text.into())
    }

    /// The guest ended itself with this status. It unwinds like a trap and is none: it has no backtrace.
    pub fn exit(status: u32) -> Trap {
        Trap::from_reason(Reason::Exit(status))
    }

    /// Says that the host function which returns this has done nothing yet: where a [call can be
    /// resumed](crate::TypedFunc::call_resumable), resuming it calls the host function again, with the same arguments.
    ///
    /// The function must have left its slots as they were. Everywhere else (a call that cannot be resumed, a host
    /// function that passes on what an inner call returned) it changes nothing.
    pub fn resumable(mut self) -> Trap {
        self.0.resumable = true;
        self
    }

    /// Whether what stopped can go on.
    pub fn is_resumable(&self) -> bool {
        self.0.resumable
    }

    pub(crate) fn into_final(mut self) -> Trap {
        self.0.resumable = false;
        self
    }

    /// The code, when it is WebAssembly that trapped.
    pub fn code(&self) -> Option<TrapCode> {
        match self.0.reason {
            Reason::Code(code) => Some(code),
            _ => None,
        }
    }

    /// The status, when the guest ended itself.
    pub fn exit_status(&self) -> Option<u32> {
        match self.0.reason {
            Reason::Exit(status) => Some(status),
            _ => None,
        }
    }

    /// The host function's error, when it is an `E`.
    pub fn downcast_ref<E: StdError + 'static>(&self) -> Option<&E> {
        match &self.0.reason {
            Reason::Host(error) => error.downcast_ref(),
            _ => None,
        }
    }

    /// The guest's frames, the innermost first, [`MAX_FRAMES`](Self::MAX_FRAMES) at most.
    pub fn frames(&self) -> &[FrameInfo] {
        &self.0.frames
    }

    /// How many outer frames were left out of [`frames`](Self::frames). Of very many, some tens of thousands are counted.
    pub fn omitted_frames(&self) -> usize {
        self.0.omitted
    }

    pub(crate) fn push_frame(&mut self, frame: impl FnOnce() -> FrameInfo) {
        if self.0.frames.len() < Trap::MAX_FRAMES {
            self.0.frames.push(frame());
        } else {
            self.0.omitted += 1;
        }
    }

    pub(crate) fn wants_frames(&self) -> bool {
        !matches!(self.0.reason, Reason::Exit(_))
    }
}

impl From<TrapCode> for Trap {
    #[cold]
    fn from(code: TrapCode) -> Trap {
        Trap::from_reason(Reason::Code(code))
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.reason {
            Reason::Code(code) => match code.limit() {
                Some(limit) => write!(f, "{code} (limit `{limit}`)"),
                None => fmt::Display::fmt(code, f),
            },
            Reason::Exit(status) => write!(f, "exit status {status}"),
            Reason::Exception(_) => f.write_str("uncaught exception"),
            Reason::Host(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl fmt::Debug for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trap({self})")?;
        for frame in &self.0.frames {
            write!(f, "\n    at {frame}")?;
        }
        if self.0.omitted > 0 {
            write!(f, "\n    … {} more", self.0.omitted)?;
        }
        Ok(())
    }
}

impl StdError for Trap {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.reason {
            Reason::Host(error) => error.source(),
            _ => None,
        }
    }
}
