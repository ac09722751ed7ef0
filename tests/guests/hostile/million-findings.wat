;; contract: emits a million findings, and does not stop when one is refused
;; ends: in bad-output by findings-per-row
;; says: more than 64 findings
;; in detect:
(loop $more
  (call $emit (i32.rem_u (local.get $i) (i32.const 10)))
  (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000000))))
