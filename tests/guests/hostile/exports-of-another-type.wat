;; contract: exports functions of the contract's names under other types
;; ends: at load
;; says: `detect` is not the contract's
(component
  (core module $m (func (export "f")))
  (core instance $i (instantiate $m))
  (func (export "configure") (canon lift (core func $i "f")))
  (func (export "detect") (canon lift (core func $i "f"))))
