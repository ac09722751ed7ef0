;; contract: emits a finding of a rule that its manifest does not declare
;; ends: in bad-output
;; says: rule `rule-`: the manifest declares rule-a
;; in detect:
(call $draft (i32.const 0))
(i32.store (i32.const 1032) (i32.const 5))
(drop (call $send))
