//! `cordon alert watch`

use std::io::{self, Write};
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::answer::{of, time};
use crate::cli::exit::{self, Exit};
use crate::cli::{Format, client, out};
use crate::findings::text::safe;

/// Bytes of one event of the stream.
const MOST: usize = 4 << 20;
/// Between two tries to reach the host again.
const PAUSE: Duration = Duration::from_secs(1);

/// Show what becomes of alerts as it happens, until Ctrl-C
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon alert watch
  cordon alert watch --for avon --format json           one object a line, as it comes
  cordon alert watch --after 0 --limit 10               the first ten changes that are kept

Where the host goes away it is tried again each second, and nothing is missed.

Exit codes: 0 as many as --limit says, 2 refused")]
pub(super) struct Watch {
    /// A force
    #[arg(long = "for", value_name = "NAME")]
    force: Option<String>,
    /// From behind this change, instead of from now on
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
    /// End after so many
    #[arg(long, value_name = "COUNT")]
    limit: Option<u64>,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Watch) -> Result<Exit> {
    let client = args.client.client()?;
    let force = args.force.as_deref().map_or_else(String::new, |force| format!("for={}&", client::in_url(force)));
    let left = args.limit.unwrap_or(u64::MAX);
    let mut shown = Shown { line: Vec::new(), event: Event::default(), last: args.after, left, format: args.format };
    let mut reached = false;
    while shown.left > 0 {
        let after = shown.last.map_or_else(String::new, |after| format!("after={after}"));
        match client.download(&format!("/v1/alerts/stream?{force}{after}"), &mut shown) {
            _ if shown.left == 0 => break,
            Ok(_) => reached = true,
            Err(error) if reached || shown.last != args.after => eprintln!("{error:#}; tried again"),
            Err(error) => return Err(error),
        }
        shown.line.clear();
        shown.event = Event::default();
        std::thread::sleep(PAUSE);
    }
    Ok(Exit::Done)
}

/// What has come of one event.
#[derive(Default)]
struct Event {
    id: Option<u64>,
    data: String,
}

/// Takes the stream's bytes, shows each event that is whole.
struct Shown {
    line: Vec<u8>,
    event: Event,
    last: Option<u64>,
    left: u64,
    format: Format,
}

impl Shown {
    fn take(&mut self, line: &str) -> io::Result<()> {
        if let Some(data) = line.strip_prefix("data:") {
            self.event.data.push_str(data.trim_start());
        } else if let Some(id) = line.strip_prefix("id:") {
            self.event.id = id.trim().parse().ok();
        } else if line.is_empty() {
            let Event { id, data } = std::mem::take(&mut self.event);
            if let (Some(id), Ok(value)) = (id, serde_json::from_str::<Value>(&data)) {
                self.show(id, &value)?;
                (self.last, self.left) = (Some(id), self.left - 1);
                if self.left == 0 {
                    return Err(io::Error::other("as many as were asked for"));
                }
            }
        }
        Ok(())
    }

    fn show(&self, id: u64, value: &Value) -> io::Result<()> {
        let mut out = out();
        let null = Value::Null;
        let (alert, change) = (value.get("alert").unwrap_or(&null), value.get("change").unwrap_or(&null));
        if self.format == Format::Json {
            return writeln!(out, "{}", json!({ "number": id, "alert": alert, "change": change }))
                .and_then(|()| out.flush());
        }
        let note = of(change, "note");
        let note = if note.is_empty() { note } else { format!(": {}", safe(&note)) };
        writeln!(
            out,
            "{} {:<20} {:<13} {:<12} {}{note}",
            time(change, "at"),
            of(alert, "reference"),
            of(alert, "severity"),
            of(change, "kind"),
            of(alert, "title"),
        )?;
        out.flush()
    }
}

impl Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            if *byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                self.take(String::from_utf8_lossy(&line).trim_end_matches('\r'))?;
            } else if self.line.len() + self.event.data.len() < MOST {
                self.line.push(*byte);
            } else {
                return Err(io::Error::other(format!("an event of over {MOST} bytes")));
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
