//! `synfin serve`: a directory over HTTP, on synfin's own TCP.
//!
//! What comes in: requests from this machine's kernel, and from whom it forwards for. What goes out: the
//! files. HTTP is axum's and tower-http's, on our listener.
//!
//! Left out on purpose: listings of directories, uploads.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt as _;
use synfin::Stack;
use synfin::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tower_http::services::ServeDir;

use crate::Failure;
use crate::args::ServeArgs;
use crate::link::{Link, single};

/// How long answers that are under way may take when the end has come.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The two addresses on the link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) kernel: IpAddr,
    pub(crate) ours: IpAddr,
}

/// Serves until a signal ends it.
pub(crate) fn serve(args: &ServeArgs) -> Result<ExitCode, Failure> {
    if !args.directory.is_dir() {
        let path = args.directory.display();
        return Err(Failure::call(format_args!("{path} is not a directory: give the one to serve")));
    }
    let ends = ends(args.listen.ip()).map_err(Failure::call)?;
    let mut link = Link::open(&args.tun)?;
    link.up(&[ends.kernel])?;
    if !link.claim(ends.ours)? {
        let message = format_args!("{} is on another link already: choose another with --listen", ends.ours);
        return Err(Failure::call(message));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::fault(format_args!("cannot wait for events: {error}")))?;
    runtime.block_on(serve_on(link, args, ends))
}

async fn serve_on(link: Link, args: &ServeArgs, ends: Ends) -> Result<ExitCode, Failure> {
    let fault = |error: io::Error| Failure::fault(format_args!("cannot serve: {error}"));
    let (name, address) = (link.tun.name().to_owned(), (ends.ours, single(ends.ours)));
    let stack = Stack::builder(link.tun).addresses([address]).spawn().map_err(fault)?;
    let listener = TcpListener::bind_on(&stack, args.listen).await.map_err(fault)?;
    let local = listener.local_addr().map_err(fault)?;
    // Before the line below: whoever has read it may end us.
    let asked_to_end = asked_to_end().map_err(fault)?;
    eprintln!("synfin: serving {} at {} on {name}", args.directory.display(), url(local));

    // A response is a head and a body, written one after the other: the second is not to wait for the
    // acknowledgment of the first (RFC 9293 MUST-17).
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let directory = Router::new().fallback_service(ServeDir::new(&args.directory));
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let server = axum::serve(listener, directory).with_graceful_shutdown(async {
        // An error says the same: the sender is gone.
        let _ = ended.await;
    });
    let mut server = std::pin::pin!(server.into_future());
    tokio::select! {
        result = &mut server => result.map_err(fault)?,
        gone = stack.stopped() => return gone.map(|()| ExitCode::SUCCESS).map_err(fault),
        () = asked_to_end => {
            drop(end);
            // What takes longer is cut off.
            let _ = tokio::time::timeout(LAST_WORDS, server).await;
        }
    }
    stack.shutdown();
    stack.stopped().await.map_err(fault)?;
    Ok(ExitCode::SUCCESS)
}

/// Ctrl-C, or what a supervisor sends.
pub(crate) fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// The address as a browser takes it.
pub(crate) fn url(address: SocketAddr) -> String {
    match (address, address.port()) {
        (SocketAddr::V6(address), 80) => format!("http://[{}]/", address.ip()),
        (address, 80) => format!("http://{}/", address.ip()),
        (address, _) => format!("http://{address}/"),
    }
}

/// The kernel gets the first address of the subnet in which `listen` is.
pub(crate) fn ends(listen: IpAddr) -> Result<Ends, String> {
    let (kernel, is_host): (IpAddr, bool) = match listen {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            let is_unicast = !address.is_loopback() && !address.is_multicast() && !matches!(a, 0 | 240..);
            (Ipv4Addr::new(a, b, c, 1).into(), is_unicast && (2..=254).contains(&d))
        }
        IpAddr::V6(address) => {
            let subnet = address.to_bits() & !u128::from(u64::MAX);
            let is_unicast = !address.is_multicast() && !address.is_unicast_link_local() && subnet != 0;
            (Ipv6Addr::from_bits(subnet | 1).into(), is_unicast && address.to_bits() - subnet >= 2)
        }
    };
    if is_host {
        return Ok(Ends { kernel, ours: listen });
    }
    Err(format!(
        "cannot listen on {listen}: the kernel needs an address beside it, the first of its subnet: \
         choose one like 10.0.0.2 or fd00::2"
    ))
}

#[cfg(test)]
mod tests;
