;; contract: `configure` asks for a force's settings, which the snapshot would carry to all others
;; ends: at load
;; says: settings@1.0.0#get | until the snapshot
;; in configure:
(call $settings (i32.const 64))
