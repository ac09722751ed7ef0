;; contract: asks for a whole event without the grant; is answered `needs-grant` and traps if not
;; ends: in completed
;; in detect:
(call $whole (local.get $batch) (i32.const 0) (i32.const 64))
(if (i32.ne (i32.load8_u (i32.const 64)) (i32.const 1)) (then unreachable))
(if (i32.ne (i32.load8_u (i32.const 68)) (i32.const 1)) (then unreachable))
