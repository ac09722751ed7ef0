;; contract: gives the batch back before it is done
;; ends: in trapped
;; says: handle
;; in detect:
(call $drop_batch (local.get $batch))
