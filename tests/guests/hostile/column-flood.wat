;; contract: asks for every column it may see, again and again
;; ends: in trapped by host-call-bytes
;; says: bytes of columns and events
;; caps: cpu-ms 4000
;; manifest: [limits]
;; manifest: cpu-ms = 4000
;; manifest: memory-mib = 64
;; in detect:
(loop $more
  (global.set $heap (i32.const 65536)) ;; forgets what it was given
  (call $column (local.get $batch) (i32.const 3000) (i32.const 4) (i32.const 64))
  (call $column (local.get $batch) (i32.const 2080) (i32.const 9) (i32.const 64))
  (call $values (local.get $batch) (i32.const 3000) (i32.const 4) (i32.const 64))
  (br $more))
;; in module:
(data (i32.const 3000) "Text")
