//! The listener: connections, TLS where it is configured, and limits that keep slow clients from piling up.
//!
//! Limits, each named when it is hit: `http.connections` at the same time; `http.header-seconds` for a TLS handshake and for
//! a request's head, which is also how long a connection may be idle; [`DRAIN`] for what is under way when the host stops.

mod tls;

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

pub use tls::{Tls, TlsError};

use super::{Api, routes};

/// How long the last requests may take once the host is told to stop.
pub const DRAIN: Duration = Duration::from_secs(30);
/// After a connection could not be accepted for want of something (files, memory).
const PAUSE: Duration = Duration::from_secs(1);
/// Connections too many that are told so at the same time; more are closed without a word.
const REFUSALS: usize = 64;
/// Between two lines of the log that say that there are too many connections.
const QUIET: Duration = Duration::from_secs(10);
/// The answer to a connection too many.
const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nconnection: close\r\n\
    retry-after: 5\r\ncontent-length: 71\r\n\r\n{\"error\":\"too many connections (`http.connections`): come again later\"}";

/// Where to listen, and with which limits.
pub struct Listening {
    /// Bound already.
    pub listener: TcpListener,
    /// HTTPS instead of HTTP.
    pub tls: Option<Arc<Tls>>,
    /// Connections at the same time.
    pub connections: usize,
    /// For a TLS handshake, and for a request's head.
    pub header: Duration,
}

/// Serves until `stop` is done, then finishes what is under way.
///
/// # Errors
/// None that is known: a connection that cannot be accepted is told to the log, and the next one is.
pub async fn serve(
    listening: Listening,
    api: Arc<Api>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let Listening { listener, tls, connections, header } = listening;
    let service = TowerToHyperService::new(routes::router(api));
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(connections));
    let refusals = Arc::new(Semaphore::new(REFUSALS));
    let mut stop = pin!(stop);
    let mut told: Option<Instant> = None;
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                if !is_of_the_client(&error) {
                    tracing::error!("a connection cannot be accepted: {error}");
                    tokio::select! {
                        () = &mut stop => break,
                        () = sleep(PAUSE) => {}
                    }
                }
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            if told.is_none_or(|at| at.elapsed() > QUIET) {
                tracing::warn!("{connections} connections are open (`http.connections`): the next ones are refused");
                told = Some(Instant::now());
            }
            if tls.is_none()
                && let Ok(place) = Arc::clone(&refusals).try_acquire_owned()
            {
                tokio::spawn(async move {
                    let _ = timeout(PAUSE, refuse(stream)).await;
                    drop(place);
                });
            }
            continue;
        };
        let (tls, service, watcher) = (tls.clone(), service.clone(), graceful.watcher());
        tokio::spawn(async move {
            connection(stream, tls, service, watcher, header).await;
            drop(place);
        });
    }
    drop(listener);
    if timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!(
            "requests were cut off that took more than {} s after the host was told to stop",
            DRAIN.as_secs()
        );
    }
    Ok(())
}

/// It went before it was accepted.
fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Says that it is one too many, and waits until that is read: closed with its request unread, the answer would be lost.
async fn refuse(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(TOO_MANY).await?;
    stream.shutdown().await?;
    let mut rest = [0; 1_024];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

async fn connection(
    stream: TcpStream,
    tls: Option<Arc<Tls>>,
    service: TowerToHyperService<Router>,
    watcher: Watcher,
    header: Duration,
) {
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return requests(stream, service, watcher, header).await };
    match timeout(header, tls.acceptor().accept(stream)).await {
        Ok(Ok(stream)) => requests(stream, service, watcher, header).await,
        Ok(Err(error)) => tracing::debug!("a TLS handshake failed: {error}"),
        Err(_) => tracing::debug!("a TLS handshake took more than {} s (`http.header-seconds`)", header.as_secs()),
    }
}

async fn requests(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    service: TowerToHyperService<Router>,
    watcher: Watcher,
    header: Duration,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(header);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        let limit = if error.is_timeout() { " (`http.header-seconds`)" } else { "" };
        tracing::debug!("a connection ended: {error}{limit}");
    }
}
