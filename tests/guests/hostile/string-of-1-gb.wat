;; contract: hands over a string of 1 GB that its memory cannot hold
;; ends: in trapped
;; says: out of bounds
;; in detect:
(call $draft (i32.const 0))
(i32.store (i32.const 1072) (i32.const 65536)) (i32.store (i32.const 1076) (i32.const 0x40000000))
(drop (call $send))
