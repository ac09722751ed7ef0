;; contract: changes a table, which a snapshot cannot carry
;; ends: at load
;; says: cannot be snapshotted | table.set
;; in module:
(table $t 1 funcref)
(func $change (table.set $t (i32.const 0) (ref.null func)))
