//! A request's body as a blocking reader: one chunk in memory, a limit on its bytes, an end to waiting.

use std::io::{self, Read};
use std::time::Duration;

use axum::body::{Body, Bytes};
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;

/// Chunks between the network and the reader.
const CHUNKS: usize = 4;

/// See the module. To be read on a blocking thread.
pub(super) struct BodyReader {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    chunk: Bytes,
}

/// Reads a body on this task's runtime, handing it to the reader chunk by chunk.
pub(super) fn reader(body: Body, limit: u64, idle: Duration) -> BodyReader {
    let (to, chunks) = mpsc::channel(CHUNKS);
    tokio::spawn(async move {
        let mut body = body.into_data_stream();
        let mut left = limit;
        loop {
            let chunk = match tokio::time::timeout(idle, body.next()).await {
                Ok(None) => return,
                Ok(Some(Ok(chunk))) => chunk,
                Ok(Some(Err(error))) => return drop(to.send(Err(io::Error::other(error))).await),
                Err(_) => {
                    let reason = format!("no byte of the request came for {} s (`idle-seconds`)", idle.as_secs());
                    return drop(to.send(Err(io::Error::new(io::ErrorKind::TimedOut, reason))).await);
                }
            };
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
    BodyReader { chunks, chunk: Bytes::new() }
}

impl Read for BodyReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.chunks.blocking_recv() {
                None => return Ok(0),
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
