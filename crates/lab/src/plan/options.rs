//! What a host may be told about itself.

use std::time::Duration;

use super::Planner;
use super::value::Values;
use crate::script::{ScriptError, Word, Words};
use synfin_sim::host::SynCookies;
use synfin_sim::host::tcp::{
    Config, CongestionAlgorithm, EcnConfig, EcnFeedback, KeepAlive, MtuProbing, MtuProbingMode, SlowStartExit,
};

const KNOWN: &str = "there are iss, mss, mtu, congestion, initial-window, sack, timestamps, scaling, nagle, quick-acks, \
    delayed-ack, window, buffer, flight, keepalive, rto, min-rto, syn-linear, syn-patience, patience, user-timeout, time-wait, \
    fin-wait-2, backlog, half-open, cookies, fast-open, loss-probe, ecn, mtu-probing, stack and handshake";

impl Planner<'_> {
    pub(super) fn host_option(
        &mut self,
        index: usize,
        option: &Word,
        words: &mut Words<'_>,
    ) -> Result<(), ScriptError> {
        let values = self.values;
        let value = words.need(&format!("a value for '{}'", option.text))?;
        let host = &mut self.plan.hosts[index];
        let tcp = &mut host.config.tcp;
        let number = |least, most| values.number(value, least, most);
        match option.text.as_str() {
            "iss" => {
                let text = values.text(value)?;
                let numbers: Result<Vec<u32>, _> = text.split(',').map(str::parse).collect();
                let fix = "write one number or several, like 100 or 90,100, each below 2^32";
                host.sequences = numbers.map_err(|_| value.wrong("no sequence numbers", fix))?;
            }
            "mtu" => host.config.mtu = number(576, 65_535)? as usize,
            "mss" => {
                // The host makes its MSS from its MTU.
                let headers = if host.address.is_ipv4() { 40 } else { 60 };
                host.config.mtu = number(536, 65_475)? as usize + headers;
            }
            "congestion" => congestion(tcp, value, values.text(value)?)?,
            "initial-window" => tcp.initial_window_segments = number(1, 1000)? as u16,
            "sack" => tcp.sack = values.is_on(value)?,
            "timestamps" => tcp.timestamps = values.is_on(value)?,
            "scaling" => tcp.window_scaling = values.is_on(value)?,
            "nagle" => tcp.nagle = values.is_on(value)?,
            "window" => tcp.window_clamp = Some(number(1, 1 << 30)? as u32),
            "buffer" => {
                let octets = number(1, 1 << 30)? as usize;
                (tcp.receive_buffer, tcp.receive_buffer_max, tcp.segment_overhead) = (octets, octets, false);
            }
            "flight" => host.flight = Some(number(1, 1 << 30)?),
            "keepalive" => tcp.keep_alive = keep_alive(value, values.text(value)?)?,
            "backlog" => host.backlog = number(1, 100_000)? as usize,
            "half-open" => host.config.limits.half_open = number(1, 100_000)? as usize,
            "loss-probe" => tcp.tail_loss_probe = values.is_on(value)?,
            "fast-open" => {
                let on = values.is_on(value)?;
                host.config.fast_open.client = on;
                host.config.fast_open.server = on;
                host.config.fast_open.every_listener = on;
            }
            "ecn" => {
                let request = if values.is_on(value)? { EcnFeedback::Classic } else { EcnFeedback::Off };
                tcp.ecn = EcnConfig { request, ..EcnConfig::passive() };
            }
            "mtu-probing" => {
                let mode =
                    if values.is_on(value)? { MtuProbingMode::AfterBlackHole } else { MtuProbingMode::Off };
                tcp.mtu_probing = MtuProbing { mode, ..MtuProbing::linux() };
            }
            "cookies" => {
                host.config.syn_cookies = match values.text(value)? {
                    "off" => SynCookies::Off,
                    "when-full" => SynCookies::WhenFull,
                    "always" => SynCookies::Always,
                    _ => return Err(value.wrong("no way of cookies", "write off, when-full or always")),
                }
            }
            "stack" => stack(tcp, value, values.text(value)?)?,
            "handshake" => match values.text(value)? {
                "three-way" => host.is_two_way = false,
                "two-way" => host.is_two_way = true,
                _ => return Err(value.wrong("no handshake", "write three-way or two-way")),
            },
            _ => return timing(tcp, values, option, value),
        }
        Ok(())
    }
}

/// What there is to say about time.
fn timing(tcp: &mut Config, values: &Values, option: &Word, value: &Word) -> Result<(), ScriptError> {
    let number = |least, most| values.number(value, least, most);
    match option.text.as_str() {
        "quick-acks" => tcp.quick_acks = number(0, 255)? as u8,
        "delayed-ack" => tcp.delayed_ack = values.time(value)?.min(Duration::from_millis(499)),
        "rto" => tcp.initial_rto = values.time(value)?,
        "min-rto" => tcp.min_rto = values.time(value)?,
        "syn-linear" => tcp.syn_linear_timeouts = number(0, 20)? as u8,
        "syn-patience" => (tcp.r2_syn, tcp.r2_syn_ack) = (values.time(value)?, values.time(value)?),
        "patience" => tcp.r2 = values.time(value)?,
        "user-timeout" => tcp.user_timeout = Some(values.time(value)?),
        "time-wait" => tcp.msl = values.time(value)? / 2,
        "fin-wait-2" => tcp.fin_wait_2_timeout = values.time(value)?,
        _ => return Err(option.wrong("a host has no such option", KNOWN)),
    }
    Ok(())
}

fn congestion(tcp: &mut Config, value: &Word, name: &str) -> Result<(), ScriptError> {
    let (algorithm, sack) = match name {
        "cubic" => (CongestionAlgorithm::Cubic, true),
        "bbr" => (CongestionAlgorithm::Bbr, true),
        "reno" => (CongestionAlgorithm::Reno, true),
        // RFC 6582: what there is to do without SACK.
        "newreno" => (CongestionAlgorithm::Reno, false),
        // What there was before fast recovery; no other program may ask for it.
        "tahoe" => (CongestionAlgorithm::Tahoe, false),
        _ => {
            return Err(value.wrong("no congestion control", "write tahoe, newreno, reno, cubic or bbr"));
        }
    };
    tcp.congestion = algorithm;
    tcp.sack = sack;
    // A lesson on slow start ends it by a loss, or at the threshold.
    tcp.slow_start_exit = SlowStartExit::Loss;
    Ok(())
}

/// `off`, `linux`, `bsd`, or `IDLE/INTERVAL/PROBES`
fn keep_alive(value: &Word, text: &str) -> Result<Option<KeepAlive>, ScriptError> {
    let fix = "write off, linux, bsd, or three parts like 10s/2s/3: quiet time, time between probes, probes";
    let off = || value.wrong("no keep-alive", fix);
    let hours = Duration::from_secs(7200);
    let interval = Duration::from_secs(75);
    Ok(match text {
        "off" => None,
        "linux" => Some(KeepAlive { idle: hours, interval, probes: 9 }),
        "bsd" => Some(KeepAlive { idle: hours, interval, probes: 10 }),
        other => {
            let parts: Vec<&str> = other.split('/').collect();
            let [idle, interval, probes] = parts[..] else { return Err(off()) };
            let time = |text| synfin_sim::units::parse_duration(text).map_err(|_| off());
            let probes: u8 = probes.parse().map_err(|_| off())?;
            if probes == 0 {
                return Err(off());
            }
            Some(KeepAlive { idle: time(idle)?, interval: time(interval)?, probes })
        }
    })
}

/// `linux`, `freebsd`, or `rfc`: as the RFCs recommend where Linux differs.
fn stack(tcp: &mut Config, value: &Word, text: &str) -> Result<(), ScriptError> {
    *tcp = match text {
        "linux" => Config::linux(),
        "freebsd" => Config::freebsd(),
        "rfc" => Config {
            syn_linear_timeouts: 0,
            quick_acks: 0,
            min_rto: Duration::from_secs(1),
            msl: Duration::from_secs(120),
            tail_loss_probe: false,
            ..Config::linux()
        },
        _ => return Err(value.wrong("no stack", "write linux, freebsd or rfc")),
    };
    Ok(())
}
