;; contract: keeps modules in a nested component, which a snapshot cannot carry
;; ends: at load
;; says: cannot be snapshotted | nested components with modules
(component
  (component $inner
    (core module $m (func (export "f")))
    (core instance $i (instantiate $m))
    (func (export "f") (canon lift (core func $i "f"))))
  (instance $one (instantiate $inner))
  (export "configure" (func $one "f"))
  (export "detect" (func $one "f")))
