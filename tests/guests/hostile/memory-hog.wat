;; contract: takes a MiB of memory after another and writes to all of it
;; ends: in out-of-memory by memory
;; says: more than its 64 MiB
;; caps: cpu-ms 1000
;; manifest: [limits]
;; manifest: cpu-ms = 1000
;; in detect:
(loop $more
  (local.set $i (i32.mul (memory.size) (i32.const 65536)))
  (drop (memory.grow (i32.const 16)))
  (memory.fill (local.get $i) (i32.const 7) (i32.const 1048576))
  (br $more))
