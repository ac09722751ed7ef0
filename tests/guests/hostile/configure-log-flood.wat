;; contract: `configure` logs without end
;; ends: at load by log-bytes
;; says: `configure` hit the limit log-bytes
;; in configure:
(loop (call $write (i32.const 1) (i32.const 65536) (i32.const 8192)) (br 0))
