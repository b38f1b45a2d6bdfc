//! What is believed of a path: how it reorders, and what it takes.

use core::time::Duration;

use synfin_wire::Mss;

use crate::compact::compact;

/// What RACK takes a network's reordering for (RFC 8985 section 6.2). The default is [`ReorderingConfig::standard`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReorderingConfig {
    /// How many segments it is taken to span at first: DupThresh (RFC 5681 section 3.2).
    pub span: u32,
    /// How many it is believed to span at the most.
    pub max_span: u32,
    /// The reordering window grows when what was sent again turns out to have arrived twice (step 4).
    pub adapts: bool,
    /// As long as no reordering was seen, there is no such window once SACK has reported DupThresh segments (step 4).
    pub counts_duplicates: bool,
}

compact!(ReorderingConfig { span, max_span, adapts, counts_duplicates });

impl ReorderingConfig {
    /// What the RFCs say, and at most the 300 segments that Linux believes.
    #[must_use]
    pub const fn standard() -> Self {
        Self { span: 3, max_span: 300, adapts: true, counts_duplicates: true }
    }
}

impl Default for ReorderingConfig {
    fn default() -> Self {
        Self::standard()
    }
}

/// Packetization-layer path MTU discovery (RFC 4821): now and then a larger segment goes out, of new data, and whether
/// that arrives tells whether the path takes such. It needs no word from routers, which RFC 1191 and RFC 8201 do.
///
/// The default is [`MtuProbing::linux`]: off.
///
/// ```
/// use synfin_tcp::{Config, MtuProbing, MtuProbingMode};
/// let mtu_probing = MtuProbing { mode: MtuProbingMode::AfterBlackHole, ..MtuProbing::linux() };
/// let config = Config { mtu_probing, ..Config::default() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MtuProbing {
    /// When the search is on.
    pub mode: MtuProbingMode,
    /// The text of a segment that nearly every path takes, octets, where the search begins (RFC 4821 section 7.2
    /// recommends 1024), and the most that is left of a segment when a black hole was detected. More than both ends
    /// take counts as that.
    pub base_mss: Mss,
    /// The least text of a segment that black hole detection comes down to, octets. Less than [`Mss::FLOOR`] counts as
    /// that, and so for `least_mss`.
    pub floor: Mss,
    /// The least size of a segment, text and options, that is ever sent because of a path, octets: a router that asks
    /// for less is not believed (RFC 9293 section 3.7.2).
    pub least_mss: Mss,
    /// How long what was found stands before a larger segment is tried again (RFC 4821 section 7.3: 10 minutes).
    pub interval: Duration,
    /// The search ends when what passes and what does not are less than so many octets apart.
    pub threshold: u16,
}

impl MtuProbing {
    /// Off; from 1024 octets, never under 48, to within 8 octets, again after 10 minutes.
    #[must_use]
    pub const fn linux() -> Self {
        Self {
            mode: MtuProbingMode::Off,
            base_mss: Mss::new(1024),
            floor: Mss::new(48),
            least_mss: Mss::new(48),
            interval: Duration::from_secs(600),
            threshold: 8,
        }
    }
}

impl Default for MtuProbing {
    /// [`MtuProbing::linux`].
    fn default() -> Self {
        Self::linux()
    }
}

/// When a connection searches for the largest segment that its path takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MtuProbingMode {
    /// Never: routers tell of a narrow path, or nobody does.
    #[default]
    Off,
    /// Once timeouts have shown that large segments may vanish (RFC 4821 section 7.7).
    AfterBlackHole,
    /// From the start. Who opens actively begins with [`MtuProbing::base_mss`]; who opens passively with what both ends
    /// take, as in Linux, until the first probe has arrived.
    Always,
}
