;; contract: imports something that another host may give
;; ends: at load
;; says: evil:things/here | which no plugin is given
(component (import "evil:things/here" (instance)))
