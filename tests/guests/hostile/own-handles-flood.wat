;; contract: makes handles to a resource of its own without end
;; ends: in trapped
;; says: handle limit
(component
  (import "cordon:detection/types@1.0.0" (instance $types
    (type $f (variant (case "bad-settings" string) (case "bad-event" string) (case "other" string)))
    (export "failure" (type (eq $f)))))
  (import "cordon:detection/events@1.0.0" (instance $events (export "batch" (type (sub resource)))))
  (alias export $types "failure" (type $failure))
  (alias export $events "batch" (type $batch))
  (type $mine (resource (rep i32)))
  (core func $new (canon resource.new $mine))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (memory (export "memory") 2)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 65536))
    (func (export "configure") (param i32 i32) (result i32) (i32.const 0))
    (func (export "detect") (param i32) (result i32)
      (loop (drop (call $new (i32.const 1))) (br 0))
      (i32.const 0)))
  (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
  (func (export "configure") (param "load-settings" string) (result (result (error $failure)))
    (canon lift (core func $i "configure") (memory $i "memory") (realloc (func $i "realloc"))))
  (func (export "detect") (param "batch" (borrow $batch)) (result (result (error $failure)))
    (canon lift (core func $i "detect") (memory $i "memory") (realloc (func $i "realloc")))))
