//! From directives to verdicts.

use std::any::Any;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use hostel_engine::{Config, Engine, Error, ErrorKind, Escaped, Instance, Linker, Module, Store, Trap, Val};
use wast::lexer::Lexer;
use wast::parser::{self, ParseBuffer};
use wast::token::Id;
use wast::{QuoteWat, Wast, WastDirective, WastExecute, WastInvoke, WastRet, Wat};

use super::{Directive, Report, SyntaxError, Verdict, messages, spectest, values};

/// Runs one script.
pub struct Runner {
    engine: Engine,
    store: Store<()>,
    linker: Linker<()>,
    definitions: Named<Module>,
    instances: Named<Instance>,
}

/// Things by their identifier, and the latest one.
struct Named<T> {
    latest: Option<T>,
    named: HashMap<String, T>,
}

impl<T: Clone> Named<T> {
    fn new() -> Named<T> {
        Named { latest: None, named: HashMap::new() }
    }

    fn insert(&mut self, id: Option<Id<'_>>, value: T) {
        if let Some(id) = id {
            self.named.insert(id.name().to_owned(), value.clone());
        }
        self.latest = Some(value);
    }

    /// Forgets what stood under `id`, and the latest: later directives must not find an older one in its place.
    fn remove(&mut self, id: Option<Id<'_>>) {
        if let Some(id) = id {
            self.named.remove(id.name());
        }
        self.latest = None;
    }

    fn get(&self, id: Option<Id<'_>>, what: &str) -> Result<T, Verdict> {
        let found = match id {
            Some(id) => self.named.get(id.name()).ok_or_else(|| format!("no {what} ${}", Escaped(id.name()))),
            None => self.latest.as_ref().ok_or_else(|| format!("no {what} before this directive")),
        };
        found.cloned().map_err(Verdict::Fail)
    }
}

/// A directive that holds, or the verdict that it does not.
type Outcome = Result<(), Verdict>;

/// What a call or an instantiation returned, or the trap that ended it.
type Called = Result<Vec<Val>, Error>;

fn fail<T>(reason: impl Into<String>) -> Result<T, Verdict> {
    Err(Verdict::Fail(reason.into()))
}

fn unsupported<T>(what: impl Into<String>) -> Result<T, Verdict> {
    Err(Verdict::Unsupported(what.into()))
}

impl Runner {
    /// A runner on an engine of this configuration.
    ///
    /// # Errors
    ///
    /// When there is no such engine, or its limits leave no room for the module `spectest`.
    pub fn new(config: &Config) -> Result<Runner, Error> {
        let engine = Engine::new(config)?;
        let mut store = Store::try_new(&engine, ())?;
        // An error where the engine charges no fuel: then none is needed.
        let _ = store.set_fuel(u64::MAX);
        let mut linker = Linker::new(&engine);
        spectest::define(&mut linker, &mut store)?;
        Ok(Runner { engine, store, linker, definitions: Named::new(), instances: Named::new() })
    }

    /// Runs a script's directives in order and judges each.
    ///
    /// # Errors
    ///
    /// When the script as a whole is not well-formed: nothing was run.
    pub fn run(&mut self, text: &str) -> Result<Report, SyntaxError> {
        let syntax = |error: wast::Error| SyntaxError::new(&error, text);
        let mut lexer = Lexer::new(text);
        // Some scripts are about just such characters.
        lexer.allow_confusing_unicode(true);
        let buffer = ParseBuffer::new_with_lexer(lexer).map_err(syntax)?;
        let script: Wast<'_> = parser::parse(&buffer).map_err(syntax)?;
        let mut report = Report::default();
        for directive in script.directives {
            let line = directive.span().linecol_in(text).0 + 1;
            let kind = keyword(&directive);
            // A panic is the engine's fault, and one more thing to report.
            let outcome = catch_unwind(AssertUnwindSafe(|| self.directive(directive)))
                .unwrap_or_else(|panic| fail(format!("panic: {}", Escaped(panic_message(&*panic)))));
            report.directives.push(Directive { line, kind, verdict: outcome.err().unwrap_or(Verdict::Pass) });
        }
        Ok(report)
    }

    fn directive(&mut self, directive: WastDirective<'_>) -> Outcome {
        match directive {
            WastDirective::Module(mut wat) => {
                let id = wat.name();
                self.instances.remove(id);
                let module = self.load(&mut wat)?;
                self.definitions.insert(id, module.clone());
                self.instantiate(id, &module)
            }
            WastDirective::ModuleDefinition(mut wat) => {
                let module = self.load(&mut wat)?;
                self.definitions.insert(wat.name(), module);
                Ok(())
            }
            WastDirective::ModuleInstance { instance, module, .. } => {
                self.instances.remove(instance);
                let module = self.definitions.get(module, "module")?;
                self.instantiate(instance, &module)
            }
            WastDirective::Register { name, module, .. } => {
                let instance = self.instances.get(module, "instance")?;
                self.linker.instance(&self.store, name, instance);
                Ok(())
            }
            WastDirective::Invoke(invoke) => match self.invoke(&invoke)? {
                Ok(_) => Ok(()),
                Err(trap) => fail(format!("trapped: {trap}")),
            },
            WastDirective::AssertReturn { exec, results, .. } => match self.execute(exec)? {
                Ok(values) => check_results(&results, &values),
                Err(trap) => fail(format!("expected results, found a trap: {trap}")),
            },
            WastDirective::AssertTrap { exec, message, .. } => {
                let result = self.execute(exec)?;
                expect_trap(result, message)
            }
            WastDirective::AssertExhaustion { call, message, .. } => {
                let result = self.invoke(&call)?;
                expect_trap(result, message)
            }
            WastDirective::AssertInvalid { mut module, message, .. } => match module.encode() {
                Ok(bytes) => self.expect_refusal(bytes, message),
                // The text parser looks up names, which the specification counts as validation.
                Err(error) => expect_message(message, &error.message()),
            },
            WastDirective::AssertMalformed { mut module, message, .. } => match module.encode() {
                Ok(bytes) => self.expect_refusal(bytes, message),
                Err(error) => expect_message(message, &error.message()),
            },
            WastDirective::AssertUnlinkable { mut module, message, .. } => {
                let module = self.module(encode(module.encode())?)?;
                match self.linker.instantiate(&mut self.store, &module) {
                    Ok(_) => fail(format!("expected it not to link ({message:?}), found that it does")),
                    Err(error) => expect_message(message, &error.to_string()),
                }
            }
            WastDirective::AssertInvalidCustom { .. } | WastDirective::AssertMalformedCustom { .. } => {
                unsupported("checks of custom sections")
            }
            WastDirective::AssertException { exec, .. } => match self.execute(exec)? {
                Err(error) if error.trap().is_some_and(Trap::is_uncaught_exception) => Ok(()),
                Err(trap) => fail(format!("expected an exception, found a trap: {trap}")),
                Ok(values) => fail(format!("expected an exception, found results: {values:?}")),
            },
            WastDirective::AssertSuspension { .. } => unsupported("stack switching"),
            WastDirective::Thread(_) | WastDirective::Wait { .. } => unsupported("threads"),
        }
    }

    fn load(&self, wat: &mut QuoteWat<'_>) -> Result<Module, Verdict> {
        self.module(encode(wat.encode())?)
    }

    fn module(&self, bytes: Vec<u8>) -> Result<Module, Verdict> {
        Module::new(&self.engine, bytes).map_err(|error| match error.kind() {
            ErrorKind::Unsupported { message, offset } => {
                Verdict::Unsupported(format!("{message} (at offset {offset:#x})"))
            }
            _ => Verdict::Fail(format!("does not load: {error}")),
        })
    }

    fn instantiate(&mut self, id: Option<Id<'_>>, module: &Module) -> Outcome {
        match self.linker.instantiate(&mut self.store, module) {
            Ok(instance) => {
                self.instances.insert(id, instance);
                Ok(())
            }
            Err(error) => fail(format!("does not instantiate: {error}")),
        }
    }

    /// Expects that bytes are refused. Where bodies wait for their first call, validation is asked for here.
    fn expect_refusal(&self, bytes: Vec<u8>, message: &str) -> Outcome {
        let loaded = Module::validate(&self.engine, &bytes).and_then(|()| Module::new(&self.engine, bytes).map(drop));
        match loaded {
            Ok(()) => fail(format!("expected it to be refused ({message:?}), found that it loads")),
            Err(error) => expect_message(message, &error.to_string()),
        }
    }

    fn execute(&mut self, exec: WastExecute<'_>) -> Result<Called, Verdict> {
        match exec {
            WastExecute::Invoke(invoke) => self.invoke(&invoke),
            WastExecute::Wat(wat) => self.execute_module(wat),
            WastExecute::Get { module, global, .. } => {
                let instance = self.instances.get(module, "instance")?;
                match instance.get_global(&self.store, global) {
                    Some(global) => Ok(Ok(vec![global.get(&self.store)])),
                    None => fail(format!("no exported global {global:?}")),
                }
            }
        }
    }

    /// Instantiates a module for the sake of its start function and segments.
    fn execute_module(&mut self, mut wat: Wat<'_>) -> Result<Called, Verdict> {
        let module = self.module(encode(wat.encode())?)?;
        let result = self.linker.instantiate(&mut self.store, &module);
        returned(result.map(|_| Vec::new()))
    }

    fn invoke(&mut self, invoke: &WastInvoke<'_>) -> Result<Called, Verdict> {
        let instance = self.instances.get(invoke.module, "instance")?;
        let Some(func) = instance.get_func(&self.store, invoke.name) else {
            return fail(format!("no exported function {:?}", invoke.name));
        };
        let args: Vec<Val> = invoke.args.iter().map(values::argument).collect::<Result<_, _>>().or_else(unsupported)?;
        let mut results: Vec<Val> = func.ty(&self.store).results().iter().copied().map(Val::default_for_ty).collect();
        let result = func.call(&mut self.store, &args, &mut results);
        returned(result.map(|()| results))
    }
}

fn encode(result: Result<Vec<u8>, wast::Error>) -> Result<Vec<u8>, Verdict> {
    result.or_else(|error| fail(format!("does not parse: {}", Escaped(&error.message()))))
}

/// Tells a call that trapped from one that could not be made.
fn returned(result: Result<Vec<Val>, Error>) -> Result<Called, Verdict> {
    match result {
        Ok(values) => Ok(Ok(values)),
        Err(error) if error.trap().is_some() => Ok(Err(error)),
        Err(error) => fail(error.to_string()),
    }
}

fn check_results(expected: &[WastRet<'_>], found: &[Val]) -> Outcome {
    if expected.len() != found.len() {
        return fail(format!("expected {} results, found {}", expected.len(), found.len()));
    }
    for (i, (expected, found)) in expected.iter().zip(found).enumerate() {
        values::check(expected, found).or_else(|what| fail(format!("result {i}: {what}")))?;
    }
    Ok(())
}

fn expect_trap(result: Called, message: &str) -> Outcome {
    match result {
        Ok(values) => fail(format!("expected a trap ({message:?}), found results {values:?}")),
        Err(trap) => expect_message(message, &trap.to_string()),
    }
}

fn expect_message(expected: &str, found: &str) -> Outcome {
    if messages::accepts(expected, found) { Ok(()) } else { fail(format!("expected {expected:?}, found {found:?}")) }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        _ => "without a message",
    }
}

fn keyword(directive: &WastDirective<'_>) -> &'static str {
    match directive {
        WastDirective::Module(_) => "module",
        WastDirective::ModuleDefinition(_) => "module definition",
        WastDirective::ModuleInstance { .. } => "module instance",
        WastDirective::AssertMalformed { .. } => "assert_malformed",
        WastDirective::AssertInvalid { .. } => "assert_invalid",
        WastDirective::AssertInvalidCustom { .. } => "assert_invalid_custom",
        WastDirective::AssertMalformedCustom { .. } => "assert_malformed_custom",
        WastDirective::Register { .. } => "register",
        WastDirective::Invoke(_) => "invoke",
        WastDirective::AssertTrap { .. } => "assert_trap",
        WastDirective::AssertReturn { .. } => "assert_return",
        WastDirective::AssertExhaustion { .. } => "assert_exhaustion",
        WastDirective::AssertUnlinkable { .. } => "assert_unlinkable",
        WastDirective::AssertException { .. } => "assert_exception",
        WastDirective::AssertSuspension { .. } => "assert_suspension",
        WastDirective::Thread(_) => "thread",
        WastDirective::Wait { .. } => "wait",
    }
}
