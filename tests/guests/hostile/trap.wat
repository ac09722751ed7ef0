;; contract: traps
;; ends: in trapped
;; says: unreachable
;; in detect:
unreachable
