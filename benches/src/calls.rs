//! Calls between guest and host without WASI, and the guests that make them.
//!
//! A guest imports `env.f`, whose type is the case's, and exports `run: (i32) -> i32`. Of guest→host cases `run` calls
//! `f` that many times and returns the sum of its results; otherwise it is what the host calls.

/// One iteration.
pub type Timed = Box<dyn FnMut()>;

/// One row of the table.
pub struct CallCase {
    /// What it measures.
    pub name: &'static str,
    /// Calls per iteration.
    pub calls: u32,
    /// Who calls whom.
    pub way: Way,
    /// What `env.f` is.
    pub function: HostFunction,
}

/// Who calls whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// The guest calls `env.f` in a loop.
    GuestToHost,
    /// The host calls `run: (i32, i64) -> i32`, which returns its first parameter.
    HostToGuest,
    /// The host calls `run: (i32) -> i32`, which calls `env.f` with its parameter.
    RoundTrip,
}

/// What `env.f` is. It returns its last `i64`, or first `i32`, as an `i32`: whatever is left out by a compiler is left
/// out of all engines' functions alike.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HostFunction {
    /// `(i32, i64) -> i32`.
    Two,
    /// `() -> i32`, 1.
    None,
    /// `(i64) -> i32`.
    One,
    /// `(i64 × 8) -> i32`.
    Eight,
    /// `(i64 × 16) -> i32`.
    Sixteen,
    /// `(i32) -> i32`: the u32 at that address of the guest's memory.
    ReadMemory,
}

/// `env.f` of a case as a typed closure: what an engine's method makes of it. Only how a host function reads its guest's
/// memory is each engine's own.
macro_rules! typed_function {
    ($case:expr, $receiver:ident.$method:ident($($name:expr),*), $read_memory:expr) => {
        match $case.function {
            HostFunction::Two => $receiver.$method($($name,)* |a: i32, _: i64| a),
            HostFunction::None => $receiver.$method($($name,)* || 1),
            HostFunction::One => $receiver.$method($($name,)* |a: i64| a as i32),
            HostFunction::Eight => {
                $receiver.$method($($name,)* |_: i64, _: i64, _: i64, _: i64, _: i64, _: i64, _: i64, a: i64| a as i32)
            }
            HostFunction::Sixteen => $receiver.$method(
                $($name,)*
                |_: i64, _: i64, _: i64, _: i64, _: i64, _: i64, _: i64, _: i64,
                 _: i64, _: i64, _: i64, _: i64, _: i64, _: i64, _: i64, a: i64| { a as i32 },
            ),
            HostFunction::ReadMemory => $receiver.$method($($name,)* $read_memory),
        }
    };
}
pub(crate) use typed_function;

/// A case's iteration, from an engine's instance and store: their `run` as a typed function.
macro_rules! typed_run {
    ($case:expr, $instance:expr, $store:ident) => {
        if $case.way == Way::HostToGuest {
            let run = $instance.get_typed_func::<(u32, u64), u32>(&mut $store, "run").expect("the guest exports run");
            $case.timed(move |argument| run.call(&mut $store, (argument, 7)).expect("no trap"))
        } else {
            let run = $instance.get_typed_func::<u32, u32>(&mut $store, "run").expect("the guest exports run");
            $case.timed(move |argument| run.call(&mut $store, argument).expect("no trap"))
        }
    };
}
pub(crate) use typed_run;

/// Where a u32 of value [`VALUE`] is.
pub const ADDRESS: u32 = 256;
/// What is there.
pub const VALUE: u32 = 42;

const LOOP: CallCase = CallCase { name: "", calls: 1000, way: Way::GuestToHost, function: HostFunction::Two };

/// The cases, in the tables' order.
pub const CASES: &[CallCase] = &[
    CallCase { name: "guest to host, (i32, i64) -> i32", ..LOOP },
    CallCase { name: "guest to host, no parameters", function: HostFunction::None, ..LOOP },
    CallCase { name: "guest to host, 1 parameter", function: HostFunction::One, ..LOOP },
    CallCase { name: "guest to host, 8 parameters", function: HostFunction::Eight, ..LOOP },
    CallCase { name: "guest to host, 16 parameters", function: HostFunction::Sixteen, ..LOOP },
    CallCase { name: "guest to host, reads a u32", function: HostFunction::ReadMemory, ..LOOP },
    CallCase { name: "host to guest, (i32, i64) -> i32", calls: 1, way: Way::HostToGuest, ..LOOP },
    CallCase {
        name: "host to guest to host, reads a u32",
        calls: 1,
        way: Way::RoundTrip,
        function: HostFunction::ReadMemory,
    },
];

impl CallCase {
    /// The guest's bytes.
    ///
    /// # Panics
    ///
    /// When a case of the table is wrong.
    pub fn guest(&self) -> Vec<u8> {
        let (params, args) = match self.function {
            HostFunction::Two => ("i32 i64".to_owned(), "(local.get $n) (i64.const 7)".to_owned()),
            HostFunction::None => (String::new(), String::new()),
            HostFunction::One => ("i64".to_owned(), "(i64.const 1)".to_owned()),
            HostFunction::Eight => ("i64 ".repeat(8), "(i64.const 1)".repeat(8)),
            HostFunction::Sixteen => ("i64 ".repeat(16), "(i64.const 1)".repeat(16)),
            HostFunction::ReadMemory => ("i32".to_owned(), format!("(i32.const {ADDRESS})")),
        };
        let run = match self.way {
            Way::GuestToHost => format!(
                "(func (export \"run\") (param $n i32) (result i32) (local $sum i32)
                    (loop $again
                        (local.set $sum (i32.add (local.get $sum) (call $f {args})))
                        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
                    (local.get $sum))"
            ),
            Way::HostToGuest => "(func (export \"run\") (param i32 i64) (result i32) (local.get 0))".to_owned(),
            Way::RoundTrip => "(func (export \"run\") (param i32) (result i32) (call $f (local.get 0)))".to_owned(),
        };
        let text = format!(
            "(module
                (import \"env\" \"f\" (func $f (param {params}) (result i32)))
                (memory (export \"memory\") 1)
                (data (i32.const {ADDRESS}) \"\\{VALUE:02x}\")
                {run})"
        );
        wat::parse_str(&text).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// What `run` returns when given `calls` for [`Way::GuestToHost`], 7 for [`Way::HostToGuest`] and [`ADDRESS`] for
    /// [`Way::RoundTrip`].
    pub fn expected(&self) -> u32 {
        match (self.way, self.function) {
            (Way::HostToGuest, _) => 7,
            (Way::RoundTrip, _) => VALUE,
            (Way::GuestToHost, HostFunction::Two) => self.calls * (self.calls + 1) / 2,
            (Way::GuestToHost, HostFunction::ReadMemory) => self.calls * VALUE,
            (Way::GuestToHost, _) => self.calls,
        }
    }

    /// The iteration's closure, from how the engine calls `run` with an argument for its first parameter.
    pub fn timed(&self, mut run: impl FnMut(u32) -> u32 + 'static) -> Timed {
        let argument = match self.way {
            Way::GuestToHost => self.calls,
            Way::HostToGuest => 7,
            Way::RoundTrip => ADDRESS,
        };
        let expected = self.expected();
        Box::new(move || assert_eq!(run(std::hint::black_box(argument)), expected))
    }
}
