;; contract: hands over a list of a million entities whose texts are all the same bytes
;; ends: in bad-output
;; says: entities has 1000000 entries, more than 64
;; in detect:
(drop (memory.grow (i32.const 300)))
(call $draft (i32.const 0))
(loop $more
  (i32.store (i32.add (i32.const 65536) (local.get $i)) (i32.const 2048))
  (i32.store offset=4 (i32.add (i32.const 65536) (local.get $i)) (i32.const 6))
  (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const 16000000))))
(i32.store (i32.const 1080) (i32.const 65536)) (i32.store (i32.const 1084) (i32.const 1000000))
(drop (call $send))
