//! Fuel and interruption: where code looks at them, and what it pays.
//!
//! A check stands where a function and where a loop begins, and pays for the operators that belong to it and to no loop
//! inside of it. One more stands before each call that may be of a host function: it costs nothing itself, and lets no
//! guest in that owes fuel for the last one, or was interrupted during it. Where neither is configured, no instruction is emitted and none is another one.

use wasmparser::Operator;

use super::Translator;
use crate::code::{Row, fields_imm};

/// Operators without a loop or a call that may stand between two looks at the interrupt flag: the slowest of them, loads
/// that miss all caches, take less than a millisecond together. Chosen.
const STRAIGHT: u32 = 4096;
/// Locals that are zeroed for a unit of fuel: 64 bytes, as bulk instructions have it.
const LOCALS_PER_UNIT: usize = 8;

/// A check whose price is not known yet: the instruction at `position` pays for `cost` operators.
pub(super) struct Site {
    position: usize,
    cost: u32,
}

/// The variants of `Check`.
const FUEL: u16 = 0;
const INTERRUPT: u16 = 1;
const BOTH: u16 = 2;

impl Translator<'_> {
    /// Checks where the function begins, which also pays for zeroing its locals.
    pub(super) fn enter_function(&mut self) {
        let locals = (self.next_local - self.first_local) / LOCALS_PER_UNIT;
        self.check(1 + locals as u32);
    }

    /// Checks where a loop begins, each time.
    pub(super) fn meter_loop(&mut self) {
        self.check(1);
    }

    fn check(&mut self, cost: u32) {
        if let Some(position) = self.emit_check() {
            self.meters.push(Site { position, cost });
        }
    }

    /// A check that costs nothing yet, if anything is configured.
    fn emit_check(&mut self) -> Option<usize> {
        let config = self.module.engine().config();
        let variant = match (config.fuel, config.interruptible) {
            (false, false) => return None,
            (true, false) => FUEL,
            (false, true) => INTERRUPT,
            (true, true) => BOTH,
        };
        let position = self.emit(Row::Check, variant, 0);
        self.barrier();
        Some(position)
    }

    /// Charges an operator to the innermost check. Code that goes straight on for long gets another look at the interrupt
    /// flag, which costs nothing.
    pub(super) fn charge(&mut self, operator: &Operator<'_>) {
        let Some(site) = self.meters.last_mut() else { return };
        site.cost = site.cost.saturating_add(1);
        let host = match *operator {
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                (function_index as usize) < self.sections.imported_funcs
            }
            Operator::CallIndirect { .. } | Operator::ReturnCallIndirect { .. } => true,
            Operator::CallRef { .. } | Operator::ReturnCallRef { .. } => true,
            _ => false,
        };
        if host {
            self.emit_check();
        } else if site.cost.is_multiple_of(STRAIGHT) && self.module.engine().config().interruptible {
            self.emit(Row::Check, INTERRUPT, 0);
            self.barrier();
        }
    }

    /// The function or loop has ended: what it costs is known.
    pub(super) fn close_meter(&mut self) {
        if let Some(site) = self.meters.pop() {
            self.code[site.position + 1] = fields_imm(0, 0, site.cost);
        }
    }

    /// The variant of an instruction on a whole memory or table that may pause.
    pub(super) fn metered(&self, row: Row, variant: u16) -> u16 {
        let config = self.module.engine().config();
        let twin = if matches!(row, Row::MemoryCopy | Row::TableCopy) { 4 } else { 2 };
        if config.fuel || config.interruptible { variant + twin } else { variant }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Op;
    use crate::config::{CompilationMode, Config};
    use crate::engine::Engine;
    use crate::module::Module;
    use crate::translate::{Allocations, Request, function};

    /// The instructions of the first function, with their variants and first operands, as they are before linking.
    fn instructions(fuel: bool, interruptible: bool, text: &str) -> Vec<(Row, u16, u64)> {
        let mut config = Config::new();
        config.consume_fuel(fuel).interruptible(interruptible).compilation_mode(CompilationMode::LazyTranslation);
        let module = Module::new(&Engine::new(&config).unwrap(), wat::parse_str(text).unwrap()).unwrap();
        let code = function(Request {
            module: &module,
            func: module.sections().imported_funcs as u32,
            body: module.body(module.sections().imported_funcs as u32),
            validate: None,
            listens: false,
            map: None,
            room: usize::MAX,
            stop: crate::runtime::Stop::never(),
            allocations: &mut Allocations::default(),
        });
        let code = code.unwrap().code;
        let (mut at, mut found) = (1, Vec::new());
        while at < code.len() {
            let (op, operands) = (Op(code[at] as u16), code.get(at + 1).copied().unwrap_or(0));
            found.push((op.row(), op.variant(), operands));
            at += op.words(operands);
        }
        found
    }

    fn checks(code: &[(Row, u16, u64)]) -> Vec<(u16, u64)> {
        code.iter()
            .filter(|(row, ..)| *row == Row::Check)
            .map(|&(_, variant, operands)| (variant, operands >> 32))
            .collect()
    }

    const LOOPS: &str = r#"(module (memory 1) (table 1 funcref)
        (func (param i32) (local i32 i64) (local v128 v128 v128 v128)
            (loop $outer
                (loop $inner (br_if $inner (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0))))
                (if (local.get 1) (then (call 0 (i32.const 0))))
                (memory.fill (i32.const 0) (i32.const 0) (i32.const 9))
                (memory.copy (i32.const 0) (i32.const 1) (i32.const 9))
                (drop (table.grow (ref.null func) (i32.const 1)))
                (br_if $outer (i32.ne (local.get 1) (i32.const 100))))))"#;

    #[test]
    fn what_is_not_configured_is_not_in_the_code() {
        let plain = instructions(false, false, LOOPS);
        assert_eq!(checks(&plain), []);
        for (fuel, interruptible) in [(true, false), (false, true), (true, true)] {
            let metered = instructions(fuel, interruptible, LOOPS);
            // Apart from checks, and from the variants of instructions that may pause, the code is the same.
            let rows = |code: &[(Row, u16, u64)]| {
                code.iter().map(|(row, ..)| *row).filter(|row| *row != Row::Check).collect::<Vec<_>>()
            };
            assert_eq!(rows(&plain), rows(&metered));
            for (&(row, without, _), &(_, with, _)) in
                plain.iter().zip(metered.iter().filter(|(row, ..)| *row != Row::Check))
            {
                let twin = match row {
                    Row::MemoryFill | Row::TableGrow => 2,
                    Row::MemoryCopy => 4,
                    _ => 0,
                };
                assert_eq!(with, without + twin, "{row:?}");
            }
        }
    }

    #[test]
    fn functions_and_loops_are_charged_for_their_operators() {
        // Of the function: its beginning, 10 slots of locals, `loop` and two `end`s. Of the outer loop: its beginning,
        // `loop`, `local.get`, `if`, `i32.const`, `call`, `end`; two bulk instructions with three operands each, `table.grow`
        // with two and `drop`, the condition, `br_if`. Of the inner one: seven operators. Each `end` of a loop is its own.
        for (fuel, interruptible, variant) in [(true, false, FUEL), (false, true, INTERRUPT), (true, true, BOTH)] {
            let found = checks(&instructions(fuel, interruptible, LOOPS));
            assert_eq!(found, [(variant, 1 + 1 + 2), (variant, 1 + 6 + 8 + 4 + 4 + 1), (variant, 1 + 8)]);
        }
    }

    #[test]
    fn calls_that_may_be_of_host_functions_are_let_through() {
        let text = r#"(module (type $t (func)) (import "h" "h" (func $h)) (import "h" "t" (table 1 funcref)) (elem declare func $h)
            (func (type $t) (call $h) (call 1) (call_indirect (type $t) (i32.const 0)) (call_ref $t (ref.func $h)) (return_call $h)))"#;
        for (fuel, interruptible, variant) in [(true, false, FUEL), (false, true, INTERRUPT), (true, true, BOTH)] {
            let found = checks(&instructions(fuel, interruptible, text));
            assert_eq!(found, [(variant, 1 + 7), (variant, 0), (variant, 0), (variant, 0), (variant, 0)]);
        }
        assert_eq!(checks(&instructions(false, false, text)), []);
    }

    #[test]
    fn straight_code_is_looked_at_now_and_then() {
        let text = format!(
            "(module (func (param i32) {}))",
            "(local.set 0 (i32.mul (local.get 0) (i32.const 3)))".repeat(3000)
        );
        assert_eq!(checks(&instructions(true, false, &text)), [(FUEL, 12002)]);
        assert_eq!(checks(&instructions(false, true, &text)), [(INTERRUPT, 12002), (INTERRUPT, 0), (INTERRUPT, 0)]);
        assert_eq!(checks(&instructions(true, true, &text)), [(BOTH, 12002), (INTERRUPT, 0), (INTERRUPT, 0)]);
        assert_eq!(checks(&instructions(false, false, &text)), []);
    }
}
