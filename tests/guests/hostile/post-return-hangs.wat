;; contract: answers, then never gives its answer's memory back
;; ends: in out-of-time by cpu-time
;; in module:
(func (export "cabi_post_detect") (param i32) (loop (br 0)))
