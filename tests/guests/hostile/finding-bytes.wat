;; contract: emits fewer findings for a row than it may, of more text
;; ends: in bad-output by finding-bytes-per-row
;; says: more than 65536
;; pages: 4
;; in detect:
(loop $more
  (call $draft (i32.const 0))
  (i32.store (i32.const 1072) (i32.const 131072)) (i32.store (i32.const 1076) (i32.const 4096))
  (drop (call $send))
  (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 17))))
