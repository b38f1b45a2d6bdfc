//! TCP in user space, shaped like `tokio::net` and `std::net`.
//!
//! A [`Stack`] joins a [`Host`](synfin_host::Host), which is TCP/IP without I/O, to a
//! [`Device`], which carries packets. On a stack, [`net`] has the listeners, streams
//! and sockets that `tokio::net` has, with the same names, signatures and traits.
//!
//! ```
//! use synfin::net::{TcpListener, TcpStream};
//! use synfin::{Capabilities, Medium, Stack, memory};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! // Two machines in one process, with a cable between them.
//! let (left, right) = memory::pair(Capabilities::new(Medium::Ip, 1500, true), 64)?;
//! let left = Stack::builder(left).address("10.0.0.1/24").spawn()?;
//! let right = Stack::builder(right).address("10.0.0.2/24").spawn()?;
//!
//! let listener = TcpListener::bind_on(&right, "10.0.0.2:80").await?;
//! let server = tokio::spawn(async move {
//!     let (mut stream, peer) = listener.accept().await?;
//!     stream.write_all(format!("hello, {}", peer.ip()).as_bytes()).await
//! });
//!
//! let mut stream = TcpStream::connect_on(&left, "10.0.0.2:80").await?;
//! let mut text = String::new();
//! stream.read_to_string(&mut text).await?;
//! assert_eq!(text, "hello, 10.0.0.1");
//! # server.await?
//! # }
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`stack`] | [`Stack`]: a host on a device, and how it is made |
//! | [`net`] | TCP and UDP, shaped like `tokio::net` |
//! | [`blocking`] | the same shaped like `std::net` |
//! | [`forward`] | connections to any address, decided by who holds the [`Forwarder`](forward::Forwarder) |
//! | [`path`] | a seam for a path that loses, delays and corrupts |
//! | [`recorder`] | every packet, with the reason why it was sent or dropped |
//! | [`error`] | why a connection is gone, inside an [`io::Error`](std::io::Error) |

pub mod blocking;
mod driver;
pub mod error;
pub mod forward;
pub mod net;
pub mod path;
pub mod recorder;
pub mod stack;

pub use error::ConnectionClosed;
pub use stack::{Builder, Stack};
pub use synfin_device::{
    Capabilities, ChecksumOffload, Device, Medium, Offload, PacketIn, PacketOut, Segmentation,
    SegmentationKind, SoftwareOffload, Transmit, memory, tun, xdp,
};
/// The host inside a stack: for settings that are not named here, and for a driver of one's own.
pub use synfin_host as host;
pub use synfin_host::tcp::{
    AccEcnOption, CloseReason, Config, CongestionAlgorithm, DropReason, EcnConfig, EcnFeedback, EcnStatus,
    KeepAlive, Mss, MtuProbing, MtuProbingMode, MtuSearchStatus, OptionOrder, RecoveryState, SecondSegment,
    SlowStartExit, State, Status, UserTimeoutOption,
};
pub use synfin_host::{
    ConnectOptions, Counters, FastOpen, FastOpenConfig, FastOpenKeys, HostConfig, HostOffload, Limits,
    ListenFastOpen, ListenOptions, Md5Key, PacketDrop, PeerKeys, SynCookies,
};
