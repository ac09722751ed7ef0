;; contract: imports files
;; ends: at load
;; says: wasi:filesystem/preopens@0.2.0 | no clock, randomness, files or network
(component (import "wasi:filesystem/preopens@0.2.0" (instance)))
