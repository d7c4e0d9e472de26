//! Atomic accesses to memories that are not shared: ordinary accesses that also check alignment.
//!
//! Fields: 0 the result or the value stored, 1 the address, 2 the operand, 3 the replacement; words 2 and 3 as in the wide
//! form of loads. A memory belongs to one store and a store to one thread, so nothing can come between.

use super::super::backend::{Backend, Cx, Ip, Regs, Sp};
use super::super::operand::field;
use super::memory::{Address, Unaligned, check_wide};
use super::{handler, trap};
use crate::trap::TrapCode;

/// An access's width.
pub(super) trait Width: Copy + Into<u64> + PartialEq {
    fn from_slot(slot: u64) -> Self;
    fn to_le(self) -> Self;
}

macro_rules! widths {
    ($($ty:ty)*) => {$(
        impl Width for $ty {
            #[inline(always)]
            fn from_slot(slot: u64) -> $ty { slot as $ty }
            #[inline(always)]
            fn to_le(self) -> $ty { <$ty>::to_le(self) }
        }
    )*};
}
widths! { u8 u16 u32 u64 }

/// What a read-modify-write makes of the old value and the operand.
pub(super) trait Modify {
    fn apply(old: u64, operand: u64) -> u64;
}

macro_rules! modifications {
    ($($name:ident: |$old:ident, $operand:ident| $result:expr;)*) => {$(
        pub(super) struct $name;
        impl Modify for $name {
            #[inline(always)]
            fn apply($old: u64, $operand: u64) -> u64 { $result }
        }
    )*};
}

modifications! {
    Add: |old, operand| old.wrapping_add(operand);
    Sub: |old, operand| old.wrapping_sub(operand);
    And: |old, operand| old & operand;
    Or: |old, operand| old | operand;
    Xor: |old, operand| old ^ operand;
    Xchg: |_old, operand| operand;
}

/// The place of an access, when it is aligned and inside the memory.
#[inline(always)]
unsafe fn place<W: Width, A: Address>(ip: Ip, sp: Sp, cx: Cx) -> Result<*mut Unaligned<W>, TrapCode> {
    // SAFETY: C, S, B.
    unsafe {
        let addr = A::from_slot(sp.add(field(ip, 1)));
        let offset: u64 = super::super::operand::word(ip, 2);
        if !offset.wrapping_add(addr.into()).is_multiple_of(size_of::<W>() as u64) {
            return Err(TrapCode::UnalignedAtomic);
        }
        check_wide(ip, cx, addr, size_of::<W>()).map(|at| at.cast()).ok_or(TrapCode::MemoryOutOfBounds)
    }
}

handler! {
    fn load [W: Width, A: Address] (ip, sp, mem, len, cx, regs) {
        match place::<W, A>(ip, sp, cx) {
            Ok(at) => {
                *sp.add(field(ip, 0)) = (*at).0.to_le().into();
                B::next(ip.add(4), sp, mem, len, cx, regs)
            }
            Err(code) => trap::<B>(code, ip, sp, cx),
        }
    }
}

handler! {
    fn store [W: Width, A: Address] (ip, sp, mem, len, cx, regs) {
        match place::<W, A>(ip, sp, cx) {
            Ok(at) => {
                (*at).0 = W::from_slot(*sp.add(field(ip, 2))).to_le();
                B::next(ip.add(4), sp, mem, len, cx, regs)
            }
            Err(code) => trap::<B>(code, ip, sp, cx),
        }
    }
}

handler! {
    fn modify [W: Width, M: Modify, A: Address] (ip, sp, mem, len, cx, regs) {
        match place::<W, A>(ip, sp, cx) {
            Ok(at) => {
                let old: u64 = (*at).0.to_le().into();
                (*at).0 = W::from_slot(M::apply(old, *sp.add(field(ip, 2)))).to_le();
                *sp.add(field(ip, 0)) = old;
                B::next(ip.add(4), sp, mem, len, cx, regs)
            }
            Err(code) => trap::<B>(code, ip, sp, cx),
        }
    }
}

handler! {
    fn compare_exchange [W: Width, A: Address] (ip, sp, mem, len, cx, regs) {
        match place::<W, A>(ip, sp, cx) {
            Ok(at) => {
                let old = (*at).0.to_le();
                if old == W::from_slot(*sp.add(field(ip, 2))) {
                    (*at).0 = W::from_slot(*sp.add(field(ip, 3))).to_le();
                }
                *sp.add(field(ip, 0)) = old.into();
                B::next(ip.add(4), sp, mem, len, cx, regs)
            }
            Err(code) => trap::<B>(code, ip, sp, cx),
        }
    }
}

handler! {
    /// Nobody waits on a memory that is not shared: none is woken.
    fn notify [A: Address] (ip, sp, mem, len, cx, regs) {
        match place::<u32, A>(ip, sp, cx) {
            Ok(_) => {
                *sp.add(field(ip, 0)) = 0;
                B::next(ip.add(4), sp, mem, len, cx, regs)
            }
            Err(code) => trap::<B>(code, ip, sp, cx),
        }
    }
}

handler! {
    /// Waiting on a memory that is not shared would be for ever: a trap.
    fn wait [A: Address, W: Width] (ip, sp, mem, len, cx, regs) {
        let code = place::<W, A>(ip, sp, cx).err().unwrap_or(TrapCode::ExpectedSharedMemory);
        trap::<B>(code, ip, sp, cx)
    }
}
