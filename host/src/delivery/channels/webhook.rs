//! A signed POST. `cordon-signature: t=SECONDS,v1=HEX`: HMAC-SHA256 of the seconds since 1970 UTC, a full stop and the body, under
//! the contact's key. Who receives it refuses a `t` that is more than five minutes away, and takes an `idempotency-key` once.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::Sent;
use super::http::Http;
use crate::clock::now_micros;
use crate::ids::Digest;

pub(super) fn send(http: &Http, url: &str, secret: &str, body: &str, key: &Digest) -> Sent {
    let seconds = now_micros().div_euclid(1_000_000);
    let Some(signature) = signature(secret, seconds, body) else {
        return Sent::Never("the contact's key is damaged: add it again".into());
    };
    let signed = ("cordon-signature", format!("t={seconds},v1={signature}"));
    http.post(url, &[("idempotency-key", key.to_string()), signed], body)
}

/// In hexadecimal; none where the key is none.
fn signature(secret: &str, seconds: i64, body: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&hex::decode(secret).ok()?).ok()?;
    mac.update(format!("{seconds}.{body}").as_bytes());
    Some(hex::encode(mac.finalize().into_bytes()))
}
