//! A signed POST. `cordon-signature: t=SECONDS,v1=HEX`: HMAC-SHA256 of the seconds since 1970 UTC, a full stop and the body, under
//! the contact's key. Who receives it refuses a `t` that is more than five minutes away, and takes an `idempotency-key` once.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{Note, Sent, body};
use crate::clock::now_micros;
use crate::ids::Digest;

/// How long the other side may take.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn send(url: &str, secret: &str, note: &Note, key: &Digest) -> Sent {
    let body = body(note, key).to_string();
    let seconds = now_micros().div_euclid(1_000_000);
    let Some(signature) = signature(secret, seconds, &body) else {
        return Sent::Never("the contact's key is damaged: add it again".into());
    };
    let agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).max_redirects(0).build().new_agent();
    let request = agent
        .post(url)
        .header("content-type", "application/json")
        .header("idempotency-key", key.to_string())
        .header("cordon-signature", format!("t={seconds},v1={signature}"));
    match request.send(body) {
        Ok(answer) if answer.status().is_success() => Sent::Done,
        // Of a redirection: whom it was signed for is not whom it would go to.
        Ok(answer) => Sent::Never(format!("it answered {}", answer.status().as_u16())),
        Err(ureq::Error::StatusCode(status @ (408 | 425 | 429 | 500..))) => {
            Sent::Later(format!("it answered {status}"))
        }
        Err(ureq::Error::StatusCode(status)) => Sent::Never(format!("it answered {status}")),
        Err(ureq::Error::BadUri(_)) => Sent::Never("its address is none".into()),
        Err(error) => Sent::Later(format!("it cannot be reached: {error}")),
    }
}

/// In hexadecimal; none where the key is none.
fn signature(secret: &str, seconds: i64, body: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&hex::decode(secret).ok()?).ok()?;
    mac.update(format!("{seconds}.{body}").as_bytes());
    Some(hex::encode(mac.finalize().into_bytes()))
}
