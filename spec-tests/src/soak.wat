;; The guest of the soak: each export does some work and returns a number that the host knows beforehand.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file" (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (table $table 2 funcref)
  (tag $tag (param i32))
  (data (i32.const 0) "soaked\n") ;; 7 bytes
  (data (i32.const 16) "file") ;; the path
  ;; iovecs: all of the text, and a buffer for reading.
  (data (i32.const 32) "\00\00\00\00\07\00\00\00" "\00\04\00\00\00\01\00\00")

  ;; Sums squares in a loop of calls.
  (func $square (param i32) (result i32) (i32.mul (local.get 0) (local.get 0)))
  (func (export "compute") (param $n i32) (result i32) (local $sum i32)
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (call $square (local.get $n))))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))

  ;; Grows the memory and the table, catches an exception.
  (func (export "grow") (param $n i32) (result i32)
    (drop (memory.grow (local.get $n)))
    (memory.fill (i32.const 65536) (i32.const 1) (i32.const 4096))
    (drop (table.grow $table (ref.null func) (local.get $n)))
    (block $caught (result i32)
      (try_table (catch $tag $caught) (throw $tag (i32.add (memory.size) (table.size $table))))
      (unreachable)))

  ;; Writes to stdout.
  (func (export "print") (param i32) (result i32)
    (drop (call $fd_write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 64)))
    (i32.load (i32.const 64)))

  ;; Makes a file, writes it, reads it, lists the directory, removes it. The errnos' sum, and the bytes read.
  (func (export "file") (param $dir i32) (result i32) (local $fd i32) (local $errors i32)
    (local.set $errors (call $path_open (local.get $dir) (i32.const 0) (i32.const 16) (i32.const 4) (i32.const 9)
      (i64.const 0x1fffffff) (i64.const 0x1fffffff) (i32.const 0) (i32.const 68)))
    (local.set $fd (i32.load (i32.const 68)))
    (local.set $errors (i32.add (local.get $errors)
      (call $fd_write (local.get $fd) (i32.const 32) (i32.const 1) (i32.const 64))))
    (local.set $errors (i32.add (local.get $errors)
      (call $fd_seek (local.get $fd) (i64.const 0) (i32.const 0) (i32.const 72))))
    (local.set $errors (i32.add (local.get $errors)
      (call $fd_read (local.get $fd) (i32.const 40) (i32.const 1) (i32.const 64))))
    (local.set $errors (i32.add (local.get $errors)
      (call $fd_readdir (local.get $dir) (i32.const 2048) (i32.const 1024) (i64.const 0) (i32.const 80))))
    (local.set $errors (i32.add (local.get $errors) (call $fd_close (local.get $fd))))
    (local.set $errors (i32.add (local.get $errors)
      (call $path_unlink_file (local.get $dir) (i32.const 16) (i32.const 4))))
    (i32.add (i32.mul (local.get $errors) (i32.const 1000)) (i32.load (i32.const 64))))

  ;; Leaves a file open: who drops the guest has to close it.
  (func (export "leave_open") (param $dir i32) (result i32)
    (i32.add (i32.mul (i32.const 1000) (call $path_open (local.get $dir) (i32.const 0) (i32.const 16) (i32.const 4)
        (i32.const 1) (i64.const 0x1fffffff) (i64.const 0x1fffffff) (i32.const 0) (i32.const 68)))
      (i32.load (i32.const 68))))

  ;; Clock, randomness, arguments.
  (func (export "ask") (param i32) (result i32)
    (i32.add (i32.add
      (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 88))
      (call $random_get (i32.const 96) (i32.const 32)))
      (i32.add (call $args_sizes_get (i32.const 128) (i32.const 132)) (i32.load (i32.const 128)))))

  (func (export "trap") (param i32) (result i32) (i32.div_u (i32.const 1) (i32.const 0)))
  (func (export "exit") (param $status i32) (result i32) (call $proc_exit (local.get $status)) (unreachable))
  (func $deep (export "overflow") (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0)))))
