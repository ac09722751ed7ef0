//! The few colours. anstream takes them away where standard output or error is no terminal, and for `NO_COLOR`.

use anstyle::{AnsiColor, Reset, Style};

/// Back to plain.
pub(super) const OFF: Reset = Reset;
/// What went wrong.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Names and titles.
pub(super) const STRONG: Style = Style::new().bold();
/// What may be overlooked.
pub(super) const DIM: Style = Style::new().dimmed();
/// What should be looked at.
pub(super) const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// What holds.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// Nothing special.
pub(super) const PLAIN: Style = Style::new();
