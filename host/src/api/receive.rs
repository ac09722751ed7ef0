//! What every way to send events begins with: whose they are, a turn to be read, the body as a reader.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_ENCODING;

use super::Api;
use super::answer::Refused;
use super::body::{self, BodyReader};
use super::turns::UnderWay;
use crate::identity::Caller;
use crate::intake::{Intake, Post};
use crate::model::SourceName;

/// How long a request waits for others to be read before it is told to come again.
const TURN: Duration = Duration::from_secs(5);

/// Bytes of a request's key at most.
const KEY: usize = 256;

/// A request that may be read now. Others wait until its body was read to its end.
pub(super) struct Received {
    pub(super) post: Post,
    pub(super) intake: Arc<Intake>,
    pub(super) body: BodyReader,
    /// To be kept until the answer.
    pub(super) under_way: UnderWay,
}

/// `source` is for protocols that name one for the whole request.
pub(super) async fn receive(
    api: &Api,
    caller: Caller,
    source: Option<SourceName>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Received, Refused> {
    let force = caller.force.ok_or_else(|| Refused::forbidden("this token belongs to no force"))?;
    let key = key(headers)?;
    encoding(headers)?;
    let (under_way, turn) = match tokio::time::timeout(TURN, api.at_once.take(&force)).await {
        Ok(Ok(turns)) => turns,
        Ok(Err(error)) => return Err(Refused::host(&error)),
        Err(_) => {
            api.intake.counts.answered("at-once");
            return Err(Refused::busy("too many requests are read at the same time (`at-once`): send again later"));
        }
    };
    let post = Post { force, source, received: crate::clock::now_micros(), key };
    let body = body::reader(body, api.body_bytes, api.idle, turn);
    Ok(Received { post, intake: Arc::clone(&api.intake), body, under_way })
}

/// What names the request when it is sent again.
fn key(headers: &HeaderMap) -> Result<Option<String>, Refused> {
    match headers.get("idempotency-key").map(|key| key.to_str()) {
        None => Ok(None),
        Some(Ok(key)) if (1..=KEY).contains(&key.len()) => Ok(Some(key.to_owned())),
        Some(_) => Err(Refused::bad(format!("Idempotency-Key: give 1 to {KEY} visible characters"))),
    }
}

/// Compression is known by a body's first bytes, so what is compressed and does not say so is read as well; what says that
/// it is compressed in a way that is not read here would only look broken.
fn encoding(headers: &HeaderMap) -> Result<(), Refused> {
    let Some(given) = headers.get(CONTENT_ENCODING) else { return Ok(()) };
    let given = String::from_utf8_lossy(given.as_bytes()).to_ascii_lowercase();
    match given.trim() {
        "" | "identity" | "gzip" | "x-gzip" | "zstd" => Ok(()),
        other => {
            let other: String = other.chars().take(80).collect();
            Err(Refused::unsupported(format!("Content-Encoding: `{other}` is not read: send gzip, zstd or identity")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_that_is_not_read_is_named() {
        let of = |value: &'static str| {
            encoding(&HeaderMap::from_iter([(CONTENT_ENCODING, value.parse().unwrap())]))
                .map_err(|refused| refused.reason().to_owned())
        };
        for value in ["gzip", "GZIP", "x-gzip", "zstd", "identity"] {
            assert_eq!(of(value), Ok(()), "{value}");
        }
        for value in ["br", "deflate", "gzip, gzip"] {
            assert!(of(value).unwrap_err().contains(value), "{value}");
        }
        assert!(encoding(&HeaderMap::new()).is_ok());
    }
}
