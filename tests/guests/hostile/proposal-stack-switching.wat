;; contract: uses stack switching, which is off
;; ends: at load
;; says: no valid component for this host
;; in module:
(type $ft (func))
(type $ct (cont $ft))
(func $f)
(elem declare func $f)
(func (drop (cont.new $ct (ref.func $f))))
