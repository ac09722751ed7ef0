;; contract: `configure` fills 250 MiB, and a snapshot of that needs more memory than preparing may take
;; ends: at load by prepare-memory
;; says: 128 MiB
;; caps: prepare-mib 128
;; manifest: [limits]
;; manifest: memory-mib = 256
;; in configure:
(drop (memory.grow (i32.const 4000)))
(memory.fill (i32.const 65536) (i32.const 1) (i32.const 262000000))
