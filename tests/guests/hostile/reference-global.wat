;; contract: keeps a reference in a global, which a snapshot cannot carry
;; ends: at load
;; says: cannot be snapshotted | reference type
;; in module:
(global (mut funcref) (ref.null func))
