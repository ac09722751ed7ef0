;; contract: calls itself without end
;; ends: in trapped by stack
;; says: stack
;; in detect:
(call $deep)
;; in module:
(func $deep (call $deep))
