;; contract: `configure` calls itself without end
;; ends: at load by stack
;; says: `configure` hit the limit stack
;; in configure:
(call $deep)
;; in module:
(func $deep (call $deep))
