//! `synfin connect`: netcat over synfin's own TCP.
//!
//! What comes in: standard input, and what the peer sends. What goes out: each to the other, and the end of
//! each as the end of the other.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use bytes::BytesMut;
use synfin::net::{TcpStream, lookup_host};
use synfin::{Config, Stack, State};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::signal::unix::{SignalKind, signal};

use crate::Failure;
use crate::args::{ConnectArgs, HostPort};
use crate::link::{Link, has_ipv6, must_have_ipv6, single};
use crate::out::cannot_print;

/// The kernel's end.
const KERNEL_V4: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const KERNEL_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1);
/// The same where another interface has those in its network: out of what is for measurements (RFC 2544 appendix C.2.2), and
/// a global ID that was drawn (RFC 4193 section 3.2.2).
const OTHER_KERNEL_V4: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);
const OTHER_KERNEL_V6: Ipv6Addr = Ipv6Addr::new(0xfd5e, 0x93c1, 0x7a2e, 0, 0, 0, 0, 1);
/// What may be our end's last octet: 2 is where `synfin serve` listens.
const OURS: std::ops::RangeInclusive<u8> = 3..=254;

/// The most octets taken at once, from either side.
const READ: usize = 256 * 1024;
/// How long the peer may take to acknowledge our end of the stream.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// A peer that is there has answered by then; if there is none, the user should not have to guess for minutes.
const SILENCE: Duration = Duration::from_secs(3);
/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(1);

/// Connects, and carries octets until both directions have ended.
pub(crate) fn connect(args: &ConnectArgs) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::fault(format_args!("cannot wait for events: {error}")))?;
    let outcome = runtime.block_on(async {
        let addresses = resolve(&args.destination).await?;
        let stack = join(&args.tun, Config::default(), &addresses)?;
        let mut conversation = pin!(converse(&stack, &args.destination, &addresses));
        let outcome = tokio::select! {
            outcome = &mut conversation => outcome,
            status = interrupted() => status,
        };
        // Whatever is still open is reset, and before it is dropped, which would be a farewell.
        stack.shutdown();
        let _ = stack.stopped().await;
        outcome
    });
    // A read of standard input cannot be called off, and need not be waited for.
    runtime.shutdown_background();
    outcome
}

/// The addresses of the destination, as the system knows them.
pub(crate) async fn resolve(HostPort { host, port }: &HostPort) -> Result<Vec<SocketAddr>, Failure> {
    let found = lookup_host((host.as_str(), *port)).await;
    let addresses: Vec<_> = found
        .map_err(|error| Failure::fault(format_args!("cannot find the address of {host}: {error}")))?
        .collect();
    if addresses.iter().all(|address| address.ip().is_loopback()) {
        let message = format_args!(
            "{host} is this machine's loopback, which no link leads to: use {KERNEL_V4} or [{KERNEL_V6}], \
             where what listens on all addresses answers"
        );
        return Err(Failure::call(message));
    }
    Ok(addresses)
}

/// A stack on a link of its own, for connections to these addresses.
pub(crate) fn join(name: &str, config: Config, destinations: &[SocketAddr]) -> Result<Stack, Failure> {
    let mut link = Link::open(name)?;
    if destinations.iter().all(SocketAddr::is_ipv6) {
        must_have_ipv6(link.tun.name())?;
    }
    let has_ipv6 = has_ipv6(link.tun.name());
    let mut kernel = vec![kernels_end(&link, [KERNEL_V4.into(), OTHER_KERNEL_V4.into()])?];
    if has_ipv6 {
        kernel.push(kernels_end(&link, [KERNEL_V6.into(), OTHER_KERNEL_V6.into()])?);
    }
    link.up(&kernel)?;
    let mut ours = Vec::new();
    for kernel in kernel {
        let free = free_address(&mut link, kernel)?;
        ours.push((free, single(free)));
    }
    Stack::builder(link.tun)
        .addresses(ours)
        .tcp(config)
        .spawn()
        .map_err(|error| Failure::fault(format_args!("cannot begin a network: {error}")))
}

/// The first of two, or the other where that is in somebody else's network, of which the user is told.
fn kernels_end(link: &Link, [first, other]: [IpAddr; 2]) -> Result<IpAddr, Failure> {
    let Some(owner) = link.owner(first)? else { return Ok(first) };
    eprintln!(
        "synfin: {first} is in the network of {owner}: on the link this machine's kernel is {other} instead"
    );
    Ok(other)
}

/// The first address beside the kernel's that no other link has.
fn free_address(link: &mut Link, kernel: IpAddr) -> Result<IpAddr, Failure> {
    for last in OURS {
        let address = beside(kernel, last);
        if link.claim(address)? {
            return Ok(address);
        }
    }
    Err(Failure::call(format_args!("every address beside {kernel} is on another link: end one of those")))
}

/// The address that differs in the last octet.
fn beside(address: IpAddr, last: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Ipv4Addr::new(a, b, c, last).into()
        }
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !0xff | u128::from(last)).into(),
    }
}

/// Connects to the first address that answers. While none does, the user is told what may be missing.
pub(crate) async fn open(
    stack: &Stack,
    HostPort { host, port }: &HostPort,
    addresses: &[SocketAddr],
) -> io::Result<TcpStream> {
    let mut connecting = pin!(TcpStream::connect_on(stack, addresses));
    if let Ok(connected) = tokio::time::timeout(SILENCE, &mut connecting).await {
        return connected;
    }
    eprintln!(
        "synfin: {host} port {port} does not answer: trying on. Beyond this machine's own addresses its kernel has to \
         forward, there and back (sysctl net.ipv4.ip_forward, net.ipv6.conf.all.forwarding)"
    );
    connecting.await
}

/// One connection, from SYN to FIN.
async fn converse(
    stack: &Stack,
    destination: &HostPort,
    addresses: &[SocketAddr],
) -> Result<ExitCode, Failure> {
    let HostPort { host, port } = destination;
    let failed = |what: &str, error: &io::Error| {
        // The first words are those that every program uses; ours say more.
        Failure::fault(format_args!("{what} {host} port {port}: {}: {error}", error.kind()))
    };
    let stream =
        open(stack, destination, addresses).await.map_err(|error| failed("cannot connect to", &error))?;
    let stream = carry(stream).await.map_err(|broken| match broken {
        Broken::Connection(error) => failed("lost the connection to", &error),
        Broken::Input(error) => Failure::fault(format_args!("standard input cannot be read: {error}")),
        Broken::Output(error) => cannot_print(&error),
    })?;
    let settled = async {
        while !matches!(
            stream.status().map(|status| status.state),
            None | Some(State::TimeWait | State::Closed)
        ) {
            tokio::time::sleep(LOOK).await;
        }
    };
    let _ = tokio::time::timeout(LAST_WORDS, settled).await;
    Ok(ExitCode::SUCCESS)
}

/// What has broken between standard input, the connection and standard output.
enum Broken {
    Connection(io::Error),
    Input(io::Error),
    Output(io::Error),
}

async fn carry(stream: TcpStream) -> Result<TcpStream, Broken> {
    let (mut reader, mut writer) = stream.into_split();
    let there = async {
        let (mut input, mut buffer) = (tokio::io::stdin(), BytesMut::new());
        loop {
            buffer.reserve(READ);
            if input.read_buf(&mut buffer).await.map_err(Broken::Input)? == 0 {
                return writer.shutdown().await.map_err(Broken::Connection);
            }
            writer.send_bytes(buffer.split().freeze()).await.map_err(Broken::Connection)?;
        }
    };
    let back = async {
        let mut output = tokio::io::stdout();
        while let Some(bytes) = reader.receive_bytes(READ).await.map_err(Broken::Connection)? {
            output.write_all(&bytes).await.map_err(Broken::Output)?;
            output.flush().await.map_err(Broken::Output)?;
        }
        Ok(())
    };
    tokio::try_join!(there, back)?;
    reader.reunite(writer).map_err(|error| Broken::Connection(io::Error::other(error)))
}

/// Ends when a signal does that would have killed us, with the status that a shell gives for it.
pub(crate) async fn interrupted() -> Result<ExitCode, Failure> {
    let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
    let cannot = |error| Failure::fault(format_args!("cannot handle signals: {error}"));
    let mut interrupts = signal(interrupt).map_err(cannot)?;
    let mut terminations = signal(terminate).map_err(cannot)?;
    let kind = tokio::select! {
        _ = interrupts.recv() => interrupt,
        _ = terminations.recv() => terminate,
    };
    Ok(ExitCode::from(128 + kind.as_raw_value() as u8))
}
