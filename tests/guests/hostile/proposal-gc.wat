;; contract: uses garbage-collected types, which is off
;; ends: at load
;; says: no valid component for this host
;; in module:
(type $s (struct (field i32)))
