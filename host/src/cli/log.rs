//! What the live host writes to standard error while it runs: for people, or one JSON object a line. Its level changes live.

use crate::config::{LogConfig, LogFormat, LogLevel};
use tracing_subscriber::EnvFilter;

/// See the module.
pub(super) struct Log {
    level: Box<dyn Fn(LogLevel) + Send + Sync>,
}

impl Log {
    /// Starts the log of this process.
    pub(super) fn start(config: &LogConfig) -> Self {
        let builder = tracing_subscriber::fmt()
            .with_writer(std::io::stderr)
            .with_target(false)
            .with_env_filter(filter(config.level));
        match config.format {
            LogFormat::Human => {
                let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
                let builder = builder.with_ansi(is_terminal).with_filter_reloading();
                let handle = builder.reload_handle();
                let _ = builder.try_init();
                Self { level: Box::new(move |level| handle.reload(filter(level)).unwrap_or_default()) }
            }
            LogFormat::Json => {
                let builder = builder.with_ansi(false).json().flatten_event(true).with_current_span(false);
                let builder = builder.with_span_list(false).with_filter_reloading();
                let handle = builder.reload_handle();
                let _ = builder.try_init();
                Self { level: Box::new(move |level| handle.reload(filter(level)).unwrap_or_default()) }
            }
        }
    }

    /// What is grave enough from now on.
    pub(super) fn set(&self, level: LogLevel) {
        (self.level)(level);
    }
}

fn filter(level: LogLevel) -> EnvFilter {
    EnvFilter::new(match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
    })
}
