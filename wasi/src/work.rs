//! What calls cost: units of work, for engines that charge guests for what the host does. A unit is about what an
//! instruction takes, and the engine's own instructions on whole memories cost 1 for 64 bytes as well.
//!
//! | of what | units |
//! |---|---:|
//! | bytes moved to or from descriptors, of arguments, environment and names, allocated, or random | 1 for [`BYTES_PER_UNIT`] |
//! | components of a path | [`UNITS_PER_COMPONENT`] each |
//! | entries of a directory, looked at or given out | [`UNITS_PER_ENTRY`] each |
//! | buffers of a list, subscriptions | 1 each |
//!
//! Paths and lists are charged by a call's parameters, before it is made ([`Function::work`]); bytes and entries by what
//! has come of it ([`WasiCtx::take_work`]). A call that takes long looks at what is left while it works: see `Waits`. The bytes of several calls are summed up before they are divided. Components are
//! those that the guest writes; what symbolic links add is not charged, and bounded: 40 links of 4095 bytes for a path.

use crate::ctx::WasiCtx;
use crate::functions::{Function, Kind};

/// Bytes for a unit. As the engine has it.
pub const BYTES_PER_UNIT: u64 = 64;
/// Units for a component of a path, which is looked up in a directory. Chosen.
pub const UNITS_PER_COMPONENT: u64 = 100;
/// Units for an entry of a directory. Chosen.
pub const UNITS_PER_ENTRY: u64 = 10;

/// What moving that many bytes costs.
pub(crate) fn units_for(bytes: u64) -> u64 {
    bytes / BYTES_PER_UNIT
}

impl Function {
    /// What a call of this function costs by its parameters, as they lie in the stack before the call. What is not in
    /// memory costs nothing: the call will say EFAULT.
    pub fn work(&self, memory: Option<&[u8]>, stack: &[u64]) -> u64 {
        let slots = || self.params.iter().zip(stack.iter().map(|&slot| slot as u32 as usize));
        let mut units = 0;
        for (at, (param, value)) in slots().enumerate() {
            units += match param.kind {
                Kind::Path => {
                    let len = stack.get(at + 1).map_or(0, |&len| len as u32 as usize);
                    let path = memory.and_then(|memory| memory.get(value..value.checked_add(len)?));
                    components(path.unwrap_or_default()) * UNITS_PER_COMPONENT
                }
                Kind::IovecsLen | Kind::SubscriptionsLen => value as u64,
                _ => 0,
            };
        }
        units
    }
}

/// How many names a path has, `.` and `..` included.
fn components(path: &[u8]) -> u64 {
    path.split(|&byte| byte == b'/').filter(|name| !name.is_empty()).count() as u64
}

impl WasiCtx {
    /// What this guest's calls cost by what they moved, since this was last asked.
    pub fn take_work(&mut self) -> u64 {
        self.ledger.take_work()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::FUNCTIONS;

    fn work(name: &str, memory: &[u8], stack: &[u64]) -> u64 {
        let function = FUNCTIONS.iter().find(|function| function.name == name).expect("a function's name");
        function.work(Some(memory), stack)
    }

    #[test]
    fn parameters_cost_what_they_name() {
        let memory = b"a/b//c/./../";
        assert_eq!(work("path_unlink_file", memory, &[3, 0, 12]), 5 * UNITS_PER_COMPONENT);
        assert_eq!(work("path_rename", memory, &[3, 0, 3, 3, 5, 2]), 3 * UNITS_PER_COMPONENT);
        assert_eq!(work("path_symlink", memory, &[0, 1, 3, 2, 1]), 2 * UNITS_PER_COMPONENT);
        // Of a slot the low 32 bits count; what lies outside costs nothing.
        assert_eq!(work("path_unlink_file", memory, &[3, 1 << 32, 1 << 32 | 1]), UNITS_PER_COMPONENT);
        assert_eq!(work("path_unlink_file", memory, &[3, 0, 13]), 0);
        assert_eq!(work("path_unlink_file", memory, &[3, u64::MAX, u64::MAX]), 0);
        assert_eq!(work("fd_write", memory, &[1, 0, 7, 0]), 7);
        assert_eq!(work("poll_oneoff", memory, &[0, 0, 3, 0]), 3);
        assert_eq!(work("fd_close", memory, &[3]), 0);
    }
}
