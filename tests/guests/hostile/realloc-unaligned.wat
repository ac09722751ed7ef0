;; contract: its allocator answers unaligned places
;; ends: in trapped
;; says: aligned
;; in detect:
(call $column (local.get $batch) (i32.const 2080) (i32.const 9) (i32.const 64))
;; in realloc:
(return (i32.const 65537))
