;; contract: imports randomness
;; ends: at load
;; says: wasi:random/random@0.2.0 | no clock, randomness, files or network
(component (import "wasi:random/random@0.2.0" (instance)))
