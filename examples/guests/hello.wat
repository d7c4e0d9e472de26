;; hello: the smallest useful guest. Writes one line to stdout through fd_write, by hand.
;;
;; usage: hello
;;
;; memory:  0  ciovec { ptr: u32, len: u32 }
;;          8  nwritten: u32
;;         16  the text
(module $hello
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $iovs i32) (param $iovs_len i32) (param $nwritten i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param $code i32)))

  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\12\00\00\00")
  (data (i32.const 16) "hello from hostel\n")

  (func $main (export "_start")
    (local $errno i32)
    (local.set $errno
      (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    ;; an errno becomes the exit code: no text can be trusted to reach anybody
    (if (local.get $errno)
      (then (call $proc_exit (local.get $errno))))))
