//! What names a request, so that one that is sent again is taken once: its key, or its whole body.
//!
//! A key names it as long as the journal remembers it. A body without a key does so for a while only: equal bodies may
//! honestly come again (a heartbeat), though hardly within minutes. A request with a key is never compared by its body.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::Post;
use crate::ids::Digest;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RequestName {
    /// What nobody else may bring meanwhile.
    pub(super) claim: Option<Digest>,
    /// Under which it is known in the journal: the first is its own.
    pub(super) keys: Vec<Digest>,
}

impl RequestName {
    /// Of a request with a key, or with a body and so many microseconds for which that names it.
    pub(super) fn of(post: &Post, body: Option<Digest>, micros: i64) -> Self {
        if let Some(key) = &post.key {
            let key = Digest::of(key.as_bytes());
            return Self { claim: Some(key), keys: vec![key] };
        }
        let Some(body) = body.filter(|_| micros > 0) else { return Self::default() };
        let source = post.source.as_ref().map_or("", |source| source.as_str());
        let body = Digest::of_parts(&[b"body", source.as_bytes(), &body.0]);
        // The journal's keys have no end of their own: a span of time is part of the key, and the span before counts too.
        let span = post.received.div_euclid(micros);
        let key = |span: i64| Digest::of_parts(&[&body.0, &span.to_le_bytes()]);
        Self { claim: Some(body), keys: vec![key(span), key(span.saturating_sub(1))] }
    }
}

/// Reads a body and makes its digest on the way.
pub struct Digesting<R> {
    inner: R,
    hash: BodyDigest,
}

/// The digest of what was read until now.
#[derive(Clone, Default)]
pub struct BodyDigest(Arc<Mutex<Sha256>>);

impl<R> Digesting<R> {
    /// `way` is what the request says of its body elsewhere: the same body sent another way is another request.
    pub fn new(inner: R, way: &str) -> (Self, BodyDigest) {
        let hash = BodyDigest::default();
        if !way.is_empty() {
            hash.0.lock().unwrap_or_else(PoisonError::into_inner).update(Digest::of(way.as_bytes()).0);
        }
        (Self { inner, hash: hash.clone() }, hash)
    }
}

impl BodyDigest {
    pub(super) fn get(&self) -> Digest {
        Digest(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().finalize().into())
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        let mut hash = self.hash.0.lock().unwrap_or_else(PoisonError::into_inner);
        hash.update(out.get(..read).unwrap_or_default());
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Force;

    #[test]
    fn a_body_names_its_request_for_a_while_and_never_beside_a_key() {
        let post = |received, key: Option<&str>| Post {
            force: Force::new("avon").unwrap(),
            source: None,
            received,
            key: key.map(str::to_owned),
        };
        let body = Some(Digest::of(b"events"));
        let name = |received| RequestName::of(&post(received, None), body, 100);
        assert_eq!(name(100), name(199));
        assert!(name(250).keys.contains(&name(199).keys[0]), "known from one span to the next");
        assert!(!name(300).keys.contains(&name(199).keys[0]), "and no longer");
        assert_eq!(RequestName::of(&post(100, None), body, 0), RequestName::default());
        let keyed = RequestName::of(&post(100, Some("k")), body, 100);
        assert_eq!(keyed, RequestName { claim: Some(Digest::of(b"k")), keys: vec![Digest::of(b"k")] });
    }
}
