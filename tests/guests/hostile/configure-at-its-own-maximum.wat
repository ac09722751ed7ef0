;; contract: `configure` grows memory to its own declared maximum, where a snapshot has no room to look at it
;; ends: at load
;; says: a snapshot cannot carry it | two free pages
;; pages: 2
;; maximum: 4
;; in configure:
(drop (memory.grow (i32.const 2)))
