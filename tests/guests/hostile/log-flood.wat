;; contract: logs without end
;; ends: in bad-output by log-bytes
;; says: logged more than 65536 bytes
;; in detect:
(loop (call $write (i32.const 1) (i32.const 65536) (i32.const 8192)) (br 0))
