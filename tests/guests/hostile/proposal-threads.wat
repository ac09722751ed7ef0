;; contract: uses shared memory, which is off
;; ends: at load
;; says: no valid component for this host
;; in module:
(memory $shared 1 1 shared)
