;; contract: imports the network
;; ends: at load
;; says: wasi:sockets/tcp@0.2.3 | no clock, randomness, files or network
(component (import "wasi:sockets/tcp@0.2.3" (instance)))
