;; contract: `configure` never ends
;; ends: at load by cpu-time
;; says: `configure` hit the limit cpu-time | 1000 ms
;; caps: prepare-seconds 2
;; in configure:
(loop (br 0))
