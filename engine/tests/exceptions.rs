//! Exceptions: the legacy instructions, which the public suite does not cover, and both kinds across functions, instances
//! and the host.

mod kit;

use hostel_engine::{Caller, Engine, Extern, FuncType, Limits, Linker, Store, Tag, Trap, TrapCode, ValType};
use kit::{call, configs, guest, instantiate};

/// Runs `(func (export "run") (param i32) (result i32))` of a module on every configuration.
fn check(text: &str, cases: &[(i32, i32)]) {
    for mut config in configs() {
        config.wasm_legacy_exceptions(true);
        let (mut store, instance) = guest(&config, text);
        let run = instance.get_typed_func::<i32, i32>(&store, "run").unwrap();
        for &(param, result) in cases {
            assert_eq!(run.call(&mut store, param).unwrap(), result, "run({param})");
        }
    }
}

#[test]
fn legacy_catches_by_tag_and_all() {
    check(
        r#"(module (tag $a (param i32)) (tag $b (param i32 i64)) (tag $c)
        (func $throw (param i32)
            (if (i32.eq (local.get 0) (i32.const 1)) (then (throw $a (i32.const 10))))
            (if (i32.eq (local.get 0) (i32.const 2)) (then (throw $b (i32.const 20) (i64.const 3))))
            (if (i32.eq (local.get 0) (i32.const 3)) (then (throw $c))))
        (func (export "run") (param i32) (result i32) (local i32)
            i32.const 1000 local.set 1
            i32.const 100
            try (result i32)
                i32.const 2000 local.set 1 local.get 0 call $throw i32.const 5
            catch $a
                i32.const 1 i32.add
            catch $b
                i32.wrap_i64 i32.add
            catch_all
                i32.const 7
            end
            i32.add local.get 1 i32.add))"#,
        &[(0, 2105), (1, 2111), (2, 2123), (3, 2107)],
    );
}

#[test]
fn legacy_rethrow_and_nesting() {
    check(
        r#"(module (tag $a (param i32)) (tag $b)
        (func (export "run") (param i32) (result i32)
            try (result i32)
                try (result i32)
                    local.get 0 if local.get 0 throw $a end
                    i32.const 1
                catch $a
                    drop
                    try
                        throw $b
                    catch $b
                        local.get 0 i32.const 2 i32.eq if rethrow 2 end
                        local.get 0 i32.const 4 i32.eq if rethrow 1 end
                    end
                    local.get 0 i32.const 3 i32.eq if rethrow 1 end
                    i32.const 50
                end
            catch $a
                i32.const 100 i32.add
            catch $b
                i32.const -1
            end))"#,
        &[(0, 1), (1, 50), (2, 102), (3, 103), (4, -1)],
    );
}

#[test]
fn legacy_delegate_skips_what_is_between() {
    check(
        r#"(module (tag $a (param i32))
        (func $f (param i32) (result i32)
            try $outer (result i32)
                try (result i32)
                    try (result i32) local.get 0 throw $a delegate $outer
                catch_all
                    i32.const -1
                end
            catch $a
                i32.const 1 i32.add
            end)
        (func $g (param i32) (result i32)
            try (result i32)
                try (result i32) local.get 0 throw $a delegate 1
            catch_all
                i32.const -2
            end)
        (func (export "run") (param i32) (result i32)
            try (result i32)
                local.get 0 call $f local.get 0 call $g i32.add
            catch $a
                i32.const 10 i32.add
            end))"#,
        &[(5, 15)],
    );
}

#[test]
fn locals_and_operands_are_as_they_were_at_the_throw() {
    check(
        r#"(module (tag $t (param i32))
        (func $deep (param i32 i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (throw $t (local.get 1))))
            (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1)) (local.get 1)) (i32.const 1)))
        (func (export "run") (param i32) (result i32) (local i32 i64)
            (local.get 0)
            (block $caught (result i32)
                (try_table (catch $t $caught)
                    (local.set 1 (i32.const 3))
                    (local.set 0 (i32.const 4))
                    (drop (call $deep (i32.const 1000) (i32.mul (local.get 1) (i32.const 7))))
                    (local.set 0 (i32.const 99)))
                (i32.const -1))
            (i32.sub) (i32.sub (local.get 0))))"#,
        &[(1000, 1000 - 21 - 4)],
    );
}

#[test]
fn exceptions_pass_through_instances_and_hosts() {
    for config in configs() {
        let engine = Engine::new(&config).unwrap();
        let mut store = Store::new(&engine, ());
        let tag = Tag::new(&mut store, FuncType::new([ValType::I32], [])).unwrap();
        let mut linker = Linker::<()>::new(&engine);
        linker.define("h", "tag", tag);
        linker.func_wrap("h", "call_back", |ctx: &mut (), module: &mut Caller<'_>| -> Result<(), Trap> {
            let Some(Extern::Func(inner)) = module.get_export("inner") else { return Err(Trap::message("no export")) };
            inner.call_with_stack(module.with(ctx), &mut [])
        });
        let a = instantiate(
            &linker,
            &mut store,
            r#"(module (import "h" "tag" (tag $t (param i32))) (func (export "throw") (throw $t (i32.const 7))))"#,
        )
        .unwrap();
        linker.instance(&store, "a", a);
        let b = instantiate(
            &linker,
            &mut store,
            r#"(module (import "h" "tag" (tag $t (param i32))) (import "a" "throw" (func $throw)) (import "h" "call_back" (func $back))
                (tag $other (param i32))
                (func (export "inner") (call $throw))
                (func (export "caught") (result i32)
                    (block $h (result i32) (block $o (result i32) (try_table (catch $other $o) (catch $t $h) (call $back)) (i32.const 0))
                        (i32.add (i32.const 1000))))
                (func (export "uncaught") (call $back)))"#,
        )
        .unwrap();
        assert_eq!(call::<(), i32>(&mut store, b, "caught", ()).unwrap(), 7);
        let trap = call::<(), ()>(&mut store, b, "uncaught", ()).unwrap_err();
        assert!(trap.is_uncaught_exception(), "{trap}");
        assert!(!trap.frames().is_empty());
    }
}

#[test]
fn many_exceptions_do_not_pile_up() {
    // 200 000 caught by reference, one kept in a table: the others are found to be garbage.
    check(
        r#"(module (tag $t (param i32)) (table $kept 1 exnref)
        (func (export "run") (param i32) (result i32) (local exnref)
            (loop $again
                (block $h (result i32 exnref) (try_table (catch_ref $t $h) (throw $t (local.get 0))) (unreachable))
                (local.set 1)
                (if (i32.eq (local.get 0)) (then (table.set (i32.const 0) (local.get 1))))
                (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
            (block $h (result i32) (try_table (catch $t $h) (throw_ref (table.get (i32.const 0)))) (i32.const -1))))"#,
        &[(20_000, 1)],
    );
}

#[test]
fn a_reference_outlives_a_catch_without_it() {
    check(
        r#"(module
            (tag $e (param i32))
            (func (export "run") (param i32) (result i32) (local $r exnref)
                (local.set $r (block $h (result exnref)
                    (try_table (catch_all_ref $h) (throw $e (local.get 0)))
                    unreachable))
                (block $c (try_table (catch_all $c) (throw_ref (local.get $r))))
                (block $d (result i32) (try_table (catch $e $d) (throw_ref (local.get $r))) unreachable)))"#,
        &[(7, 7)],
    );
}

/// What the guest keeps is bounded, what it lets go of is not.
#[test]
fn exceptions_that_are_kept_have_a_limit() {
    let text = r#"(module
        (tag $t (param i32))
        (table $kept 100 exnref)
        (func $catch (param i32) (result exnref) (local $e exnref)
            (block $h (result i32 exnref)
                (try_table (catch_ref $t $h) (throw $t (local.get 0)))
                (unreachable))
            (local.set $e) (drop) (local.get $e))
        (func (export "keep") (param $from i32) (param $to i32)
            (loop $again
                (table.set $kept (local.get $from) (call $catch (local.get $from)))
                (local.set $from (i32.add (local.get $from) (i32.const 1)))
                (br_if $again (i32.lt_u (local.get $from) (local.get $to)))))
        (func (export "forget") (table.fill $kept (i32.const 0) (ref.null exn) (i32.const 100)))
        (func (export "turn over") (param $times i32)
            (loop $again
                (drop (call $catch (i32.const 1)))
                (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))))"#;
    for mut config in configs() {
        config.limits(Limits { exceptions: 40, ..Limits::default() });
        let (mut store, instance) = guest(&config, text);
        let keep = instance.get_typed_func::<(i32, i32), ()>(&store, "keep").unwrap();
        let forget = instance.get_typed_func::<(), ()>(&store, "forget").unwrap();
        let turn_over = instance.get_typed_func::<i32, ()>(&store, "turn over").unwrap();
        turn_over.call(&mut store, 5000).unwrap();
        keep.call(&mut store, (0, 30)).unwrap();
        turn_over.call(&mut store, 500).unwrap();
        let trap = keep.call(&mut store, (30, 50)).unwrap_err();
        assert_eq!(trap.code(), Some(TrapCode::TooManyExceptions));
        assert!(trap.to_string().contains("`exceptions`"), "{trap}");
        forget.call(&mut store, ()).unwrap();
        keep.call(&mut store, (0, 30)).unwrap();
    }
}
