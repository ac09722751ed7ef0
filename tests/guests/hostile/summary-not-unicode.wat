;; contract: hands over a summary that is not UTF-8
;; ends: in bad-output
;; says: summary is not Unicode text
;; in detect:
(call $draft (i32.const 0))
(i32.store (i32.const 1072) (i32.const 3000)) (i32.store (i32.const 1076) (i32.const 2))
(drop (call $send))
;; in module:
(data (i32.const 3000) "\ff\fe")
