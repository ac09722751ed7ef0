;; contract: `configure` traps
;; ends: at load
;; says: `configure` trapped | unreachable
;; in configure:
unreachable
