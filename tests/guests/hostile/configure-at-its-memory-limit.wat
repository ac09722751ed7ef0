;; contract: `configure` grows memory to exactly its limit and writes to its last byte: that is allowed, and it runs
;; ends: in completed
;; manifest: [limits]
;; manifest: memory-mib = 2
;; in configure:
(if (i32.eq (memory.grow (i32.const 30)) (i32.const -1)) (then unreachable))
(i32.store8 (i32.const 2097151) (i32.const 42))
;; in detect:
(if (i32.ne (i32.load8_u (i32.const 2097151)) (i32.const 42)) (then unreachable))
