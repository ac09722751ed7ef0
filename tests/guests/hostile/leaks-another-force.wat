;; contract: fills its memory with a force's events; on the next batch looks for them and puts what it finds into a finding
;; ends: in completed
;; in detect:
(loop $search
  (if (i64.eq (i64.load (local.get $j)) (i64.const 0x5445524345532d2d)) ;; --SECRET
    (then (call $emit (i32.const 0)) (return (i32.const 0))))
  (br_if $search (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 8)))
    (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 8)))))
(call $column (local.get $batch) (i32.const 2080) (i32.const 9) (i32.const 64))
(memory.copy (i32.const 98304) (i32.load (i32.const 92)) (i32.load (i32.const 96)))
