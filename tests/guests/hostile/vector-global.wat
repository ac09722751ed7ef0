;; contract: keeps a vector in a global, which a snapshot cannot carry
;; ends: at load
;; says: v128
;; in module:
(global (mut v128) (v128.const i64x2 0 0))
