;; contract: imports an interface of the contract's package that this version does not have
;; ends: at load
;; says: cordon:detection/hunts@1.0.0 | which no plugin is given
(component (import "cordon:detection/hunts@1.0.0" (instance)))
