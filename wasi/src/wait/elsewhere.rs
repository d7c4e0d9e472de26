//! Waiting where descriptors cannot be waited for: only time passes.

use std::time::Duration;

use super::{Direction, Waits};
use crate::abi::Errno;
use crate::fs::File;

impl Waits {
    /// Waits until `span` is over.
    pub(crate) fn sleep(&self, span: Option<Duration>) -> Result<(), Errno> {
        let wait = self.begin(span)?;
        let span = wait.span.unwrap_or(Duration::MAX);
        match self.bell() {
            Some(bell) => {
                bell.wait(span);
                self.heard();
            }
            None => std::thread::sleep(span),
        }
        self.end(&wait, true)
    }

    /// Files have nothing that could be waited on.
    pub(crate) fn for_file(&self, _file: &dyn File, _direction: Direction, _fruitless: &mut u32) -> Result<(), Errno> {
        Err(Errno::Again)
    }
}
