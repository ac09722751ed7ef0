;; contract: answers from an unaligned place
;; ends: in trapped
;; in detect:
(return (i32.const 3))
