//! `synfin serve`: a directory over HTTP, on synfin's own TCP.
//!
//! What comes in: requests from this machine's kernel, and from whom it forwards for. What goes out: the
//! files. HTTP is hyper's and tower-http's, on our listener, with rustls's TLS between them where it is asked for.
//!
//! Left out on purpose: listings of directories, uploads.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::header::RANGE;
use axum::middleware::map_request;
use synfin::net::TcpListener;
use synfin::xdp::Xdp;
use synfin::{Builder, Config, KeepAlive, Stack};
use synfin_device::interface::Interface;
use tokio::runtime::{Handle, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower_http::services::ServeDir;

use crate::Failure;
use crate::args::ServeArgs;
use crate::link::{Link, single};

mod files;
mod http;
mod tls;
mod visitor;

use files::Files;
use http::serve_until;
use visitor::Visitors;

/// How long answers that are under way may take when the end has come.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A peer that has gone without a word is not waited for: it is asked after a minute, and given up another minute later.
const KEEP_ALIVE: KeepAlive =
    KeepAlive { idle: Duration::from_secs(60), interval: Duration::from_secs(15), probes: 4 };

/// The two addresses on the link; on an interface that is taken over, the other end's is the router's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) kernel: IpAddr,
    pub(crate) ours: IpAddr,
}

/// A stack that is to be made, what it is on, and how many threads drive it.
struct Plan {
    builder: Builder,
    interface: String,
    shards: u16,
}

/// Serves until a signal ends it.
pub(crate) fn serve(args: &ServeArgs) -> Result<ExitCode, Failure> {
    if !args.directory.is_dir() {
        let path = args.directory.display();
        return Err(Failure::call(format_args!("{path} is not a directory: give the one to serve")));
    }
    let tls = match args.tls.as_deref() {
        Some([certificate, key]) => Some(tls::acceptor(certificate, key)?),
        _ => None,
    };
    let ends = ends(args.listen.ip()).map_err(Failure::call)?;
    let plan = match &args.xdp {
        Some(interface) => on_interface(interface, ends)?,
        None => on_tun(args, ends)?,
    };
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtimes: io::Result<Vec<Runtime>> = (0..plan.shards).map(|_| runtime()).collect();
    serve_on(runtimes.map_err(fault)?, plan, args, tls)
}

/// With the kernel at the other end of a TUN.
fn on_tun(args: &ServeArgs, ends: Ends) -> Result<Plan, Failure> {
    let mut link = Link::open_queues(&args.tun, args.shards.into())?;
    link.up(&[ends.kernel])?;
    if !link.claim(ends.ours)? {
        let message = format_args!("{} is on another link already: choose another with --listen", ends.ours);
        return Err(Failure::call(message));
    }
    let interface = link.tun.name().to_owned();
    let builder = Stack::builder(link.tun).queues(link.queues).addresses([(ends.ours, single(ends.ours))]);
    Ok(Plan { builder, interface, shards: args.shards })
}

/// On an Ethernet interface that is taken from the kernel.
fn on_interface(name: &str, ends: Ends) -> Result<Plan, Failure> {
    let xdp = Xdp::builder(name).build().map_err(Failure::call)?;
    Interface::new(name).and_then(|mut interface| interface.up()).map_err(Failure::call)?;
    let prefix = if ends.ours.is_ipv4() { 24 } else { 64 };
    let mac = xdp.mac_address();
    let builder = Stack::builder(xdp).mac_address(mac).addresses([(ends.ours, prefix)]).gateway(ends.kernel);
    Ok(Plan { builder, interface: name.to_owned(), shards: 1 })
}

/// Serves by a thread for each runtime, of which this is the first: each has the connections of one shard, and nothing
/// that they do concerns another.
fn serve_on(
    mut runtimes: Vec<Runtime>,
    plan: Plan,
    args: &ServeArgs,
    tls: Option<TlsAcceptor>,
) -> Result<ExitCode, Failure> {
    let handles: Vec<Handle> = runtimes.iter().map(|runtime| runtime.handle().clone()).collect();
    let first = runtimes.remove(0);
    let config = Config { keep_alive: Some(KEEP_ALIVE), ..Config::default() };
    let stack = plan.builder.tcp(config).spawn_on(&handles).map_err(fault)?;
    let others: Vec<JoinHandle<()>> = runtimes.into_iter().map(|runtime| drive(runtime, &stack)).collect();
    let served = first.block_on(serve_all(&stack, &handles, args, tls, &plan.interface));
    // However it ended, the other threads end with the stack.
    stack.shutdown();
    let stopped = first.block_on(stack.stopped()).map_err(fault);
    for other in others {
        let _ = other.join();
    }
    served.and(stopped).map(|()| ExitCode::SUCCESS)
}

/// Has a thread of its own run what is spawned on a runtime, until the stack has stopped.
fn drive(runtime: Runtime, stack: &Stack) -> JoinHandle<()> {
    let stack = stack.clone();
    std::thread::spawn(move || {
        // Why it has stopped, the first thread tells.
        let _ = runtime.block_on(stack.stopped());
    })
}

/// Serves on all runtimes until a signal comes.
async fn serve_all(
    stack: &Stack,
    runtimes: &[Handle],
    args: &ServeArgs,
    tls: Option<TlsAcceptor>,
    name: &str,
) -> Result<(), Failure> {
    let listener = TcpListener::bind_on(stack, args.listen).await.map_err(fault)?;
    let local = listener.local_addr().map_err(fault)?;
    // Before the line below: whoever has read it may end us.
    let asked_to_end = asked_to_end().map_err(fault)?;
    eprintln!("synfin: serving {} at {} on {name}", args.directory.display(), url(local, tls.is_some()));

    let (directory, patience) = (directory(&args.directory), args.timeout);
    let (end, ended) = watch::channel(false);
    let mut servers = JoinSet::new();
    for (listener, runtime) in listener.by_shard().into_iter().zip(runtimes) {
        let (directory, ended) = (directory.clone(), ended.clone());
        let visitors = Visitors::new(listener, patience);
        match tls.clone() {
            Some(tls) => {
                servers.spawn_on(serve_until(tls::listen(tls, visitors), directory, patience, ended), runtime)
            }
            None => servers.spawn_on(serve_until(visitors, directory, patience, ended), runtime),
        };
    }
    tokio::select! {
        ended = all(&mut servers) => ended.map_err(fault),
        gone = stack.stopped() => gone.map_err(fault),
        () = asked_to_end => {
            end.send_replace(true);
            // What takes longer is cut off.
            let _ = tokio::time::timeout(LAST_WORDS, all(&mut servers)).await;
            Ok(())
        }
    }
}

/// What is answered.
fn directory(path: &Path) -> Router {
    let files = ServeDir::with_backend(path, Files::default());
    Router::new().fallback_service(files).layer(map_request(with_one_range_at_most))
}

/// Several ranges at once, which ServeDir refuses with 416, are answered as if none were asked for: by the whole file
/// (RFC 9110 section 14.2).
async fn with_one_range_at_most(mut request: Request) -> Request {
    let has_several = request.headers().get(RANGE).is_some_and(|range| range.as_bytes().contains(&b','));
    if has_several {
        request.headers_mut().remove(RANGE);
    }
    request
}

async fn all(servers: &mut JoinSet<io::Result<()>>) -> io::Result<()> {
    while let Some(ended) = servers.join_next().await {
        ended.map_err(io::Error::other)??;
    }
    Ok(())
}

fn fault(error: io::Error) -> Failure {
    Failure::fault(format_args!("cannot serve: {error}"))
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
pub(crate) fn url(address: SocketAddr, is_tls: bool) -> String {
    let (scheme, usual) = if is_tls { ("https", 443) } else { ("http", 80) };
    match address {
        SocketAddr::V6(address) if address.port() == usual => format!("{scheme}://[{}]/", address.ip()),
        address if address.port() == usual => format!("{scheme}://{}/", address.ip()),
        address => format!("{scheme}://{address}/"),
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
