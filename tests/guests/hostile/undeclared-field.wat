;; contract: asks for a field that its manifest does not declare; is answered `not-declared` and traps if not
;; ends: in completed
;; in detect:
(call $column (local.get $batch) (i32.const 2096) (i32.const 6) (i32.const 64))
(if (i32.ne (i32.load8_u (i32.const 64)) (i32.const 1)) (then unreachable))
(if (i32.ne (i32.load8_u (i32.const 68)) (i32.const 0)) (then unreachable))
