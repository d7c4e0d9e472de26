//! What folding and control flow do to values: the order of reads and writes, and what branches carry.

use crate::check;

#[test]
fn folding_keeps_the_order_of_reads_and_writes() {
    check(
        r#"(module (memory 1) (global $g (mut i32) (i32.const 1))
        (func (export "old") (param i32) (result i32)
            (local.get 0) (local.set 0 (i32.add (local.get 0) (i32.const 1))) (i32.sub (local.get 0)))
        (func (export "old_twice") (param i32) (result i32 i32 i32)
            (local.get 0) (local.get 0) (local.set 0 (i32.const 9)) (local.get 0))
        (func (export "across_block") (param i32) (result i32)
            (local.get 0) (block (br_if 0 (local.get 0)) (local.set 0 (i32.const 50))) (i32.add (local.get 0)))
        (func (export "swap") (param i32 i32) (result i32 i32) (local.get 1) (local.get 0))
        (func (export "rotate") (param i32 i32 i32) (result i32)
            (local.get 0) (local.get 1) (local.get 2) (local.set 0) (local.set 2) (local.set 1)
            (i32.add (i32.mul (local.get 0) (i32.const 100)) (i32.add (i32.mul (local.get 1) (i32.const 10)) (local.get 2))))
        (func (export "pending") (param i32) (result i32)
            (i32.add (local.get 0) (i32.const 1)) (i32.mul (local.get 0) (i32.const 10)) (i32.sub))
        (func (export "tee") (param i32) (result i32)
            (i32.add (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (local.tee 0 (i32.mul (local.get 0) (i32.const 2)))))
        (func (export "global") (result i32)
            (global.get $g) (global.set $g (i32.const 5)) (i32.sub (global.get $g)))
        (func (export "load") (result i32)
            (i32.load (i32.const 0)) (i32.store (i32.const 0) (i32.const 7)) (i32.sub (i32.load (i32.const 0))))
        (func (export "drop_middle") (param i32) (result i32)
            (i32.add (local.get 0) (i32.const 1)) (drop (i32.add (local.get 0) (i32.const 2))) (i32.mul (local.get 0)))
        (func (export "select") (param i32) (result i32)
            (select (i32.add (local.get 0) (i32.const 1)) (i32.const 100) (i32.gt_s (local.get 0) (i32.const 3))))
        (func (export "mixed") (param i32) (result i64)
            (i64.extend_i32_u (local.get 0)) (f64.convert_i32_s (local.get 0)) (f32.const 2) (f64.promote_f32) (f64.mul)
            (i64.trunc_f64_s) (i64.shl (i64.const 1)) (i64.sub)))"#,
        &[
            ("old", &[4], &[-1]),
            ("old_twice", &[4], &[4, 4, 9]),
            ("across_block", &[0], &[50]),
            ("across_block", &[3], &[6]),
            ("swap", &[1, 2], &[2, 1]),
            ("rotate", &[1, 2, 3], &[300 + 10 + 2]),
            ("pending", &[3], &[4 - 30]),
            ("tee", &[3], &[4 + 8]),
            ("global", &[], &[-4]),
            ("load", &[], &[-7]),
            ("drop_middle", &[3], &[12]),
            ("select", &[3], &[100]),
            ("select", &[4], &[5]),
            ("mixed", &[3], &[3 - (6 << 1)]),
        ],
    );
}

#[test]
fn branches_carry_values_to_where_they_are_wanted() {
    check(
        r#"(module
        (func (export "table") (param i32) (result i32)
            (i32.const 1000)
            (block (result i32) (block (result i32) (block (result i32)
                (i32.const 5) (i32.const 7) (br_table 0 1 2 3 (local.get 0)))
                (i32.add (i32.const 10)))
                (i32.add (i32.const 20)))
            (i32.add))
        (func (export "if_value") (param i32 i32) (result i32)
            (local.get 1)
            (block (result i32) (i32.const 3) (i32.const 4) (br_if 0 (local.get 0)) (drop))
            (i32.mul))
        (func (export "return_two") (param i32) (result i32 i32)
            (local.get 0) (i32.const 2) (br_if 0 (i32.lt_s (local.get 0) (i32.const 10))) (drop) (drop) (i32.const 8) (local.get 0))
        (func (export "loop_params") (param i32) (result i32)
            (i32.const 0) (i32.const 1)
            (loop $l (param i32 i32) (result i32)
                (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
                (i32.add) (i32.const 1)
                (br_if $l (i32.gt_s (local.get 0) (i32.const 0))) (i32.add)))
        (func (export "if_params") (param i32) (result i32)
            (i32.const 6) (i32.const 7)
            (if (param i32 i32) (result i32) (local.get 0) (then (i32.mul)) (else (i32.sub))))
        (func (export "no_else") (param i32) (result i32)
            (local.get 0) (if (param i32) (result i32) (i32.gt_u (local.get 0) (i32.const 5)) (then (i32.add (i32.const 100)))))
        (func (export "nan") (param i32) (result i32)
            (if (result i32) (f64.lt (select (f64.const nan) (f64.const 1) (local.get 0)) (f64.const 2)) (then (i32.const 1)) (else (i32.const 0))))
        (func (export "not_nan") (param i32) (result i32)
            (if (result i32) (i32.eqz (f64.lt (select (f64.const nan) (f64.const 1) (local.get 0)) (f64.const 2))) (then (i32.const 1)) (else (i32.const 0)))))"#,
        &[
            ("table", &[0], &[1000 + 7 + 10 + 20]),
            ("table", &[1], &[1000 + 7 + 20]),
            ("table", &[2], &[1000 + 7]),
            ("table", &[3], &[7]),
            ("table", &[-1], &[7]),
            ("if_value", &[1, 5], &[20]),
            ("if_value", &[0, 5], &[15]),
            ("return_two", &[5], &[5, 2]),
            ("return_two", &[50], &[8, 50]),
            ("loop_params", &[4], &[5]),
            ("if_params", &[1], &[42]),
            ("if_params", &[0], &[-1]),
            ("no_else", &[5], &[5]),
            ("no_else", &[6], &[106]),
            ("nan", &[1], &[0]),
            ("nan", &[0], &[1]),
            ("not_nan", &[1], &[1]),
            ("not_nan", &[0], &[0]),
        ],
    );
}
