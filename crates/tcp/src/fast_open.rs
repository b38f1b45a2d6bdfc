//! Fast Open, as far as one connection knows it (RFC 7413): what the host lets an active open try, and what the
//! host learns from it. Cookies are made, checked and remembered by the host.

use alloc::boxed::Box;

use synfin_wire::tcp::MAX_OPTIONS_LEN;
use synfin_wire::{FastOpenOption, Mss};

use crate::compact::compact;
use crate::config::Config;

/// What the SYN of an active open may carry (RFC 7413 section 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FastOpenAttempt {
    /// The cookie, or the request for one; `None` where the peer is known to want neither.
    pub option: Option<FastOpenOption>,
    /// The MSS that the peer announced before, where that is remembered: it bounds the text, as
    /// [`Config::mss`](crate::Config::mss) does.
    pub peer_mss: Option<u16>,
}

impl FastOpenAttempt {
    /// The most text that goes beside the option, octets: none with the request for a cookie, else what a segment
    /// holds with 40 octets of options, for somebody on the path may add some (RFC 9293 section 3.7.1).
    pub(crate) fn max_text(&self, config: &Config) -> usize {
        self.mss(config).map_or(0, |mss| usize::from(mss) - MAX_OPTIONS_LEN)
    }

    /// The MSS that text with the SYN is cut by; `None` where none goes.
    pub(crate) fn mss(&self, config: &Config) -> Option<u16> {
        let asks = self.option.is_some_and(|option| option.cookie.is_request());
        let own = config.own_mss();
        (!asks).then(|| self.peer_mss.map_or(own, |peer| peer.min(own)).max(Mss::FLOOR.octets()))
    }
}

/// What an attempt has taught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FastOpenNews {
    /// A SYN-ACK has come.
    Answered {
        /// The option of our first SYN.
        sent: Option<FastOpenOption>,
        /// It was answered at once: the SYN was not sent again.
        first: bool,
        /// That SYN carried text.
        with_text: bool,
        /// The option of the SYN-ACK.
        received: Option<FastOpenOption>,
        /// The MSS that the peer announced.
        mss: u16,
    },
    /// Nothing comes back any more: something on the path may swallow what Fast Open sends.
    Swallowed,
}

/// What a connection remembers of Fast Open in every phase.
#[derive(Clone, Debug, Default)]
pub(crate) struct FastOpenState {
    /// The SYN of ours was sent with the option or with text.
    pub(crate) used: bool,
    /// The SYN carried text, and its receiver took all of it.
    pub(crate) text_taken: bool,
    /// It was made of the peer's SYN at once.
    pub(crate) passive: bool,
    pub(crate) news: Option<Box<FastOpenNews>>,
}

compact!(FastOpenState { used, text_taken, passive } empty { news });

impl FastOpenState {
    /// The timer has run out `timeouts` times in a row, counting this one; `over` says that the connection is
    /// given up. RFC 7413 section 7.1 leaves it to the client what to make of that: as Linux does, the third time
    /// in a row, or the end, counts against the path.
    pub(crate) fn timed_out(&mut self, timeouts: u8, over: bool) {
        if self.used && (timeouts == 3 || timeouts < 3 && over) {
            self.news = Some(Box::new(FastOpenNews::Swallowed));
        }
    }
}
