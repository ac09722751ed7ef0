;; contract: counts its runs in memory, in a global and in grown memory; traps if it remembers one
;; ends: in completed
;; in detect:
(i32.store (i32.const 4000) (i32.add (i32.load (i32.const 4000)) (i32.const 1)))
(global.set $runs (i32.add (global.get $runs) (i32.const 1)))
(drop (memory.grow (i32.const 1)))
(i32.store (i32.mul (i32.sub (memory.size) (i32.const 1)) (i32.const 65536)) (i32.const 77))
(if (i32.or (i32.ne (i32.load (i32.const 4000)) (i32.const 1))
      (i32.or (i32.ne (global.get $runs) (i32.const 1)) (i32.ne (memory.size) (i32.const 3))))
  (then unreachable))
(if (i32.ne (i32.load (i32.const 4100)) (i32.const 42)) (then unreachable))
;; in configure:
(i32.store (i32.const 4100) (i32.const 42))
;; in module:
(global $runs (mut i32) (i32.const 0))
