;; contract: loops for ever
;; ends: in out-of-time by cpu-time
;; says: more than its 100 ms of CPU time
;; in detect:
(loop (br 0))
