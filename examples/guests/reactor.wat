;; reactor: a library, not a command. It has no _start: the host calls _initialize once, then the exports.
;;
;; exports: _initialize ()            must run first, and once: a second call traps
;;          add (i32, i32) -> i32     the sum; traps when _initialize has not run
;;          calls () -> i32           how many times add was called
(module $reactor
  (memory (export "memory") 1)
  (global $ready (mut i32) (i32.const 0))
  (global $calls (mut i32) (i32.const 0))

  (func $_initialize (export "_initialize")
    (if (global.get $ready) (then unreachable))
    (global.set $ready (i32.const 1)))

  (func $add (export "add") (param $a i32) (param $b i32) (result i32)
    (if (i32.eqz (global.get $ready)) (then unreachable))
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i32.add (local.get $a) (local.get $b)))

  (func $calls (export "calls") (result i32)
    (global.get $calls)))
