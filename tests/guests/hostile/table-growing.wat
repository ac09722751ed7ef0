;; contract: would grow a table while it runs, which a snapshot cannot carry
;; ends: at load
;; says: cannot be snapshotted | table.grow
;; in detect:
(loop (drop (table.grow $t (ref.null func) (i32.const 1000))) (br 0))
;; in module:
(table $t 1 funcref)
