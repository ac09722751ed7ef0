;; contract: cites what no host gave out
;; ends: in bad-output
;; says: no reference that this host gave out
;; in detect:
(call $draft (i32.const 0))
(i32.store (i32.const 1096) (i32.const 3000)) (i32.store (i32.const 1100) (i32.const 1))
(i32.store (i32.const 3000) (i32.const 3016)) (i32.store (i32.const 3004) (i32.const 24))
(drop (call $send))
;; in module:
(data (i32.const 3016) "r1/avon/../../etc/passwd")
