;; contract: answers a failure whose text is as large as its memory
;; ends: in refused
;; says: bad event: | bytes)
;; in detect:
(drop (memory.grow (i32.const 1000)))
(memory.fill (i32.const 65536) (i32.const 97) (i32.const 62914560))
(i32.store8 (i32.const 512) (i32.const 1)) (i32.store8 (i32.const 516) (i32.const 1))
(i32.store (i32.const 520) (i32.const 65536)) (i32.store (i32.const 524) (i32.const 62914560))
(return (i32.const 512))
