;; contract: uses vector instructions that differ from machine to machine, which is off
;; ends: at load
;; says: no valid component for this host
;; in module:
(func (param v128 v128 v128) (result v128) (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))
