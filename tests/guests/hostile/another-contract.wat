;; contract: was built for another version of the contract
;; ends: at load
;; says: contract 2.0.0 | speaks 1.0.0
(component (import "cordon:detection/events@2.0.0" (instance)))
