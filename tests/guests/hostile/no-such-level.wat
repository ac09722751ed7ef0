;; contract: logs at a level that there is none of
;; ends: in trapped
;; in detect:
(call $write (i32.const 77) (i32.const 2176) (i32.const 19))
