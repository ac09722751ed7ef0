;; contract: imports the clock
;; ends: at load
;; says: wasi:clocks/wall-clock@0.2.0 | no clock, randomness, files or network
(component (import "wasi:clocks/wall-clock@0.2.0" (instance)))
