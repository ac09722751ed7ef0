;; contract: asks for a column by a path that is not UTF-8; is answered `bad-path` and traps if not
;; ends: in completed
;; in detect:
(call $column (local.get $batch) (i32.const 3000) (i32.const 2) (i32.const 64))
(if (i32.ne (i32.load8_u (i32.const 64)) (i32.const 1)) (then unreachable))
(if (i32.ne (i32.load8_u (i32.const 68)) (i32.const 2)) (then unreachable))
;; in module:
(data (i32.const 3000) "\ff\fe")
