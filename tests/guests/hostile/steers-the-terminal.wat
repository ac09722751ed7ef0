;; contract: traps with a panic's message that would clear the reader's screen
;; ends: in trapped
;; says: panic at
;; in detect:
(call $write (i32.const 3) (i32.const 3000) (i32.const 25))
unreachable
;; in module:
(data (i32.const 3000) "panic at \1b[2J\1b]0;owned\07xx")
