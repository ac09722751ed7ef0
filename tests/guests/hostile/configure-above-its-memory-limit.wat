;; contract: `configure` grows memory to a page more than its limit
;; ends: at load by memory
;; says: `configure` hit the limit memory | 2 MiB
;; manifest: [limits]
;; manifest: memory-mib = 2
;; in configure:
(drop (memory.grow (i32.const 31)))
