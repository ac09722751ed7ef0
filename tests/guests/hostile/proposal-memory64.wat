;; contract: uses 64-bit memory, which is off
;; ends: at load
;; says: no valid component for this host
;; in module:
(memory $long i64 1)
