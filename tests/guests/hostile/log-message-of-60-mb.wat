;; contract: logs one message as large as its memory
;; ends: in bad-output by log-bytes
;; says: a message of more than 8192 bytes
;; in detect:
(drop (memory.grow (i32.const 1000)))
(call $write (i32.const 1) (i32.const 65536) (i32.const 62914560))
