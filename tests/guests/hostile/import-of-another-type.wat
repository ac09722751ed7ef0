;; contract: imports a function of the contract under another type
;; ends: at load
;; says: its imports do not match the contract
(component
  (import "cordon:detection/settings@1.0.0" (instance (export "get" (func (result u32)))))
  (core module $m (func (export "f")))
  (core instance $i (instantiate $m))
  (func (export "configure") (canon lift (core func $i "f")))
  (func (export "detect") (canon lift (core func $i "f"))))
