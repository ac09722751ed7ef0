;; contract: uses exceptions, which is off
;; ends: at load
;; says: no valid component for this host
;; in module:
(tag $t (param i32))
(func $f (throw $t (i32.const 1)))
