//! A progress bar on standard error, only where that is a terminal.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::text;
use crate::events::Input;
use crate::wiring::Progress;

/// How often a bar that counts time is drawn.
const TICK: Duration = Duration::from_millis(200);

/// A bar, or nothing to look at.
pub(super) struct Bar {
    bar: ProgressBar,
    progress: Arc<Progress>,
}

/// So many things, one after the other.
pub(super) fn count(things: u64, one: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(things), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(&format!("{{bar:30}} {{pos}} of {{len}} {one}s")) {
        bar.set_style(style);
    }
    bar
}

/// So long, with a message of what is going on.
pub(super) fn clock(time: Duration) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(&format!("{{spinner}} {{elapsed}} of {}s  {{msg}}", time.as_secs()))
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TICK);
    bar
}

/// For these inputs. Without all their sizes it counts only.
pub(super) fn bar(inputs: &[Input], progress: Arc<Progress>) -> Bar {
    let sizes: Option<u64> = inputs
        .iter()
        .map(|input| match input {
            Input::File(path) => std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|m| m.len()),
            Input::Stdin => None,
        })
        .sum();
    let bar = ProgressBar::with_draw_target(sizes, ProgressDrawTarget::stderr());
    let template = if sizes.is_some() { "{bar:30} {percent:>3}%  {msg}" } else { "{spinner}  {msg}" };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    Bar { bar, progress }
}

impl Bar {
    pub(super) fn update(&self) {
        if self.bar.is_hidden() {
            return;
        }
        let events = self.progress.events.load(Ordering::Relaxed);
        self.bar.set_position(self.progress.bytes.load(Ordering::Relaxed));
        let seconds = self.bar.elapsed().as_secs_f64().max(0.001);
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let rate = (events as f64 / seconds) as u64;
        self.bar.set_message(format!("{}, {}/s", text::plural(events, "event"), text::count(rate)));
    }

    /// Something else is written meanwhile.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
