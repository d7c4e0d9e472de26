;; trap: ends in the trap its argument names. Built with a name section, so that a backtrace has names.
;;
;; usage: trap unreachable | divide | overflow | convert | bounds | table | null | signature | recursion
;; The same names are exports without parameters, for hosts that call functions directly. Each trap happens in a
;; function called trap_NAME, called by `middle`, called by the export: three frames and more to show.
;; Any other argument, or none: exit code 2.
;;
;; memory:     0  argc: u32, argv size: u32
;;            16  the names, NUL-terminated, 16 bytes apart, in the order of $kinds
;;          1024  argv pointers, then from 32768 the argument text
(module $trap
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (type $kind (func))
  (type $unary (func (param i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16)  "unreachable\00")
  (data (i32.const 32)  "divide\00")
  (data (i32.const 48)  "overflow\00")
  (data (i32.const 64)  "convert\00")
  (data (i32.const 80)  "bounds\00")
  (data (i32.const 96)  "table\00")
  (data (i32.const 112) "null\00")
  (data (i32.const 128) "signature\00")
  (data (i32.const 144) "recursion\00")
  ;; slot 9 stays empty: that is what `null` calls
  (table $kinds 10 funcref)
  (elem (table $kinds) (i32.const 0) func
    $trap_unreachable $trap_divide $trap_overflow $trap_convert $trap_bounds
    $trap_table $trap_null $trap_signature $trap_recursion)

  ;; Zero, but no compiler may know it.
  (global $zero (mut i32) (i32.const 0))
  (global $depth (export "depth") (mut i32) (i32.const 0))

  (func $trap_unreachable unreachable)
  (func $trap_divide
    (drop (i32.div_s (i32.const 1) (global.get $zero))))
  (func $trap_overflow
    (drop (i32.div_s (i32.sub (i32.const 0x80000000) (global.get $zero)) (i32.const -1))))
  (func $trap_convert
    (drop (i32.trunc_f64_s (f64.const nan))))
  (func $trap_bounds
    ;; the last byte of the 4-byte load is the first one outside the memory
    (drop (i32.load (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 3)))))
  (func $trap_table
    (call_indirect $kinds (type $kind) (table.size $kinds)))
  (func $trap_null
    (call_indirect $kinds (type $kind) (i32.const 9)))
  (func $trap_signature
    (drop (call_indirect $kinds (type $unary) (i32.const 1) (i32.const 0))))
  (func $trap_recursion
    (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
    (call $trap_recursion)
    ;; not a tail call: something is left to do
    (global.set $depth (i32.sub (global.get $depth) (i32.const 1))))

  (func $middle (param $which i32)
    (call_indirect $kinds (type $kind) (local.get $which)))

  (func $unreachable (export "unreachable") (call $middle (i32.const 0)))
  (func $divide      (export "divide")      (call $middle (i32.const 1)))
  (func $overflow    (export "overflow")    (call $middle (i32.const 2)))
  (func $convert     (export "convert")     (call $middle (i32.const 3)))
  (func $bounds      (export "bounds")      (call $middle (i32.const 4)))
  (func $table       (export "table")       (call $middle (i32.const 5)))
  (func $null        (export "null")        (call $middle (i32.const 6)))
  (func $signature   (export "signature")   (call $middle (i32.const 7)))
  (func $recursion   (export "recursion")   (call $middle (i32.const 8)))

  (func $text_equals (param $a i32) (param $b i32) (result i32)
    (local $byte i32)
    (loop $next
      (local.set $byte (i32.load8_u (local.get $a)))
      (if (i32.ne (local.get $byte) (i32.load8_u (local.get $b)))
        (then (return (i32.const 0))))
      (local.set $a (i32.add (local.get $a) (i32.const 1)))
      (local.set $b (i32.add (local.get $b) (i32.const 1)))
      (br_if $next (local.get $byte)))
    (i32.const 1))

  (func $usage (call $proc_exit (i32.const 2)) unreachable)

  (func $main (export "_start")
    (local $which i32)
    (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
    (if (i32.or (i32.ne (i32.load (i32.const 0)) (i32.const 2))
                (i32.gt_u (i32.load (i32.const 4)) (i32.const 32768)))
      (then (call $usage)))
    (drop (call $args_get (i32.const 1024) (i32.const 32768)))
    (loop $next
      (if (call $text_equals
            (i32.load (i32.const 1028))
            (i32.add (i32.const 16) (i32.mul (local.get $which) (i32.const 16))))
        (then (call $middle (local.get $which)) (return)))
      (local.set $which (i32.add (local.get $which) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $which) (i32.const 9))))
    (call $usage)))
