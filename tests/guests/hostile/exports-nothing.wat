;; contract: exports nothing
;; ends: at load
;; says: exports no function `configure` | detector@1.0.0
(component)
