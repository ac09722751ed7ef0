;; contract: its allocator answers a place beyond its memory
;; ends: in trapped
;; says: realloc
;; in detect:
(global.set $bad (i32.const 1))
(call $column (local.get $batch) (i32.const 2080) (i32.const 9) (i32.const 64))
;; in realloc:
(if (global.get $bad) (then (return (i32.const -16))))
;; in module:
(global $bad (mut i32) (i32.const 0))
