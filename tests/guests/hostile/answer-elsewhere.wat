;; contract: answers from beyond its memory
;; ends: in trapped
;; in detect:
(return (i32.const -4))
