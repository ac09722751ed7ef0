;; contract: declares one table element more than a plugin may have
;; ends: at load by table-elements
;; says: more than its 20000 table elements
;; in module:
(table 20001 funcref)
