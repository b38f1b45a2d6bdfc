//! What the two SYNs agree on: MSS, window scale, timestamps, SACK (RFC 9293 section 3.7.1, RFC 7323,
//! RFC 2018); what they say of ECN is in [`super::ecn`].

use synfin_wire::tcp::MAX_OPTIONS_LEN;
use synfin_wire::{FastOpenOption, Mss, TcpOptions, Timestamps, UserTimeout, WindowScale, WindowSize};

use super::ecn::EcnHandshake;
use super::half_open::SynAck;
use super::user_timeout;
use crate::compact::compact;
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
    /// Our windows follow what there is room for, to the left as well.
    pub(crate) window_shrinks: bool,
    /// Both SYNs carried a window scale, be it zero.
    pub(crate) scaling: bool,
    pub(crate) timestamps: bool,
    /// Octets of options that every header carries for a signature.
    pub(crate) signature_len: u16,
    pub(crate) sack: bool,
    /// REMOTE_UTO: what the peer suggested last, where the option is in use (RFC 5482).
    pub(crate) remote_user_timeout: Option<UserTimeout>,
    /// What the header's bits have said, beside the options.
    pub(crate) ecn: EcnHandshake,
}

compact!(Negotiated {
    send_mss,
    peer_mss,
    send_scale,
    receive_scale,
    window_shrinks,
    scaling,
    timestamps,
    signature_len,
    sack,
    remote_user_timeout,
    ecn
});

/// The options of an active SYN, with Fast Open's where there is room for it.
pub(crate) fn offer(config: &Config, timestamp: u32, fast_open: Option<FastOpenOption>) -> TcpOptions {
    let mut options = TcpOptions {
        mss: Some(config.own_mss()),
        window_scale: config.window_scaling.then(|| own_scale(config).shift()),
        sack_permitted: config.sack,
        timestamps: takes_timestamps(config, config.sack).then_some(Timestamps { value: timestamp, echo: 0 }),
        fast_open,
        order: config.option_order,
        user_timeout: user_timeout::advertised(config),
        ..TcpOptions::default()
    };
    fit(&mut options, config.signature_len());
    options
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
        user_timeout: user_timeout::advertised(config),
        ..TcpOptions::default()
    };
    fit(&mut options, negotiated.signature_len);
    options
}

/// Whether there is room for timestamps in every header: a signature leaves it to them or to SACK ranges, and then SACK
/// goes first, as in Linux.
fn takes_timestamps(config: &Config, sack: bool) -> bool {
    config.timestamps && !(sack && config.signature_len() > 0)
}

/// Leaves out what has no room beside a signature or a long Fast Open cookie: the user timeout, which comes again with
/// the next segment, then the cookie itself, which counts less than a signature, then counters of AccECN (RFC 9768 section 3.2.3: the last ones may be missing).
fn fit(options: &mut TcpOptions, signature_len: u16) {
    let room = MAX_OPTIONS_LEN - usize::from(signature_len);
    if options.len() > room {
        options.user_timeout = None;
    }
    if options.len() > room && signature_len > 0 {
        options.fast_open = None;
    }
    while options.len() > room
        && let Some(acc_ecn) = &mut options.acc_ecn
    {
        if acc_ecn.counters.pop().is_none() {
            options.acc_ecn = None;
        }
    }
}

/// The window of a SYN, which is never scaled (RFC 7323 section 2.2).
pub(crate) fn syn_window(config: &Config) -> WindowSize {
    unscaled(config, config.own_mss().into())
}

/// The window that a SYN-ACK says, as a SYN does: segments of what is agreed on by then.
pub(crate) fn syn_ack_window(config: &Config, negotiated: &Negotiated) -> WindowSize {
    unscaled(config, negotiated.largest_text(config))
}

fn unscaled(config: &Config, mss: u32) -> WindowSize {
    WindowSize::new(memory::initial_window(config, mss).min(u16::MAX.into()))
}

fn own_scale(config: &Config) -> WindowScale {
    WindowScale::for_buffer(memory::largest_window(config) as usize)
}

impl Negotiated {
    /// What follows from our settings and the options of the peer's SYN.
    pub(crate) fn from_peer(config: &Config, peer: &TcpOptions) -> Self {
        let sack = config.sack && peer.sack_permitted;
        let timestamps = peer.timestamps.is_some() && takes_timestamps(config, sack);
        // An MSS of nothing says nothing, as in Linux.
        let peer_mss = peer.mss.filter(|&octets| octets > 0).unwrap_or(config.default_peer_mss.octets());
        let whole = peer_mss.min(config.own_mss()).max(Mss::FLOOR.octets());
        let (send_scale, receive_scale) = match peer.window_scale {
            Some(shift) if config.window_scaling => (WindowScale::new(shift), own_scale(config)),
            _ => (WindowScale::NONE, WindowScale::NONE),
        };
        Self {
            send_mss: whole - fixed_len(timestamps, config.signature_len()),
            peer_mss,
            send_scale,
            receive_scale,
            window_shrinks: config.window_shrinks && receive_scale != WindowScale::NONE,
            scaling: config.window_scaling && peer.window_scale.is_some(),
            timestamps,
            signature_len: config.signature_len(),
            sack,
            remote_user_timeout: peer.user_timeout.filter(|_| config.user_timeout_option.is_some()),
            ecn: EcnHandshake::default(),
        }
    }

    /// From now on every header carries a signature of so many octets, or none.
    pub(crate) fn set_signature_len(&mut self, octets: u16) {
        self.send_mss = self.send_mss + self.signature_len - octets;
        self.signature_len = octets;
    }

    /// What windows are shifted by, the peer's and our own, where both ends scale them.
    pub(crate) fn scales(&self) -> Option<(u8, u8)> {
        self.scaling.then(|| (self.send_scale.shift(), self.receive_scale.shift()))
    }

    /// Octets that timestamps take in every header.
    pub(crate) fn timestamps_len(&self) -> u16 {
        timestamps_len(self.timestamps)
    }

    /// The most text that a segment of the peer's has room for, octets: the MSS that was told it, without timestamps.
    pub(crate) fn largest_text(&self, config: &Config) -> u32 {
        u32::from(config.own_mss()) - u32::from(self.timestamps_len())
    }

    /// Octets of options that every header carries: timestamps, and a signature.
    pub(crate) fn fixed_len(&self) -> u16 {
        fixed_len(self.timestamps, self.signature_len)
    }
}

fn fixed_len(timestamps: bool, signature_len: u16) -> u16 {
    signature_len + timestamps_len(timestamps)
}

fn timestamps_len(timestamps: bool) -> u16 {
    if timestamps { TIMESTAMPS_LEN } else { 0 }
}

#[cfg(test)]
mod tests;
