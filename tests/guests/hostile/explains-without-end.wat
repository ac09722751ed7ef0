;; contract: explains itself in texts as long as they are kept, without end
;; ends: in bad-output by explanation-bytes
;; says: more than 16777216 bytes
;; caps: cpu-ms 4000
;; explain: yes
;; manifest: [limits]
;; manifest: cpu-ms = 4000
;; in detect:
(drop (memory.grow (i32.const 1)))
(loop
  (call $explain (i32.const 0) (i32.const 65536) (i32.const 4096) (i32.const 65536) (i32.const 4096)
    (i32.const 1) (i32.const 65536) (i32.const 4096) (i32.const 1))
  (br 0))
