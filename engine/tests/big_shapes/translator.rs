//! What costs a translator: long bodies, wide `br_table`s, deep nesting, many values pending on the symbolic stack.

use wasm_encoder::{BlockType, InstructionSink, ValType};

use super::{Builder, call, everywhere};

const NESTING: u32 = 4_200;
const TARGETS: u32 = 5_400;

/// A module of one function from an `i32` to an `i32`.
fn single(locals: &[(u32, ValType)], body: impl FnOnce(&mut InstructionSink<'_>)) -> Vec<u8> {
    let mut builder = Builder::default();
    let ty = builder.ty(&[ValType::I32], &[ValType::I32]);
    builder.function(ty, locals, body);
    builder.finish()
}

fn check(wasm: &[u8], cases: &[(i32, i32)]) {
    everywhere(wasm, |store, instance| {
        for &(param, result) in cases {
            assert_eq!(call(store, instance, "f", &[param]), Ok(result), "f({param})");
        }
    });
}

#[test]
fn a_long_body() {
    const BYTES: usize = 320 << 10;
    const STEPS: i32 = BYTES as i32 / 10;
    let wasm = single(&[], |body| {
        for step in 0..STEPS {
            body.local_get(0).i32_const(step).i32_xor().i32_const(0x0101_0101).i32_mul().local_set(0);
        }
        body.local_get(0);
    });
    assert!(wasm.len() > BYTES);
    let result = |param| (0..STEPS).fold(param, |value: i32, step| (value ^ step).wrapping_mul(0x0101_0101));
    check(&wasm, &[(0, result(0)), (-7, result(-7))]);
}

/// Counts how many of the blocks' ends are passed.
#[test]
fn a_wide_br_table_out_of_deep_nesting() {
    let wasm = single(&[(1, ValType::I32)], |body| {
        (0..NESTING).for_each(|_| {
            body.block(BlockType::Empty);
        });
        let targets: Vec<u32> = (0..TARGETS).map(|target| target % NESTING).collect();
        body.local_get(0).br_table(targets, NESTING - 1);
        (0..NESTING).for_each(|_| {
            body.end().local_get(1).i32_const(1).i32_add().local_set(1);
        });
        body.local_get(1);
    });
    let passed = |param: u32| (NESTING - if param < TARGETS { param % NESTING } else { NESTING - 1 }) as i32;
    let params = [0, 1, NESTING - 1, NESTING, TARGETS - 1, TARGETS, u32::MAX];
    check(&wasm, &params.map(|param| (param as i32, passed(param))));
}

/// Every target wants the value in another slot, so that each has to be reached by a detour.
#[test]
fn a_wide_br_table_that_moves_a_value() {
    let wasm = single(&[], |body| {
        (0..NESTING).for_each(|depth| {
            body.i32_const(depth as i32).block(BlockType::Result(ValType::I32));
        });
        body.i32_const(1000).local_get(0).br_table((0..NESTING).collect::<Vec<_>>(), 0);
        (0..NESTING).for_each(|_| {
            body.end().i32_add();
        });
    });
    // Passing all ends adds all of the numbers; a branch leaves those of the blocks it jumps out of.
    let sum = |param: u32| 1000 + (0..NESTING - param).map(|depth| depth as i32).sum::<i32>();
    check(&wasm, &[0, 1, 77, NESTING - 1].map(|param| (param as i32, sum(param))));
}

/// Values pending in a local while other locals are set again and again: each set could look through all of them.
#[test]
fn many_pending_values_while_locals_are_set() {
    const PENDING: u32 = 60_000;
    const SETS: i32 = 1_000_000;
    let wasm = single(&[(2, ValType::I32)], |body| {
        (0..PENDING).for_each(|_| {
            body.local_get(0);
        });
        for set in 0..SETS {
            body.i32_const(set & 63).local_set(1 + set as u32 % 2);
        }
        (0..PENDING - 1).for_each(|_| {
            body.i32_add();
        });
        body.local_get(1).i32_add().local_get(2).i32_add();
    });
    let last = ((SETS - 1) & 63) + ((SETS - 2) & 63);
    check(&wasm, &[(0, last), (3, last + 3 * PENDING as i32)]);
}

/// The same, with the local that is set among those that are pending, and with blocks, which settle what is pending.
#[test]
fn pending_values_are_read_before_their_local_changes() {
    const ROUNDS: u32 = 15_000;
    let wasm = single(&[(1, ValType::I32)], |body| {
        (0..ROUNDS).for_each(|round| {
            // A constant stays below, so that the pending ones are not next to each other.
            body.i32_const(1).local_get(0).local_get(1);
            body.local_get(0).i32_const(1).i32_add().local_set(0);
            if round % 3 == 0 {
                body.local_get(0).if_(BlockType::Empty).local_get(1).i32_const(2).i32_add().local_set(1).end();
            }
        });
        (0..3 * ROUNDS - 1).for_each(|_| {
            body.i32_add();
        });
    });
    let expected = |param: i32| {
        let (mut a, mut b, mut sum) = (param, 0i32, 0i32);
        for round in 0..ROUNDS {
            sum = sum.wrapping_add(1).wrapping_add(a).wrapping_add(b);
            a = a.wrapping_add(1);
            if round % 3 == 0 && a != 0 {
                b = b.wrapping_add(2);
            }
        }
        sum
    };
    check(&wasm, &[(0, expected(0)), (-100, expected(-100))]);
}

/// One value pending at the bottom, under constants, and many blocks, each of which settles what is pending.
#[test]
fn many_blocks_above_pending_values() {
    const PENDING: u32 = 50_000;
    const BLOCKS: u32 = 400_000;
    let wasm = single(&[], |body| {
        body.local_get(0);
        (0..PENDING).for_each(|_| {
            body.i32_const(1);
        });
        (0..BLOCKS).for_each(|_| {
            body.local_get(0).block(BlockType::FunctionType(0)).end().drop();
        });
        (0..PENDING).for_each(|_| {
            body.i32_add();
        });
    });
    check(&wasm, &[(0, PENDING as i32), (5, PENDING as i32 + 5)]);
}
