//! Limits on one function: what its translation may take, told by what has been read so far.

use wasmparser::FunctionBody;

use super::Translator;
use crate::engine::Engine;
use crate::error::Error;
use crate::module::Module;

/// Parameters and results of a block that weigh as much as the block. Chosen.
const VALUES: usize = 16;

/// Values that a function may pass on for each byte of its body, besides those of the limit. Chosen: several times what
/// compilers make.
const PASSED_PER_BYTE: usize = 8;

/// A module's code is longer than it may be.
pub(crate) fn too_much_code(engine: &Engine) -> Error {
    let limit = engine.config().limits.code_bytes;
    Error::limit("code_bytes", format!("the module's code is longer than {limit} bytes, which is the limit"))
}

/// How many values the blocks and branches of a function of so many bytes may pass on.
pub(super) fn passed_values(body: usize, module: &Module) -> usize {
    module.engine().config().limits.passed_values.saturating_add(body.saturating_mul(PASSED_PER_BYTE))
}

/// What the open blocks weigh, each by itself.
#[derive(Default)]
pub(super) struct Nesting {
    weights: Vec<u16>,
    sum: usize,
}

/// Refuses a body with too many locals before anything is made for them.
pub(super) fn locals(body: &FunctionBody<'_>, params: usize, module: &Module) -> Result<(), Error> {
    let limit = module.engine().config().limits.locals;
    let mut count = params;
    for local in body.get_locals_reader()? {
        count = count.saturating_add(local?.0 as usize);
        if count > limit {
            let message = format!("too many locals: a function has {count} or more, the limit is {limit}");
            return Err(Error::limit("locals", message));
        }
    }
    Ok(())
}

impl Translator<'_> {
    /// After each operator: looks at the depth of blocks and at the length of the code.
    #[inline]
    pub(super) fn check_bounds(&mut self) -> Result<(), Error> {
        if self.control.len() != self.nesting.weights.len() {
            self.check_nesting()?;
        }
        if self.code.len() > self.room || self.passed > self.most_passed { self.check_work() } else { Ok(()) }
    }

    fn check_nesting(&mut self) -> Result<(), Error> {
        let nesting = &mut self.nesting;
        while nesting.weights.len() > self.control.len() {
            nesting.sum -= nesting.weights.pop().map_or(0, usize::from);
        }
        for frame in &self.control[nesting.weights.len()..] {
            let weight = 1 + (frame.params.len() + frame.results.len()) / VALUES;
            nesting.weights.push(weight as u16);
            nesting.sum += weight;
        }
        let (depth, limit) = (nesting.sum, self.module.engine().config().limits.nesting);
        // The function itself is the outermost block.
        if depth > limit.saturating_add(1) {
            let message = format!("blocks are nested {} deep or deeper, the limit is {limit}", depth - 1);
            return Err(Error::limit("nesting", message));
        }
        Ok(())
    }

    /// Refuses code that has become too long, and a function that passes too many values on.
    #[cold]
    pub(super) fn check_work(&self) -> Result<(), Error> {
        if self.code.len() > self.room {
            return Err(too_much_code(self.module.engine()));
        }
        if self.passed > self.most_passed {
            let most = self.most_passed;
            let message = format!("blocks and branches of a function pass on more than {most} values");
            return Err(Error::limit("passed_values", message));
        }
        Ok(())
    }

    /// Refuses a `br_table` with too many targets.
    pub(super) fn check_targets(&self, targets: u32) -> Result<(), Error> {
        let limit = self.module.engine().config().limits.br_table_targets;
        if targets as usize > limit {
            let message = format!("a br_table has {targets} targets, the limit is {limit}");
            return Err(Error::limit("br_table_targets", message));
        }
        Ok(())
    }
}
