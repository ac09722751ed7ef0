//! The dialects of other products: how their clients show a token, and the form in which they are told no.
//!
//! A route of a dialect has one layer more than others, outside of the guard: it puts the token where the guard looks for it,
//! and gives what was refused further in the form that the product's clients know. What is allowed, the guard alone says.
//!
//! | | Elasticsearch | Splunk HEC |
//! | --- | --- | --- |
//! | token in `Authorization` | `Bearer TOKEN`, `ApiKey TOKEN` or `ApiKey BASE64(id:TOKEN)`, `Basic` with it as password | `Splunk TOKEN`, `Bearer TOKEN`, `Basic` with it as password |
//! | a refusal | `{"error": {"type", "reason"}, "status"}` | `{"text", "code", "reason"}` |

use axum::Json;
use axum::extract::Request;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::answer::Reason;

/// Whose clients a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Elastic,
    Hec,
}

impl Dialect {
    /// That of a route's path; none for our own.
    pub(super) fn of(path: &str) -> Option<Self> {
        match path {
            path if path.starts_with("/services/collector") => Some(Self::Hec),
            path if path == "/" || path.starts_with("/_") || path.ends_with("/_bulk") => Some(Self::Elastic),
            _ => None,
        }
    }
}

/// The layer.
pub(super) async fn speak(dialect: Dialect, mut request: Request, next: Next) -> Response {
    let token = token(request.headers());
    request.headers_mut().remove(AUTHORIZATION);
    let named = token.is_some();
    if let Some(Ok(value)) = token.map(|token| HeaderValue::from_str(&format!("Bearer {token}"))) {
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    let accepts = match dialect {
        Dialect::Elastic => compatible(request.headers()),
        Dialect::Hec => None,
    };
    let mut response = next.run(request).await;
    if let Some(Reason(reason)) = response.extensions_mut().remove::<Reason>() {
        let later = response.headers_mut().remove(RETRY_AFTER);
        response = match dialect {
            Dialect::Elastic => elastic(response.status(), &reason),
            Dialect::Hec => hec(response.status(), named, &reason),
        };
        // When to come again, where that helps.
        let status = response.status();
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            let later = later.unwrap_or(HeaderValue::from_static("1"));
            response.headers_mut().insert(RETRY_AFTER, later);
        }
    }
    if dialect == Dialect::Elastic {
        // Clients refuse to talk to a server without it.
        let product = (HeaderName::from_static("x-elastic-product"), HeaderValue::from_static("Elasticsearch"));
        response.headers_mut().insert(product.0, product.1);
        let json = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
        if let Some(accepts) = accepts.filter(|_| json) {
            response.headers_mut().insert(CONTENT_TYPE, accepts);
        }
    }
    response
}

/// The token in whatever form it is shown.
fn token(headers: &HeaderMap) -> Option<String> {
    let (scheme, rest) = headers.get(AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    let rest = rest.trim();
    let decoded = || STANDARD.decode(rest).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let behind_colon = |text: String| text.split_once(':').map(|(_, token)| token.to_owned());
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "splunk" => Some(rest.to_owned()),
        "apikey" => Some(decoded().and_then(behind_colon).unwrap_or_else(|| rest.to_owned())),
        "basic" => decoded().and_then(behind_colon),
        _ => None,
    }
}

/// The media type that clients of versions 8 and 9 ask for, and take nothing else.
fn compatible(headers: &HeaderMap) -> Option<HeaderValue> {
    let accepts = headers.get(ACCEPT)?.to_str().ok()?.to_ascii_lowercase();
    let (kind, version) = accepts.split(',').next()?.split_once(';')?;
    let version = version.trim().strip_prefix("compatible-with=")?.trim();
    let ours = kind.trim() == "application/vnd.elasticsearch+json" && matches!(version, "7" | "8" | "9");
    ours.then(|| HeaderValue::from_str(&format!("application/vnd.elasticsearch+json;compatible-with={version}")).ok())?
}

fn elastic(status: StatusCode, reason: &str) -> Response {
    let class = match status.as_u16() {
        401 | 403 => "security_exception",
        413 => "content_too_long_exception",
        415 => "media_type_header_exception",
        429 => "es_rejected_execution_exception",
        500.. => "unavailable_shards_exception",
        _ => "illegal_argument_exception",
    };
    let cause = json!({ "type": class, "reason": reason });
    let error = json!({ "root_cause": [cause], "type": class, "reason": reason });
    let mut response = (status, Json(json!({ "error": error, "status": status.as_u16() }))).into_response();
    if status == StatusCode::UNAUTHORIZED {
        // Some clients show a password only when they are asked for one.
        for scheme in ["Basic realm=\"cordon\", charset=\"UTF-8\"", "Bearer realm=\"cordon\"", "ApiKey"] {
            response.headers_mut().append(WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
        }
    }
    response
}

/// `named`: the request had a token.
fn hec(status: StatusCode, named: bool, reason: &str) -> Response {
    let (status, code, text) = match status.as_u16() {
        401 if !named => (status, 2, "Token is required"),
        401 | 403 => (StatusCode::FORBIDDEN, 4, "Invalid token"),
        // What is full is full for now: clients send again on a 503 and give up on others.
        429 | 507 => (StatusCode::SERVICE_UNAVAILABLE, 9, "Server is busy"),
        500.. => (status, 8, "Internal server error"),
        _ => (status, 6, "Invalid data format"),
    };
    (status, Json(answer(text, code, reason))).into_response()
}

/// HEC's form of an answer, with the reason for people.
pub(super) fn answer(text: &str, code: u8, reason: &str) -> Value {
    json!({ "text": text, "code": code, "reason": reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn a_token_is_found_in_every_form_that_clients_use() {
        let pair = STANDARD.encode("shipper:cordon_1:2");
        for (given, expected) in [
            ("Bearer cordon_1", Some("cordon_1")),
            ("bearer  cordon_1 ", Some("cordon_1")),
            ("Splunk cordon_1", Some("cordon_1")),
            ("ApiKey cordon_1", Some("cordon_1")),
            (&format!("ApiKey {pair}"), Some("cordon_1:2")),
            (&format!("Basic {pair}"), Some("cordon_1:2")),
            ("Basic cordon_1", None),
            ("Digest x", None),
            ("cordon_1", None),
        ] {
            assert_eq!(token(&headers(AUTHORIZATION, given)).as_deref(), expected, "{given}");
        }
        assert_eq!(token(&HeaderMap::new()), None);
    }

    #[test]
    fn the_media_type_of_versions_8_and_9_is_given_back() {
        let of = |value: &str| compatible(&headers(ACCEPT, value));
        for version in ["8", "9"] {
            let asked = format!("application/vnd.elasticsearch+json; compatible-with={version}");
            let given = format!("application/vnd.elasticsearch+json;compatible-with={version}");
            assert_eq!(of(&asked).unwrap(), given);
        }
        for other in ["*/*", "application/json", "application/vnd.elasticsearch+json; compatible-with=77", "x;y"] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn only_routes_of_other_products_speak_a_dialect() {
        for path in ["/", "/_bulk", "/{index}/_bulk", "/_license"] {
            assert_eq!(Dialect::of(path), Some(Dialect::Elastic), "{path}");
        }
        assert_eq!(Dialect::of("/services/collector/raw"), Some(Dialect::Hec));
        for path in ["/v1/events", "/v1/events/{source}", "/healthz", "/metrics"] {
            assert_eq!(Dialect::of(path), None, "{path}");
        }
    }
}
