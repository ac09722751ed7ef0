;; contract: its allocator calls the host while the host hands something over
;; ends: in trapped
;; says: cannot leave component
;; in detect:
(global.set $bad (i32.const 1))
(call $column (local.get $batch) (i32.const 2080) (i32.const 9) (i32.const 64))
;; in realloc:
(if (global.get $bad) (then (drop (call $explaining))))
;; in module:
(global $bad (mut i32) (i32.const 0))
