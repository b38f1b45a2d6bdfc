//! The flags at a script's head, and what they make of the host.

use std::net::{IpAddr, SocketAddr};

use synfin_host::{Host, HostConfig};
use synfin_wire::Mss;

use self::flags::{value, within};
use super::START;
use crate::ast::{Body, Command, Flag, Packet, Script};
use crate::form::Form;
use crate::packet::compare::StampRule;
use crate::shell;
use crate::sockets::{Kernel, syn_patience};
use crate::sysctl::{self, Unheeded};
use crate::verdict::Failure;

mod flags;

/// What a script is run with.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) form: Form,
    pub(crate) host: HostConfig,
    pub(crate) local: IpAddr,
    pub(crate) remote: IpAddr,
    pub(crate) local_port: u16,
    pub(crate) remote_port: u16,
    pub(crate) prepare: Option<Command>,
    pub(crate) unheeded: Unheeded,
    /// The status that the first command has ended with.
    pub(crate) prepare_status: u8,
    /// The host has every address.
    pub(crate) is_any_ip: bool,
    /// The script is read, and not run.
    pub(crate) is_dry: bool,
    /// A packet that is not as expected is told, and no more.
    pub(crate) forgives_packets: bool,
    /// Every segment is compared by itself.
    pub(crate) strict_segments: bool,
    /// A timestamp may be echoed that the host has not sent.
    pub(crate) echo_scaled: bool,
    /// What is longer comes as if a device had put it together from segments of so much text, octets.
    mss: Option<u16>,
    tolerance_micros: u64,
    tolerance_percent: f64,
    tick_micros: u64,
}

/// The ports that stock packetdrill uses.
const PORT: u16 = 8080;
/// How late or early a thing may be, microseconds; and how much of the wait before it.
const TOLERANCE: (u64, f64) = (4_000, 12.5);

/// TCP text of one super-segment, octets: with headers it still has a length that IP can say.
const LARGEST_SUPER_SEGMENT: usize = 65_000;

impl Setup {
    pub(crate) fn new(script: &Script, form: Option<Form>) -> Result<Self, Failure> {
        let named = script.flags.iter().rfind(|flag| flag.name == "ip_version");
        let named = named.map(value::<Form>).transpose()?;
        let form = form.or(named).unwrap_or(Form::V4);
        let mut setup = Self {
            form,
            host: HostConfig::new([]),
            local: form.local(),
            remote: form.remote(),
            local_port: PORT,
            remote_port: PORT,
            prepare: script.prepare.clone(),
            unheeded: Unheeded::new(),
            prepare_status: 0,
            is_any_ip: false,
            is_dry: false,
            forgives_packets: false,
            strict_segments: false,
            echo_scaled: false,
            mss: None,
            tolerance_micros: TOLERANCE.0,
            tolerance_percent: TOLERANCE.1,
            tick_micros: 0,
        };
        setup.host.mtu = form.mtu();
        // Linux hands its device super-segments, and scripts are written for them.
        setup.host.offload.max_super_segment = LARGEST_SUPER_SEGMENT;
        setup.host.offload.repeats_cwr = true;
        // Linux's tcp_syn_retries, tcp_synack_retries and tcp_rfc1337, which count and name what is a time and a flag here.
        let initial = setup.host.tcp.initial_rto;
        (setup.host.tcp.r2_syn, setup.host.tcp.r2_syn_ack) =
            (syn_patience(initial, 6), syn_patience(initial, 5));
        setup.host.tcp.reset_ends_time_wait = true;
        // And its tcp_rmem and tcp_wmem, from which windows and their scale follow.
        (setup.host.tcp.receive_buffer, setup.host.tcp.receive_buffer_max) = (131_072, 32 << 20);
        (setup.host.tcp.send_buffer, setup.host.tcp.send_buffer_max) = (16_384, 4 << 20);
        for flag in &script.flags {
            setup.flag(flag)?;
        }
        setup.host.addresses = vec![(setup.local, if form.is_v4() { 16 } else { 48 })];
        setup.host.tcp.default_peer_mss = if form.is_v4() { Mss::DEFAULT_V4 } else { Mss::DEFAULT_V6 };
        setup.host.tcp.patience_from_retransmission = true;
        (setup.host.tcp.defer_bursts, setup.host.tcp.bounds_inflation) = (true, false);
        let headers = if form.is_v4() { 40 } else { 60 };
        setup.host.tcp.mss = Mss::new(u16::try_from(setup.host.mtu - headers).unwrap_or(u16::MAX));
        Ok(setup)
    }

    fn flag(&mut self, flag: &Flag) -> Result<(), Failure> {
        flags::check(flag)?;
        match flag.name.as_str() {
            "tolerance_usecs" => self.tolerance_micros = within(flag, 1..=u64::MAX)?,
            "tolerance_percent" => self.tolerance_percent = within(flag, 0.0..=100.0)?,
            "tcp_ts_tick_usecs" => self.tick_micros = within(flag, 0..=1_000_000)?,
            "tcp_ts_ecr_scaled" => self.echo_scaled = true,
            "strict_segments" => self.strict_segments = true,
            "mtu" => self.host.mtu = value::<u16>(flag)?.clamp(576, u16::MAX).into(),
            "bind_port" => self.local_port = within(flag, 1..=u16::MAX)?,
            "connect_port" => self.remote_port = within(flag, 1..=u16::MAX)?,
            // An address of the other family is for the other form of the script.
            "local_ip" => self.local = family(self.local, value(flag)?),
            "remote_ip" => self.remote = family(self.remote, value(flag)?),
            // What has no meaning without a device and a kernel, or was seen to already.
            "mss" => self.mss = Some(within(flag, 1..=u16::MAX)?),
            "is_anyip" => self.is_any_ip = true,
            "dry_run" => self.is_dry = true,
            "non_fatal" => {
                let kinds: String = value(flag)?;
                self.forgives_packets |= kinds.split([',', ' ']).any(|kind| kind == "packet");
            }
            "ip_version" | "define" | "gateway_ip" | "netmask_ip" | "speed" | "init_scripts" | "verbose"
            | "send_omit_free" | "debug" | "code_command" | "code_format" | "code_sockopt" => {}
            _ => return Err(Failure::new(flag.at, format!("`--{}` is no flag", flag.name))),
        }
        Ok(())
    }

    /// The host, set up as the script's first command asks, and the process that runs on it.
    pub(crate) fn kernel(&mut self) -> Kernel {
        let mut settings = sysctl::Settings::of(&self.host);
        if let Some(command) = &self.prepare {
            let ending = shell::run(&command.text, &mut settings);
            (self.unheeded, self.prepare_status) = (ending.unheeded, ending.status);
            self.host.tcp = settings.tcp.clone();
            self.host.fast_open = settings.fast_open.clone();
            self.host.syn_cookies = settings.syn_cookies;
            self.host.offload = settings.offload;
            self.host.challenges_per_second = settings.challenges_per_second;
        }
        let host = Host::new(self.host.clone(), [0x5f; 32]);
        let mut kernel = Kernel::new(host, START, self.local_port, self.peer(), settings);
        kernel.is_v6 = self.form != Form::V4;
        for what in &self.unheeded {
            kernel.unheed(what.as_str());
        }
        kernel
    }

    /// Where `connect(fd, ..., ...)` goes.
    pub(crate) fn peer(&self) -> SocketAddr {
        SocketAddr::new(self.remote, self.remote_port)
    }

    /// The segments that a device would have put a packet together from.
    pub(crate) fn put_together(&self, packet: &Packet) -> Option<u16> {
        let Body::Tcp(tcp) = &packet.body else { return None };
        self.mss.filter(|mss| tcp.payload > *mss)
    }

    /// A packet that is another than expected, or comes at another time, ends nothing with `--non_fatal=packet`.
    pub(crate) fn forgives(&self, failure: &Failure) -> bool {
        self.forgives_packets && failure.found.is_some()
    }

    /// How far off something may be that comes `gap` after what went before; both in microseconds.
    pub(crate) fn tolerance(&self, gap: u64) -> u64 {
        self.tolerance_micros.max((gap as f64 * self.tolerance_percent / 100.0) as u64)
    }

    /// How exactly the timestamps of a packet are compared that is due `at` microseconds.
    pub(crate) fn stamps(&self, at: u64) -> StampRule {
        StampRule { tick: self.tick_micros, tolerance: self.tolerance(at) }
    }
}

fn family(ours: IpAddr, named: IpAddr) -> IpAddr {
    if named.is_ipv4() == ours.is_ipv4() { named } else { ours }
}
