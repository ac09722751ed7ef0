//! A request's body as a blocking reader: one chunk in memory, a limit on its bytes, an end to waiting. With the last of it the
//! request's turn is given to another.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;

use super::turns::Turn;

/// Chunks between the network and the reader.
const CHUNKS: usize = 4;
/// Bytes that each second of waiting has to bring, or a sender that trickles would keep a turn for hours.
const LEAST_RATE: u64 = 1 << 10;

/// See the module. To be read on a blocking thread.
pub(super) struct BodyReader {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    chunk: Bytes,
    /// None once the body was read to its end.
    turn: Option<Turn>,
}

/// Reads a body on this task's runtime, handing it to the reader chunk by chunk.
pub(super) fn reader(body: Body, limit: u64, idle: Duration, turn: Turn) -> BodyReader {
    let (to, chunks) = mpsc::channel(CHUNKS);
    tokio::spawn(async move {
        let mut body = body.into_data_stream();
        let (mut left, mut waited) = (limit, Duration::ZERO);
        loop {
            let since = Instant::now();
            let chunk = match tokio::time::timeout(idle, body.next()).await {
                Ok(None) => return,
                Ok(Some(Ok(chunk))) => chunk,
                Ok(Some(Err(error))) => return drop(to.send(Err(io::Error::other(error))).await),
                Err(_) => {
                    let reason = format!("no byte of the request came for {} s (`idle-seconds`)", idle.as_secs());
                    return drop(to.send(Err(io::Error::new(io::ErrorKind::TimedOut, reason))).await);
                }
            };
            // Only the sender's time counts, not that of a reader which is behind.
            waited += since.elapsed();
            let due = waited.saturating_sub(idle).as_secs() * LEAST_RATE;
            if limit - left + (chunk.len() as u64) < due {
                let reason = format!(
                    "the request came too slowly: less than {LEAST_RATE} bytes/s after the first {} s (`idle-seconds`)",
                    idle.as_secs()
                );
                return drop(to.send(Err(io::Error::new(io::ErrorKind::TimedOut, reason))).await);
            }
            match left.checked_sub(chunk.len() as u64) {
                Some(rest) => left = rest,
                None => {
                    let reason = format!("the request has more than {limit} bytes (`request-mib`)");
                    return drop(to.send(Err(io::Error::other(reason))).await);
                }
            }
            if to.send(Ok(chunk)).await.is_err() {
                return;
            }
        }
    });
    BodyReader { chunks, chunk: Bytes::new(), turn: Some(turn) }
}

impl Read for BodyReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.chunks.blocking_recv() {
                None => {
                    self.turn = None;
                    return Ok(0);
                }
                Some(chunk) => self.chunk = chunk?,
            }
        }
        let taken = self.chunk.split_to(self.chunk.len().min(out.len()));
        if let Some(out) = out.get_mut(..taken.len()) {
            out.copy_from_slice(&taken);
        }
        Ok(taken.len())
    }
}
