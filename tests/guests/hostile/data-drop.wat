;; contract: drops a data segment, which a snapshot cannot carry
;; ends: at load
;; says: cannot be snapshotted | data.drop
;; in module:
(data $d "x")
(func $forget (data.drop $d))
