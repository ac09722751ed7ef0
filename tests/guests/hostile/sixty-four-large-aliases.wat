;; contract: hands over 64 entities, each value 16 MB of the same bytes
;; ends: in bad-output
;; says: an entity's value has 16777216 bytes, more than 1024
;; in detect:
(drop (memory.grow (i32.const 300)))
(call $draft (i32.const 0))
(loop $more
  (i32.store (i32.add (i32.const 4096) (local.get $i)) (i32.const 2048))
  (i32.store offset=4 (i32.add (i32.const 4096) (local.get $i)) (i32.const 6))
  (i32.store offset=8 (i32.add (i32.const 4096) (local.get $i)) (i32.const 65536))
  (i32.store offset=12 (i32.add (i32.const 4096) (local.get $i)) (i32.const 16777216))
  (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 16))) (i32.const 1024))))
(i32.store (i32.const 1080) (i32.const 4096)) (i32.store (i32.const 1084) (i32.const 64))
(drop (call $send))
