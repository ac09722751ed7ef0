;; contract: calls the host without end
;; ends: in trapped by host-calls
;; says: host calls
;; caps: cpu-ms 1000
;; manifest: [limits]
;; manifest: cpu-ms = 1000
;; in detect:
(loop (drop (call $len (local.get $batch))) (br 0))
