;; contract: hands over a string as large as its memory
;; ends: in bad-output
;; says: summary has 62914560 bytes, more than 4096
;; in detect:
(drop (memory.grow (i32.const 1000)))
(call $draft (i32.const 0))
(i32.store (i32.const 1072) (i32.const 65536)) (i32.store (i32.const 1076) (i32.const 62914560))
(drop (call $send))
