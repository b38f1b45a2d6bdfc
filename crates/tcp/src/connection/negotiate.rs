//! What the two SYNs agree on: MSS, window scale, timestamps, SACK (RFC 9293 section 3.7.1, RFC 7323,
//! RFC 2018); what they say of ECN is in [`super::ecn`].

use synfin_wire::tcp::MAX_OPTIONS_LEN;
use synfin_wire::{Mss, TcpOptions, Timestamps, WindowScale, WindowSize};

use super::ecn::EcnHandshake;
use super::half_open::SynAck;
use crate::config::Config;
use crate::receive::memory;

/// Octets that timestamps take in every header, padding included.
const TIMESTAMPS_LEN: u16 = 12;

/// What both ends said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Negotiated {
    /// The effective send MSS: text beside the options that every segment carries (MUST-16).
    pub(crate) send_mss: u16,
    /// What the peer takes in a segment, text and options, octets.
    pub(crate) peer_mss: u16,
    /// What the peer's windows are shifted by.
    pub(crate) send_scale: WindowScale,
    /// What our windows are shifted by.
    pub(crate) receive_scale: WindowScale,
    /// Both SYNs carried a window scale, be it zero.
    pub(crate) scaling: bool,
    pub(crate) timestamps: bool,
    pub(crate) sack: bool,
    /// What the header's bits have said, beside the options.
    pub(crate) ecn: EcnHandshake,
}

/// The options of an active SYN.
pub(crate) fn offer(config: &Config, timestamp: u32) -> TcpOptions {
    TcpOptions {
        mss: Some(config.own_mss()),
        window_scale: config.window_scaling.then(|| own_scale(config).shift()),
        sack_permitted: config.sack,
        timestamps: config.timestamps.then_some(Timestamps { value: timestamp, echo: 0 }),
        order: config.option_order,
        ..TcpOptions::default()
    }
}

/// The options of a SYN-ACK: what the peer's SYN offered and we want as well.
pub(crate) fn answer(config: &Config, negotiated: &Negotiated, this: &SynAck) -> TcpOptions {
    let mut options = TcpOptions {
        mss: Some(config.own_mss()),
        window_scale: negotiated.scaling.then(|| negotiated.receive_scale.shift()),
        sack_permitted: negotiated.sack,
        timestamps: negotiated.timestamps.then_some(this.stamps),
        acc_ecn: negotiated.ecn.syn_ack_option(&config.ecn, this.sends),
        fast_open: this.fast_open,
        order: config.option_order,
        ..TcpOptions::default()
    };
    shorten_acc_ecn(&mut options);
    options
}

/// A long Fast Open cookie may leave room for some of the counters, or none (RFC 9768 section 3.2.3: the last ones
/// may be missing).
fn shorten_acc_ecn(options: &mut TcpOptions) {
    while options.len() > MAX_OPTIONS_LEN
        && let Some(acc_ecn) = &mut options.acc_ecn
    {
        if acc_ecn.counters.pop().is_none() {
            options.acc_ecn = None;
        }
    }
}

/// The window of a SYN, which is never scaled (RFC 7323 section 2.2).
pub(crate) fn syn_window(config: &Config) -> WindowSize {
    WindowSize::new(memory::initial_window(config, config.own_mss().into()).min(u16::MAX.into()))
}

fn own_scale(config: &Config) -> WindowScale {
    WindowScale::for_buffer(memory::largest_window(config) as usize)
}

impl Negotiated {
    /// What follows from our settings and the options of the peer's SYN.
    pub(crate) fn from_peer(config: &Config, peer: &TcpOptions) -> Self {
        let timestamps = config.timestamps && peer.timestamps.is_some();
        let peer_mss = peer.mss.unwrap_or(config.default_peer_mss.octets());
        let whole = peer_mss.min(config.own_mss()).max(Mss::FLOOR.octets());
        let (send_scale, receive_scale) = match peer.window_scale {
            Some(shift) if config.window_scaling => (WindowScale::new(shift), own_scale(config)),
            _ => (WindowScale::NONE, WindowScale::NONE),
        };
        Self {
            send_mss: whole - options_len(timestamps),
            peer_mss,
            send_scale,
            receive_scale,
            scaling: config.window_scaling && peer.window_scale.is_some(),
            timestamps,
            sack: config.sack && peer.sack_permitted,
            ecn: EcnHandshake::default(),
        }
    }

    /// Octets of the options that every segment carries.
    pub(crate) fn options_len(&self) -> u16 {
        options_len(self.timestamps)
    }
}

const fn options_len(timestamps: bool) -> u16 {
    if timestamps { TIMESTAMPS_LEN } else { 0 }
}

#[cfg(test)]
mod tests;
