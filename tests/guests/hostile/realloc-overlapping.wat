;; contract: its allocator answers the same place every time: it spoils its own answer and nothing else
;; ends: in completed
;; in detect:
(call $column (local.get $batch) (i32.const 2080) (i32.const 9) (i32.const 64))
;; in realloc:
(return (i32.const 65536))
