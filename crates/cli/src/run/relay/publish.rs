//! `--publish`: ports of this machine that lead to the command's.

use std::io::{Error, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use nix::errno::Errno;
use synfin::Stack;
use synfin::net as inside;
use synfin_host::ConnectOptions;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::dial::prepare;
use super::tcp::{Open, abort, join};
use crate::Failure;
use crate::args::Publish;
use crate::run::addresses::{COMMAND_V4, HOST_V4};

/// How long to wait before accepting again when that has failed.
const PAUSE: Duration = Duration::from_millis(50);

/// A port outside, bound, and where it leads.
pub(super) struct Published {
    listeners: Vec<TcpListener>,
    inside: u16,
}

impl Published {
    /// Binds the port on the address that was named, or else on both loopback addresses, of which IPv6's may be missing
    /// on this machine.
    pub(super) async fn bind(publish: Publish) -> Result<Self, Failure> {
        let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let mut listeners = Vec::new();
        for &address in publish.address.as_ref().map_or(&loopback[..], std::slice::from_ref) {
            let may_be_missing = publish.address.is_none() && address.is_ipv6();
            match TcpListener::bind((address, publish.outside)).await {
                Ok(listener) => listeners.push(listener),
                Err(error) if may_be_missing && is_without_ipv6(&error) => {}
                Err(error) => return Err(cannot(publish.outside, address, &error)),
            }
        }
        Ok(Self { listeners, inside: publish.inside })
    }

    /// Accepts outside, connects inside.
    pub(super) async fn serve(self, stack: Stack, open: Open) {
        let mut tasks = JoinSet::new();
        for listener in self.listeners {
            let (stack, port, open) = (stack.clone(), self.inside, open.clone());
            tasks.spawn(async move {
                let mut connections = JoinSet::new();
                loop {
                    tokio::select! {
                        accepted = listener.accept() => match accepted {
                            Ok((there, _)) => {
                                connections.spawn(lead_in(stack.clone(), port, there, open.clone()));
                            }
                            // No descriptors left, most likely: others may end soon.
                            Err(_) => tokio::time::sleep(PAUSE).await,
                        },
                        Some(_) = connections.join_next() => {}
                    }
                }
            });
        }
        while tasks.join_next().await.is_some() {}
    }
}

fn cannot(port: u16, address: IpAddr, error: &Error) -> Failure {
    let remedy = match error.kind() {
        ErrorKind::PermissionDenied => "ports below 1024 take root: choose another, like 8080",
        ErrorKind::AddrNotAvailable => "choose an address that this machine has",
        _ => "choose another, or end what listens there",
    };
    Failure::call(format_args!("cannot publish port {port} of {address}: {error}: {remedy}"))
}

/// The kernel was started without it, or an interface is told to leave it off.
fn is_without_ipv6(error: &Error) -> bool {
    let number = error.raw_os_error().map(Errno::from_raw);
    matches!(number, Some(Errno::EAFNOSUPPORT | Errno::EADDRNOTAVAIL))
}

async fn lead_in(stack: Stack, port: u16, there: TcpStream, open: Open) {
    let command = SocketAddr::from((COMMAND_V4, port));
    prepare(&there);
    let options = ConnectOptions { local: Some((HOST_V4, 0).into()), ..ConnectOptions::default() };
    match inside::TcpStream::open(&stack, command, options).await {
        Ok(here) => join(here, there, &open).await,
        // This machine's kernel has accepted already; an RST is as near to "refused" as can be had.
        Err(_) => abort(&there),
    }
}
