;; contract: its allocator never answers the host
;; ends: in out-of-time by cpu-time
;; in detect:
(global.set $bad (i32.const 1))
(call $column (local.get $batch) (i32.const 2080) (i32.const 9) (i32.const 64))
;; in realloc:
(if (global.get $bad) (then (loop (br 0))))
;; in module:
(global $bad (mut i32) (i32.const 0))
