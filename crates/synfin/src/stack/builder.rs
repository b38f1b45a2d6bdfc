//! How a stack is made.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use synfin_device::{Capabilities, Device};
use synfin_host::{FastOpenConfig, Host, HostConfig, HostOffload};

use super::Stack;
use crate::Config;
use crate::driver::{Clock, Driver, Link, Shared, State};
use crate::path::Path;
use crate::recorder::Recorder;

/// IPv6 and TCP headers with all options: what a super-segment needs beside its text.
const LONGEST_HEADERS: usize = 100;

/// The settings of a stack. See [`Stack::builder`].
#[must_use]
pub struct Builder {
    device: Box<dyn Device>,
    host: HostConfig,
    mtu: Option<usize>,
    path: Option<Box<dyn Path>>,
    recorder: Option<Box<dyn Recorder>>,
    secret: Option<[u8; 32]>,
    invalid: Option<String>,
}

impl Builder {
    pub(super) fn new(device: Box<dyn Device>) -> Self {
        Self {
            device,
            host: HostConfig::new([]),
            mtu: None,
            path: None,
            recorder: None,
            secret: None,
            invalid: None,
        }
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

    /// Sends every packet through a path. Offload is off then.
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

    /// Makes the stack with a thread of its own to drive it, for [`blocking`](crate::blocking) sockets. The
    /// thread ends with the stack.
    ///
    /// # Errors
    /// As [`Builder::spawn`]; what the system says when it has no thread left.
    pub fn spawn_thread(self) -> io::Result<Stack> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let (stack, driver) = {
            let _context = runtime.enter();
            self.make()?
        };
        let thread = std::thread::Builder::new().name("synfin".to_owned());
        thread.spawn(move || runtime.block_on(driver))?;
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
        let (stack, driver) = self.make()?;
        tokio::spawn(driver);
        Ok(stack)
    }

    fn make(self) -> io::Result<(Stack, Driver)> {
        let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidInput, what);
        if let Some(address) = self.invalid {
            return Err(invalid(format!("\"{address}\" is no address with a prefix, like 10.0.0.2/24")));
        }
        let capabilities = self.device.capabilities();
        let mut config = self.host;
        if medium_of(&config) != capabilities.medium {
            return Err(invalid(format!("the device's medium is {:?}", capabilities.medium)));
        }
        config.mtu = self.mtu.map_or(capabilities.mtu, |mtu| mtu.min(capabilities.mtu));
        config.offload = if self.path.is_some() { HostOffload::default() } else { offload_of(&capabilities) };
        let Some(fd) = self.device.poll_fd() else {
            return Err(invalid("the device has no descriptor to wait for".to_owned()));
        };
        let fd = fd.try_clone_to_owned()?;
        let secret = match self.secret {
            Some(secret) => secret,
            None => draw_secret()?,
        };
        let clock = Clock::start();
        let mtu = config.mtu;
        let link = Link::new(self.device, mtu, self.path, self.recorder, clock);
        let shared = Arc::new(Shared::new(clock, State::new(Host::new(config, secret), link)));
        let driver = Driver::new(Arc::clone(&shared), fd)?;
        Ok((Stack::new(shared), driver))
    }
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
