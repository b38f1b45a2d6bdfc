//! HTTP on what a listener brings: hyper's, which hangs up on whoever keeps silent.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::sync::watch;

/// Answers what a listener brings until it is to end, and what is under way then to its end. `patience` is how long the
/// head of a request may take, and how long a connection may be idle before the next.
pub(super) async fn serve_until<L>(
    mut listener: L,
    directory: Router,
    patience: Duration,
    mut ended: watch::Receiver<bool>,
) -> io::Result<()>
where
    L: Listener,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience);
    let (connections, service) = (GracefulShutdown::new(), TowerToHyperService::new(directory));
    loop {
        let stream = tokio::select! {
            (stream, _) = listener.accept() => stream,
            // An error says the same: the sender is gone.
            _ = ended.wait_for(|ended| *ended) => break,
        };
        let connection = http.serve_connection(TokioIo::new(stream), service.clone());
        // How a connection has ended is nobody else's concern.
        tokio::spawn(connections.watch(connection));
    }
    drop(listener);
    connections.shutdown().await;
    Ok(())
}

#[cfg(test)]
mod tests;
