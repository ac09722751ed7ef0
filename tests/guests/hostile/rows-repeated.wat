;; contract: asks for one row many times; is answered `bad-rows` and traps if not
;; ends: in completed
;; in detect:
(call $column_for (local.get $batch) (i32.const 2080) (i32.const 9) (i32.const 3000) (i32.const 2) (i32.const 64))
(if (i32.ne (i32.load8_u (i32.const 64)) (i32.const 1)) (then unreachable))
(if (i32.ne (i32.load8_u (i32.const 68)) (i32.const 3)) (then unreachable))
;; in module:
(data (i32.const 3000) "\00\00\00\00\00\00\00\00")
