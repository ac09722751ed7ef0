;; contract: reads beyond its memory
;; ends: in trapped
;; says: out of bounds memory access
;; in detect:
(drop (i32.load (i32.const -1)))
