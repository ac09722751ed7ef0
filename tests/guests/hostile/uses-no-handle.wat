;; contract: asks a batch that it was never given
;; ends: in trapped
;; says: handle
;; in detect:
(drop (call $len (i32.const 7)))
