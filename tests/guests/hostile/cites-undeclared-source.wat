;; contract: cites an event of a source that its manifest does not declare
;; ends: in bad-output
;; says: a source that the manifest does not declare
;; in detect:
(call $draft (i32.const 0))
(i32.store (i32.const 1096) (i32.const 3000)) (i32.store (i32.const 1100) (i32.const 1))
(i32.store (i32.const 3000) (i32.const 3016)) (i32.store (i32.const 3004) (i32.const 21))
(drop (call $send))
;; in module:
(data (i32.const 3016) "r1/avon/entra.audit/1")
