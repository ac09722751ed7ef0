;; contract: a start function, which runs before anybody asked for anything, never ends
;; ends: at load by cpu-time
;; says: its start hit the limit cpu-time
;; caps: prepare-seconds 2
;; in module:
(func $start (loop (br 0)))
(start $start)
