;; contract: logs bytes that are not UTF-8
;; ends: in trapped
;; says: utf-8
;; in detect:
(call $write (i32.const 1) (i32.const 3000) (i32.const 2))
;; in module:
(data (i32.const 3000) "\ff\fe")
