;; What every guest of the tests shares: the contract's imports in their canonical form, a bump allocator, and helpers.
(module
  (import "cordon:detection/events@1.0.0" "[method]batch.len" (func $len (param i32) (result i32)))
  (import "cordon:detection/events@1.0.0" "[method]batch.source" (func $source (param i32 i32)))
  (import "cordon:detection/events@1.0.0" "[method]batch.times" (func $times (param i32 i32)))
  (import "cordon:detection/events@1.0.0" "[method]batch.marks" (func $marks (param i32 i32)))
  (import "cordon:detection/events@1.0.0" "[method]batch.received" (func $received (param i32 i32)))
  (import "cordon:detection/events@1.0.0" "[method]batch.local-minutes" (func $local_minutes (param i32 i32)))
  (import "cordon:detection/events@1.0.0" "[method]batch.column" (func $column (param i32 i32 i32 i32)))
  (import "cordon:detection/events@1.0.0" "[method]batch.column-for" (func $column_for (param i32 i32 i32 i32 i32 i32)))
  (import "cordon:detection/events@1.0.0" "[method]batch.values" (func $values (param i32 i32 i32 i32)))
  (import "cordon:detection/events@1.0.0" "[method]batch.whole" (func $whole (param i32 i32 i32)))
  (import "cordon:detection/events@1.0.0" "[method]batch.reference" (func $reference (param i32 i32 i32)))
  (import "cordon:detection/events@1.0.0" "[resource-drop]batch" (func $drop_batch (param i32)))
  (import "cordon:detection/findings@1.0.0" "emit" (func $emit_at (param i32 i32)))
  (import "cordon:detection/settings@1.0.0" "get" (func $settings (param i32)))
  (import "cordon:detection/log@1.0.0" "write" (func $write (param i32 i32 i32)))
  (import "cordon:detection/log@1.0.0" "explaining" (func $explaining (result i32)))
  (import "cordon:detection/log@1.0.0" "explain" (func $explain (param i32 i32 i32 i32 i32 i32 i32 i32 i32)))

  (memory (export "memory") {pages})
  (global $heap (mut i32) (i32.const 65536))

  (func $realloc (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32) (local $missing i32)
    {realloc}
    (local.set $at (i32.and
      (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
    (global.set $heap (i32.add (local.get $at) (local.get $size)))
    (local.set $missing (i32.sub (global.get $heap) (i32.mul (memory.size) (i32.const 65536))))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then (if (i32.eq (memory.grow (i32.shr_u (i32.add (local.get $missing) (i32.const 65535)) (i32.const 16))) (i32.const -1))
        (then unreachable))))
    (local.get $at))

  ;; The finding at 1024: rule at 2048 (6 bytes), summary at 2064, no key; `$row` as given.
  (func $draft (param $row i32)
    (memory.fill (i32.const 1024) (i32.const 0) (i32.const 88))
    (i32.store (i32.const 1024) (local.get $row))
    (i32.store (i32.const 1028) (i32.const 2048)) (i32.store (i32.const 1032) (i32.const 6))
    (i32.store (i32.const 1072) (i32.const 2064)) (i32.store (i32.const 1076) (i32.const 9)))

  ;; Emits the finding at 1024; the answer's discriminant (1: refused).
  (func $send (result i32)
    (call $emit_at (i32.const 1024) (i32.const 64))
    (i32.load8_u (i32.const 64)))

  (func $emit (param $row i32)
    (call $draft (local.get $row))
    (drop (call $send)))

  (data (i32.const 2048) "rule-a")
  (data (i32.const 2064) "it looked")
  (data (i32.const 2080) "Operation")
  (data (i32.const 2096) "Secret")
  (data (i32.const 2112) "panic at src/lib.rs:7: index out of bounds")
  (data (i32.const 2176) "a text to be logged")

  (func (export "configure") (param $text i32) (param $len i32) (result i32) (local $i i32)
    {configure}
    (i32.const 0))

  (func $detect (param $batch i32) (result i32) (local $i i32) (local $j i32) (local $n i32)
    {detect}
    (i32.const 0))

  ;; A borrowed handle is given back before the call ends.
  (func (export "detect") (param $batch i32) (result i32)
    (call $detect (local.get $batch))
    (call $drop_batch (local.get $batch)))

  {items}
)
