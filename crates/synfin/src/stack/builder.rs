//! How a stack is made.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use synfin_device::{Capabilities, Device, SoftwareOffload};
use synfin_host::{FastOpenConfig, Host, HostConfig, HostOffload, MacAddress, PortShare};
use tokio::runtime::Handle;

use super::Stack;
use crate::Config;
use crate::driver::{Clock, Driver, Inbox, Link, OpenedPorts, Peers, Shared, State, Steering};
use crate::path::Path;
use crate::recorder::{self, Recorder};

/// IPv6 and TCP headers with all options: what a super-segment needs beside its text.
const LONGEST_HEADERS: usize = 100;

/// As many queues as the kernel gives a TUN (`MAX_TAP_QUEUES`).
const MAX_SHARDS: usize = 256;

/// The settings of a stack. See [`Stack::builder`].
#[must_use]
pub struct Builder {
    device: Box<dyn Device>,
    queues: Vec<Box<dyn Device>>,
    host: HostConfig,
    mtu: Option<usize>,
    path: Option<Box<dyn Path>>,
    recorder: Option<Box<dyn Recorder>>,
    secret: Option<[u8; 32]>,
    busy_poll: Duration,
    invalid: Option<String>,
}

impl Builder {
    pub(super) fn new(device: Box<dyn Device>) -> Self {
        Self {
            device,
            queues: Vec::new(),
            host: HostConfig::new([]),
            mtu: None,
            path: None,
            recorder: None,
            secret: None,
            busy_poll: Duration::ZERO,
            invalid: None,
        }
    }

    /// The other queues of the device, like those of [`Tun`](synfin_device::tun::Tun)'s
    /// [`build_queues`](synfin_device::tun::Builder::build_queues): one shard for each. A shard is a host with a lock and a
    /// driver of its own, so that each may have a processor. A connection is one shard's; which it is, the kernel decides
    /// for those that come in, and for those that go out the stack. [`Limits`](crate::Limits) are those of each shard.
    ///
    /// Sockets for UDP are on the first shard, echo requests are answered there, and TCP in IP fragments is not taken.
    ///
    /// ```no_run
    /// use synfin::{Stack, tun::Tun};
    ///
    /// let mut queues = Tun::builder().name("synfin0").build_queues(2)?;
    /// let first = queues.remove(0);
    /// let stack = Stack::builder(first).queues(queues).address("10.0.0.2/24").spawn_thread()?;
    /// assert_eq!(stack.shards(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn queues(mut self, others: impl IntoIterator<Item = impl Device + 'static>) -> Self {
        self.queues.extend(others.into_iter().map(|queue| Box::new(queue) as Box<dyn Device>));
        self
    }

    /// An address of the host's, with the length of the prefix that is on its link: `"10.0.0.2/24"`.
    /// [`Builder::spawn`] refuses what is none.
    pub fn address(mut self, address: &str) -> Self {
        match parse_address(address) {
            Some(address) => self.host.addresses.push(address),
            None => self.invalid = Some(address.to_owned()),
        }
        self
    }

    /// Addresses of the host's, each with the length of the prefix that is on its link.
    pub fn addresses(mut self, addresses: impl IntoIterator<Item = (IpAddr, u8)>) -> Self {
        self.host.addresses.extend(addresses);
        self
    }

    /// The host's own address on an Ethernet: for a TAP any that is nobody else's there, for an
    /// [`Xdp`](synfin_device::xdp::Xdp) the interface's. Default: none, for a TUN.
    pub fn mac_address(mut self, address: [u8; 6]) -> Self {
        self.host.medium = synfin_host::Medium::Ethernet(MacAddress(address));
        self
    }

    /// Over Ethernet: whom to hand packets for what is on no link of the host's; one of each family counts.
    pub fn gateway(mut self, gateway: IpAddr) -> Self {
        self.host.gateways.push(gateway);
        self
    }

    /// All settings of the host in place of those made so far. MTU and offload are the device's all the
    /// same, unless [`Builder::mtu`] says otherwise.
    pub fn host(mut self, host: HostConfig) -> Self {
        self.host = host;
        self
    }

    /// The largest IP datagram, octets. Default: the device's.
    pub fn mtu(mut self, mtu: usize) -> Self {
        self.mtu = Some(mtu);
        self
    }

    /// Answer for every unicast address, with [`Stack::forwarder`] and its likes to decide. Default: no.
    pub fn any_address(mut self, any_address: bool) -> Self {
        self.host.any_address = any_address;
        self
    }

    /// The settings of connections.
    pub fn tcp(mut self, tcp: Config) -> Self {
        self.host.tcp = tcp;
        self
    }

    /// Text in SYNs (RFC 7413). Default: as a client where [`TcpStream::start_with`](crate::net::TcpStream::start_with)
    /// asks for it; as a server not at all.
    pub fn fast_open(mut self, fast_open: FastOpenConfig) -> Self {
        self.host.fast_open = fast_open;
        self
    }

    /// Takes every packet down.
    pub fn recorder(mut self, recorder: impl Recorder + 'static) -> Self {
        self.recorder = Some(Box::new(recorder));
        self
    }

    /// Sends every packet through a path. Offload is off then; without a path, a device that has none gets a
    /// [`SoftwareOffload`].
    pub fn path(mut self, path: impl Path + 'static) -> Self {
        self.path = Some(Box::new(path));
        self
    }

    /// What the host's initial sequence numbers, ports and keys come from. Default: the system's source of
    /// randomness. A secret that somebody knows lets him forge segments: for tests.
    pub fn secret(mut self, secret: [u8; 32]) -> Self {
        self.secret = Some(secret);
        self
    }

    /// How long the driver goes on looking for packets before it sleeps, as long as that pays: the last two came within
    /// twice as long, and there are two streams at most. It saves the time that waking takes, tens of microseconds, and
    /// costs a processor's; tasks of the same runtime and threads on the same processor go first. Default: zero, it sleeps
    /// at once.
    pub fn busy_poll(mut self, limit: Duration) -> Self {
        self.busy_poll = limit;
        self
    }

    /// Makes the stack with a thread of its own to drive it, for [`blocking`](crate::blocking) sockets; with
    /// several shards, one for each. The threads end with the stack.
    ///
    /// # Errors
    /// As [`Builder::spawn`]; what the system says when it has no thread left.
    pub fn spawn_thread(self) -> io::Result<Stack> {
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        let runtimes = (0..=self.queues.len()).map(|_| runtime()).collect::<io::Result<Vec<_>>>()?;
        let handles: Vec<Handle> = runtimes.iter().map(|runtime| runtime.handle().clone()).collect();
        let (stack, drivers) = self.make(&handles)?;
        for (runtime, driver) in runtimes.into_iter().zip(drivers) {
            let thread = std::thread::Builder::new().name("synfin".to_owned());
            thread.spawn(move || runtime.block_on(driver))?;
        }
        Ok(stack)
    }

    /// Makes the stack and spawns its driver on the current tokio runtime.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): an address that is none, a medium that is not the
    /// device's, or a device that cannot be waited for. What the system says when it has no descriptor or
    /// no randomness left.
    ///
    /// # Panics
    /// Outside of a tokio runtime with I/O and time enabled.
    pub fn spawn(self) -> io::Result<Stack> {
        self.spawn_on(&[Handle::current()])
    }

    /// Makes the stack and spawns the driver of each shard on one of these runtimes, on each in turn. A thread for each
    /// shard that also runs the tasks of its connections, see
    /// [`TcpListener::by_shard`](crate::net::TcpListener::by_shard), has no need to wake another.
    ///
    /// # Errors
    /// As [`Builder::spawn`]; without a runtime.
    ///
    /// # Panics
    /// When a runtime has no I/O or time enabled.
    pub fn spawn_on(self, runtimes: &[Handle]) -> io::Result<Stack> {
        if runtimes.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no runtime to drive the stack"));
        }
        let (stack, drivers) = self.make(runtimes)?;
        for (runtime, driver) in runtimes.iter().cycle().zip(drivers) {
            runtime.spawn(driver);
        }
        Ok(stack)
    }

    /// The drivers, each made within one of these runtimes, which are taken in turn.
    fn make(mut self, runtimes: &[Handle]) -> io::Result<(Stack, Vec<Driver>)> {
        if let Some(address) = self.invalid {
            return Err(invalid(format!("\"{address}\" is no address with a prefix, like 10.0.0.2/24")));
        }
        let capabilities = self.device.capabilities();
        if medium_of(&self.host) != capabilities.medium {
            let advice = "Builder::mac_address is for those whose medium is Ethernet";
            return Err(invalid(format!("the device's medium is {:?}: {advice}", capabilities.medium)));
        }
        if !self.queues.is_empty() {
            self.check_queues(&capabilities)?;
        }
        let mut config = self.host;
        config.mtu = self.mtu.map_or(capabilities.mtu, |mtu| mtu.min(capabilities.mtu));
        let mut devices: Vec<_> = std::iter::once(self.device).chain(self.queues).collect();
        // A path shows single packets.
        config.offload = HostOffload::default();
        if self.path.is_none() {
            devices = devices.into_iter().map(with_super_segments).collect();
            config.offload = offload_of(&devices[0].capabilities());
        }
        let secret = match self.secret {
            Some(secret) => secret,
            None => draw_secret()?,
        };
        let clock = {
            let _context = runtimes[0].enter();
            Clock::start()
        };
        let count = devices.len();
        let opened = Arc::new(OpenedPorts::default());
        let (mut shards, mut descriptors) = (Vec::new(), Vec::new());
        let devices = devices.into_iter().enumerate();
        for ((shard, device), recorder) in devices.zip(recorder::share(self.recorder, count)) {
            descriptors.push(descriptor(&*device)?);
            let mut link = Link::new(device, config.mtu, self.path.take(), recorder, clock);
            // One secret for all, so that numbers and cookies are the same wherever the kernel leads a flow.
            let mut host = Host::new(config.clone(), secret);
            let mut opened_ports = None;
            if count > 1 {
                link = link.steer(Steering::new(shard, count, Arc::clone(&opened)));
                host.set_port_share(PortShare::new(shard, count));
                opened_ports = Some(Arc::clone(&opened));
            }
            let state = State::new(host, link, opened_ports);
            shards.push(Arc::new(Shared::new(clock, state)));
        }
        let shards: Arc<[_]> = shards.into();
        let inboxes: Arc<[_]> = shards.iter().map(|_| Inbox::default()).collect();
        let drive = |((shard, fd), runtime): ((usize, OwnedFd), &Handle)| {
            let _context = runtime.enter();
            let peers = (count > 1).then(|| Peers::new(shard, Arc::clone(&shards), Arc::clone(&inboxes)));
            Driver::new(Arc::clone(&shards[shard]), fd, peers, self.busy_poll)
        };
        let placed = descriptors.into_iter().enumerate().zip(runtimes.iter().cycle());
        let drivers = placed.map(drive).collect::<io::Result<_>>()?;
        Ok((Stack::new(shards), drivers))
    }

    /// What several shards cannot do, and what queues of one device are.
    fn check_queues(&self, first: &Capabilities) -> io::Result<()> {
        if first.medium != synfin_device::Medium::Ip {
            return Err(invalid(
                "several queues need a device without link addresses: a TUN, not a TAP".to_owned(),
            ));
        }
        if self.path.is_some() {
            return Err(invalid("several queues cannot share a path: give the stack one queue".to_owned()));
        }
        if self.queues.len() >= MAX_SHARDS {
            return Err(invalid(format!("more than {MAX_SHARDS} queues, which no device of the kernel has")));
        }
        if self.queues.iter().any(|queue| queue.capabilities() != *first) {
            return Err(invalid(
                "the queues are not those of one device: they can do different things".to_owned(),
            ));
        }
        Ok(())
    }
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

/// Another descriptor of the device, to wait for.
fn descriptor(device: &dyn Device) -> io::Result<OwnedFd> {
    let Some(fd) = device.poll_fd() else {
        return Err(invalid("the device has no descriptor to wait for".to_owned()));
    };
    fd.try_clone_to_owned()
}

fn parse_address(text: &str) -> Option<(IpAddr, u8)> {
    let (address, prefix) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let prefix: u8 = prefix.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    (prefix <= longest).then_some((address, prefix))
}

fn medium_of(config: &HostConfig) -> synfin_device::Medium {
    match config.medium {
        synfin_host::Medium::Ip => synfin_device::Medium::Ip,
        synfin_host::Medium::Ethernet(_) => synfin_device::Medium::Ethernet,
    }
}

/// The device itself, or one around it that does in software what it does not.
fn with_super_segments(device: Box<dyn Device>) -> Box<dyn Device> {
    if device.capabilities().segmentation { device } else { Box::new(SoftwareOffload::new(device)) }
}

fn offload_of(capabilities: &Capabilities) -> HostOffload {
    let max_super_segment =
        if capabilities.segmentation { capabilities.max_super_segment - LONGEST_HEADERS } else { 0 };
    HostOffload { checksum: capabilities.checksum, max_super_segment, repeats_cwr: false }
}

fn draw_secret() -> io::Result<[u8; 32]> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(secret)
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("host", &self.host).finish_non_exhaustive()
    }
}
