;; contract: emits 63 findings of a kilobyte for each row, which no row minds, and traps where all of them were taken
;; ends: in bad-output by finding-bytes
;; says: the findings of the batch have | more than
;; pages: 4
;; in detect:
(memory.fill (i32.const 100000) (i32.const 120) (i32.const 1000))
(local.set $n (i32.mul (call $len (local.get $batch)) (i32.const 63)))
(loop $more
  (call $draft (i32.div_u (local.get $i) (i32.const 63)))
  (i32.store (i32.const 1072) (i32.const 100000)) (i32.store (i32.const 1076) (i32.const 1000))
  (drop (call $send))
  (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
unreachable
