;; contract: emits a finding for a row that does not exist, then a good one
;; ends: in bad-output
;; says: row 1000000: the batch has
;; in detect:
(call $emit (i32.const 1000000))
(call $emit (i32.const 0))
